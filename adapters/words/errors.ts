/**
 * What each code says: the sentence, its cause and its remedy. docs/errors.md is made from this table. Two causes never
 * share a sentence. No text of a person, no part of a room code (but the listed word that was probably meant) and no key
 * may be passed to it; what comes from outside has been neutralised before (describe.ts).
 */
import type { Code, Detail } from '../../core/errors.js';
import { MESSAGE_LIMIT } from '../../core/protocol/text.js';
import type { CodeRule } from '../../core/room/code.js';
import { CODE_LIMIT } from '../../core/room/invite.js';

export interface Message {
  /** One sentence, or two, for this occurrence. */
  readonly sentence: (detail: Detail) => string;
  /** For the table: when this happens. */
  readonly cause: string;
  /** What the person can do; shown behind the sentence. Empty where nothing is to be done. */
  readonly remedy: string;
}

const RULES: Readonly<Record<CodeRule, string>> = {
  empty: 'it is empty',
  'too-long': `it is longer than ${String(CODE_LIMIT)} bytes`,
  'not-utf8': 'it is not UTF-8 text',
  'control-character': 'it holds a control character',
  'nameplate-length': 'the part before the first dash needs 3 to 64 characters',
  'nameplate-characters': 'the part before the first dash may hold only A-Z, a-z, 0-9 and _',
  'secret-empty': 'nothing stands behind the dash',
  'link-no-code': 'the invitation link ends before the code; everything behind the # belongs to it',
  'link-characters': 'the invitation link holds a blank or another character that a link cannot hold',
  'link-host': 'the invitation link names no host that a relay can have',
  'link-port': 'the port in the invitation link is not one from 1 to 65535',
  'link-parameter': 'the invitation link holds a setting that this version does not know, or one twice',
  'link-pin': 'the certificate pin in the invitation link is damaged',
  'link-percent': 'the invitation link holds a % that two hexadecimal digits do not follow',
};

const INPUTS: Readonly<Record<string, string>> = {
  code: 'The input ended before a room code was read.',
  passphrase: 'The input ended at the question for the passphrase.',
  peer: 'The input ended before a peer was there, and nothing was given to send.',
  words: 'The input ended before the safety words were compared.',
};

const isRule = (rule: unknown): rule is CodeRule => typeof rule === 'string' && Object.hasOwn(RULES, rule);
/** ` before (value) behind`, or nothing when there is no such detail. */
const given = (before: string, value: string | number | undefined, behind = ''): string =>
  value === undefined || value === '' ? '' : `${before}${String(value)}${behind}`;
const messages = (count: string | number): string => (count === 1 ? '1 message' : `${String(count)} messages`);
const undelivered = (count: string | number | undefined): string =>
  count === undefined || count === 0 ? '' : ` ${messages(count)} of yours had not arrived.`;
const wait = ({ seconds }: Detail): string => given(' It asks to wait ', seconds, ' s.');
const always = (sentence: string) => (): string => sentence;

export const MESSAGES: Readonly<Record<Code, Message>> = {
  'SC-101': {
    sentence: ({ relay, why }) =>
      `${relay === undefined ? 'Nobody answers' : `No relay answers at ${String(relay)}`}${given(' (', why, ')')}.`,
    cause: 'The relay cannot be reached: no such host, connection refused, TLS failure or time-out.',
    remedy: 'Is it running, and is the address right? A relay is started with: securechat-relay-ws',
  },
  'SC-102': {
    sentence: always('The relay refused the request as malformed.'),
    cause: 'The relay answered `bad-request`.',
    remedy: 'The two programs probably differ in version: update both.',
  },
  'SC-103': {
    sentence: (detail) => `The relay allows no more joins from this address for now.${wait(detail)}`,
    cause: 'The relay answered `rate-limited`.',
    remedy: 'Wait a minute, then try again.',
  },
  'SC-104': {
    sentence: (detail) => `The relay is too busy to take this room.${wait(detail)}`,
    cause: 'The relay answered `busy`.',
    remedy: 'Try again later, or use another relay with --relay.',
  },
  'SC-105': {
    sentence: (detail) => `The relay is shutting down.${wait(detail)}`,
    cause: 'The relay answered `shutting-down`.',
    remedy: 'Try again when it is back, or use another relay with --relay.',
  },
  'SC-106': {
    sentence: always('The relay does not speak this version of the relay protocol.'),
    cause: 'The relay answered `unsupported-version`.',
    remedy: 'Update the older of the two programs.',
  },
  'SC-107': {
    sentence: ({ relay, why }) =>
      relay === undefined
        ? `What answers is no securechat that waits for this code${given(' (', why, ')')}.`
        : `What answers at ${String(relay)} does not speak like a securechat relay${given(' (', why, ')')}.`,
    cause: 'Something else answers at this address, or the relay sent what is not in the protocol.',
    remedy: 'Check the address.',
  },
  'SC-108': {
    sentence: ({ relay, why }) =>
      `The connection${relay === undefined ? '' : ' to the relay'} ended before a chat was established${given(' (', why, ')')}.`,
    cause: 'The relay, or something on the way to it, closed the connection before the keys were agreed on.',
    remedy: 'Check the network, then try again with a new code.',
  },
  'SC-109': {
    sentence: ({ address, why }) => `The relay address${given(' "', address, '"')} cannot be used${given(': ', why)}.`,
    cause: 'The value of --relay, or the relay in an invitation link, is not a usable address.',
    remedy: 'Give one like wss://relay.example or ws://127.0.0.1:8765.',
  },
  'SC-110': {
    sentence: ({ host }) =>
      `Plain ws:// to${given(' ', host)}${host === undefined ? ' another machine' : ''} is refused.`,
    cause: 'An unencrypted relay address that is neither this machine nor an onion service.',
    remedy: 'Use wss://, or add --insecure-relay if everybody on the way may see who talks to whom and when.',
  },
  'SC-111': {
    sentence: ({ host, port, why }) =>
      why === 'occupied'
        ? `Something that is not a securechat relay listens on ${String(host)}:${String(port)}.`
        : `A relay could not be started${given(' on ', host)}${given(':', port)}${given(' (', why, ')')}.`,
    cause: 'No --relay was given and none can run at the default place on this machine.',
    remedy: 'Free that port, or name a relay with --relay.',
  },
  'SC-112': {
    sentence: always('The relay refused a frame as too large.'),
    cause: 'The relay answered `too-large`: its limits are lower than the protocol needs.',
    remedy: 'Use another relay, or ask its operator to restore the default limits.',
  },
  'SC-201': {
    sentence: ({ name, why }) => `The cryptography${given(' "', name, '"')} could not be started${given(': ', why)}.`,
    cause: 'The chosen crypto adapter did not load.',
    remedy: 'Choose another one with --crypto, or reinstall securechat.',
  },
  'SC-301': {
    sentence: ({ rule }) => `That is not a room code: ${isRule(rule) ? RULES[rule] : 'it is malformed'}.`,
    cause: 'The room code or invitation link is malformed; nothing was sent.',
    remedy: 'A code looks like 482913-tunnel-anchor-mango.',
  },
  'SC-302': {
    sentence: ({ position, nearest }) =>
      `Word ${String(position)} of the code is not in the word list. Did you mean "${String(nearest)}"?`,
    cause: 'A word of a generated code is mistyped; nothing was sent and no attempt was used.',
    remedy: 'Correct the word and try again.',
  },
  'SC-303': {
    sentence: always('Two others are in this room already.'),
    cause: 'The relay answered `room-full`.',
    remedy: 'If one of them should be you, somebody else knows the room name: agree on a new code.',
  },
  'SC-304': {
    sentence: ({ count }) =>
      `The connection to your peer was lost and did not come back; it did not say goodbye.${undelivered(count)}`,
    cause: 'The line was down, at the relay or at the peer, for longer than --resume-timeout.',
    remedy: 'Meet again with a new code.',
  },
  'SC-305': {
    sentence: ({ version }) =>
      `Your peer's program speaks another version of the protocol${given(' (', version, ')')}.`,
    cause: 'The two programs do not speak the same protocol version; an older one is never tried.',
    remedy: 'Update both programs.',
  },
  'SC-306': {
    sentence: ({ count }) =>
      `The chat ended, but ${count === undefined ? 'some of your text' : messages(count)} did not arrive.`,
    cause: 'The chat ended while own text was not acknowledged.',
    remedy: 'Meet again with a new code and send it again.',
  },
  'SC-307': {
    sentence: always('Nobody came, and the relay gave the room up.'),
    cause: 'The relay keeps an empty seat for a limited time only.',
    remedy: 'Make a new code and tell it to your peer.',
  },
  'SC-308': {
    sentence: always('The relay says of every new room name that it is taken.'),
    cause: 'The relay answered `room-taken` to each of several random nameplates.',
    remedy: 'Try again, or use another relay with --relay.',
  },
  'SC-309': {
    sentence: ({ bytes }) =>
      `A message of ${bytes === undefined ? 'that many' : String(bytes)} bytes is too long; it was not sent.`,
    cause: `A message is longer than ${String(MESSAGE_LIMIT)} bytes of UTF-8.`,
    remedy: `Send it in parts of at most ${String(MESSAGE_LIMIT)} bytes.`,
  },
  'SC-310': {
    sentence: ({ what }) => INPUTS[String(what)] ?? 'The input ended while a peer or an answer was still awaited.',
    cause: 'The input ended at a question, before a code was read, or before a peer was there.',
    remedy: 'Keep the input open, or give the answer in it.',
  },
  'SC-311': {
    sentence: always('Interrupted; everything is wiped.'),
    cause: 'Ctrl-C, or a signal.',
    remedy: '',
  },
  'SC-312': {
    sentence: always('That is not possible now.'),
    cause: 'A command that does not fit the state of the session.',
    remedy: 'Wait until the peer is there, or see /help.',
  },
  'SC-313': {
    sentence: ({ why }) => `A line of the input was not understood${given(': ', why)}.`,
    cause: 'A malformed command or line on the input; nothing was sent.',
    remedy: 'Correct that line; the session goes on.',
  },
  'SC-314': {
    sentence: always('Your peer did not finish the key agreement in time; trying again.'),
    cause: 'The handshake took longer than 30 seconds.',
    remedy: '',
  },
  'SC-315': {
    sentence: always('Sending is limited to 5 messages a second; the rest is held and goes out in time.'),
    cause: 'More was typed or pasted than the sending rate allows.',
    remedy: '',
  },
  'SC-316': {
    sentence: always('The peer left; keys wiped, nothing was saved.'),
    cause: 'The peer said goodbye, and all text had arrived.',
    remedy: '',
  },
  'SC-317': {
    sentence: always('You left; keys wiped, nothing was saved.'),
    cause: 'This side said goodbye, and all text had arrived.',
    remedy: '',
  },
  'SC-318': {
    sentence: always('This room name is public: anybody who knows or guesses it can be the peer.'),
    cause: 'The room has no secret.',
    remedy: 'Compare the safety words before you believe who it is.',
  },
  'SC-319': {
    sentence: always("The code stands in your shell's history, and other users can see it in the list of processes."),
    cause: 'A code with a secret was given on the command line.',
    remedy: 'Next time start securechat without it and type it at the prompt, or use --code-stdin.',
  },
  'SC-320': {
    sentence: ({ relay }) =>
      `No relay ran on this machine; one was started inside this program${given(' at ', relay)}.`,
    cause: 'No --relay was given and nothing answered at the default place.',
    remedy: 'It reaches this machine only; for a peer elsewhere name a relay with --relay.',
  },
  'SC-321': {
    sentence: always('Your peer wants to compare the safety words before anything is said.'),
    cause: 'The peer started with --verify.',
    remedy: 'Read them to each other.',
  },
  'SC-322': {
    sentence: ({ count }) => `The peer's program stopped with an error.${undelivered(count)}`,
    cause: 'The peer said goodbye with the reason `error`.',
    remedy: 'Meet again with a new code.',
  },
  'SC-323': {
    sentence: always('The key agreement is disturbed again and again before any key is compared; still trying.'),
    cause: 'Several attempts failed without being counted: damage on the way, or a relay that meddles.',
    remedy: 'If it goes on, use another relay.',
  },
  'SC-324': {
    sentence: always('Whoever is in the room cannot prove that this chat is theirs; still trying.'),
    cause: 'After a reconnect the proofs failed three times: the relay pairs the wrong people, or meddles.',
    remedy: 'If it goes on, leave and meet again on another relay.',
  },
  'SC-325': {
    sentence: ({ relay, why }) =>
      `The relay${given(' ', relay)} does not answer yet${given(' (', why, ')')}; still trying.`,
    cause: 'The line is down, and the first tries to get it back failed.',
    remedy: 'Wait, or check the network; /quit leaves.',
  },
  'SC-326': {
    sentence: always('Nobody was at the keyboard for the idle time; goodbye was said, everything is wiped.'),
    cause: 'No input for as long as --idle-timeout says.',
    remedy: 'Meet again with a new code; a longer --idle-timeout waits longer.',
  },
  'SC-327': {
    sentence: always('Enough is held for now: wait with more until the line is back.'),
    cause: 'A mebibyte of text waits for the line.',
    remedy: 'Wait until the line is back; what was typed is kept.',
  },
  'SC-328': {
    sentence: ({ count }) =>
      `Leaving waits:${undelivered(count)} Leave again to give ${count === 1 ? 'it' : 'them'} up.`,
    cause: 'There is text that did not arrive: the line is down, or the peer does not answer for it.',
    remedy: 'Wait, or leave again.',
  },
  'SC-340': {
    sentence: always('This chat cannot read or write files.'),
    cause: 'A file was to be sent or received, and the program was not given a folder for that.',
    remedy: 'Start it with --files, or use securechat send and securechat receive.',
  },
  'SC-401': {
    sentence: ({ attempts }) =>
      `The codes do not match${attempts === undefined || attempts === 1 ? '' : `, ${String(attempts)} times in a row`}.`,
    cause: 'The two sides have different secrets, or somebody tried to guess; the attempts are used up.',
    remedy: 'Check with your peer that both typed the same, then make a new code; do not type this one again.',
  },
  'SC-402': {
    sentence: ({ attempt, attempts }) =>
      `The codes did not match${given(' (attempt ', attempt)}${given(' of ', attempts)}${given('', attempt && ')')}.`,
    cause: 'One attempt failed: the peer has another code, or somebody tried to guess.',
    remedy: 'Check it with your peer; another attempt is being made.',
  },
  'SC-403': {
    sentence: always('You said that the safety words differ: somebody may be in the middle. Everything is wiped.'),
    cause: 'The person answered that the safety words do not match.',
    remedy: 'Do not use this code or this relay again; agree on a new code another way.',
  },
  'SC-404': {
    sentence: ({ why }) => `The other side broke the protocol${given(': ', why)}. Everything is wiped.`,
    cause: 'A verified frame or a handshake message of the peer is against the protocol.',
    remedy: 'Update both programs. If it happens again, do not trust that peer.',
  },
  'SC-405': {
    sentence: always('Frames are lost, reordered or forged on the way, again and again; they are asked for again.'),
    cause: 'Frames did not verify or were not the next ones, three times: the relay or the network meddles.',
    remedy: 'Nothing wrong is shown. If it goes on, meet again on another relay.',
  },
  'SC-406': {
    sentence: always('The relay shows this program to itself instead of your peer.'),
    cause: 'The relay reflects the own messages.',
    remedy: 'Do not use this relay.',
  },
  'SC-407': {
    sentence: always(
      'Your peer says that the safety words differ: somebody may be in the middle. Everything is wiped.',
    ),
    cause: 'The person at the other side answered that the safety words do not match.',
    remedy: 'Do not use this code or this relay again; talk to your peer another way.',
  },
  'SC-501': {
    sentence: ({ why, where }) =>
      `securechat has a defect${given(': ', why)}${given(' at ', where)}. Everything is wiped.`,
    cause: 'A mistake in this program.',
    remedy: 'Please report this line.',
  },
  'SC-502': {
    sentence: ({ kind, name, known }) => `There is no ${String(kind)} "${String(name)}"; there is: ${String(known)}.`,
    cause: 'The name given with --transport, --crypto or --ui is not known.',
    remedy: 'Choose one of those.',
  },
  'SC-503': {
    sentence: ({ flag, why }) =>
      flag === undefined
        ? `The command line is not understood: ${String(why)}.`
        : `${String(flag)} cannot be used like this: ${String(why)}.`,
    cause: 'A flag, a value or an argument is wrong.',
    remedy: 'See securechat --help.',
  },
  'SC-504': {
    sentence: ({ plugin, why }) => `The plugin "${String(plugin)}" cannot be used: ${String(why)}.`,
    cause: 'A plugin is missing, malformed, made for another version, or clashes with another one.',
    remedy: 'Leave it out, or ask its author for another version.',
  },
  'SC-505': {
    sentence: ({ why }) => `The input or output of the program failed${given(' (', why, ')')}.`,
    cause: 'The terminal was closed, a pipe broke, or a descriptor could not be read.',
    remedy: 'Check where the input comes from and where the output goes.',
  },
  'SC-506': {
    sentence: ({ kind, name, why }) =>
      `The ${kind === undefined ? 'adapter' : String(kind)}${given(' "', name, '"')} failed${given(': ', why)}. Everything is wiped.`,
    cause: 'A transport, crypto or UI broke its contract, or stopped with an error of its own.',
    remedy: 'Choose another one, and tell its author.',
  },
  'SC-507': {
    sentence: ({ plugin, version, path }) =>
      `The plugin${given(' ', plugin)}${given(' ', version)} is loaded${given(' from ', path)}; it may do all that this program may.`,
    cause: 'A plugin was named with --plugin.',
    remedy: '',
  },
  'SC-508': {
    sentence: always('Nothing enforces here that this program writes no file: it was started without its launcher.'),
    cause: 'Its file in dist/ was given to Node directly, or Node runs without its permission model.',
    remedy: 'Start it as securechat; securechat doctor shows what is enforced.',
  },
  'SC-509': {
    sentence: always(
      'Certificates besides those of Node are trusted for the way to the relay: NODE_EXTRA_CA_CERTS is set.',
    ),
    cause: 'The environment says so. Who holds such a certificate can be the relay; the chat stays closed to them.',
    remedy: 'Unset NODE_EXTRA_CA_CERTS if you do not know why it is there.',
  },
  'SC-510': {
    sentence: always('What is said here stays in this terminal after the end.'),
    cause: 'The line UI appends to the terminal, which keeps its lines.',
    remedy: 'Start with --wipe-scrollback, or with --ui rich.',
  },
};
