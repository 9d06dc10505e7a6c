/**
 * Sentences of the session: SC-3xx. No text of a person, no part of a room code (but the listed word that was probably
 * meant) and no key may be passed to them.
 */
import { MESSAGE_LIMIT } from '../../core/limits.js';
import type { CodeRule } from '../../core/room/code.js';
import { CODE_LIMIT } from '../../core/room/invite.js';
import { COMMAND } from './command.js';
import { always, given, type Message, messages, ofAttempts } from './message.js';

const RULES: Readonly<Record<CodeRule, string>> = {
  empty: 'it is empty',
  'too-long': `it is longer than ${String(CODE_LIMIT)} bytes`,
  'not-utf8': 'it is not valid UTF-8',
  'control-character': 'it contains a control character',
  'nameplate-length': 'the part before the first dash must have 3 to 64 characters',
  'nameplate-characters': 'the part before the first dash may contain only A-Z, a-z, 0-9 and _',
  'secret-empty': 'nothing follows the dash',
  'link-no-code': 'the invitation link ends before the code; everything after the # belongs to it',
  'link-characters': 'the invitation link contains a blank or another character that a link cannot contain',
  'link-host': 'the invitation link names no host that a relay can have',
  'link-port': 'the invitation link has an invalid port',
  'link-parameter': 'the invitation link has an unknown setting, or one twice',
  'link-pin': 'the certificate pin in the invitation link is damaged',
  'link-percent': 'the invitation link has a % without two hexadecimal digits after it',
};

const INPUTS: Readonly<Record<string, string>> = {
  code: 'The input ended before a room code was read.',
  secret: 'The input ended before the secret was entered.',
  password: 'The input ended before the password was entered.',
  peer: 'The input ended before your peer joined, and there was nothing to send.',
  words: 'The input ended before the safety words were compared.',
};

const isRule = (rule: unknown): rule is CodeRule => typeof rule === 'string' && Object.hasOwn(RULES, rule);
const undelivered = (count: string | number | undefined): string =>
  count === undefined || count === 0 ? '' : ` ${messages(count)} of yours did not arrive.`;

/** What a relay does that answers, and lets nobody in: by its word for it. */
const REFUSES: Readonly<Record<string, string>> = {
  'shutting-down': 'is shutting down',
  busy: 'is too busy',
  'rate-limited': 'accepts no more joins from your address for now',
};

/** What one does, by what the program was started for: of the peer, and of oneself. */
const DOES: Readonly<Record<string, readonly [peer: string, own: string]>> = {
  chat: ['opened a chat', 'this is a chat'],
  files: ['opened a chat', 'this is a chat'],
  pipe: ['runs a pipe', 'this is a pipe'],
  send: ['is sending files', 'you are sending files'],
  receive: ['is waiting for files', 'you are waiting for files'],
};
/** What goes with it. */
const COUNTERPART: Readonly<Record<string, string>> = {
  pipe: 'pipe',
  send: 'receive',
  receive: 'send FILE...',
};

function unlike(own: string, peer: string): string {
  const [theirs, ours] = [DOES[peer], DOES[own]];
  if (theirs === undefined || ours === undefined) return 'Your peer started a command that does not go with yours.';
  if (own === peer) return `Both of you ${own === 'send' ? 'are sending files' : 'are waiting for files'}.`;
  return `Your peer ${theirs[0]}, and ${ours[1]}.`;
}

/** Whoever chats does what the other one came for. */
function together(own: string, peer: string): string | undefined {
  const chats = COUNTERPART[own] === undefined;
  const command = COUNTERPART[chats ? peer : own];
  if (command === undefined) return undefined;
  const types = own === peer ? 'One of you types: securechat' : 'Your peer types: securechat';
  return `Start again with a new code. ${chats ? `You type: ${COMMAND}` : types} ${command}`;
}

/** `files`: this program may have written some. */
const wiped = (files: string | number | undefined): string =>
  files === undefined ? 'keys wiped, nothing was saved.' : 'keys wiped.';

export const session = () =>
  ({
    'SC-301': {
      sentence: ({ rule }) => `That is not a room code: ${isRule(rule) ? RULES[rule] : 'it is malformed'}.`,
      cause: 'The room code or invitation link is malformed; nothing was sent.',
      remedy: 'A code looks like 482913-tunnel-anchor-mango.',
      hint: ({ rule }) =>
        String(rule).startsWith('link-') ? 'Copy the whole invitation link, or ask for it again.' : undefined,
    },
    'SC-302': {
      sentence: ({ position, nearest }) => `Word ${String(position)}: no such word. Did you mean "${String(nearest)}"?`,
      cause: 'A word of a generated code is mistyped; nothing was sent and no attempt was used.',
      remedy: 'Correct the word and try again.',
    },
    'SC-303': {
      sentence: always('The room is full: two others are already in it.'),
      cause: 'The relay answered `room-full`.',
      remedy: 'If one of them should be you, somebody else knows the code: agree on a new one.',
    },
    'SC-304': {
      sentence: ({ count }) => `Lost the connection to your peer, and it did not come back.${undelivered(count)}`,
      cause: 'The connection, yours or that of your peer, was down for longer than --resume-timeout.',
      remedy: 'Meet again with a new code.',
    },
    'SC-305': {
      sentence: ({ version }) => `Your peer uses another version of the protocol${given(' (', version, ')')}.`,
      cause: 'The two programs do not speak the same protocol version; an older one is never tried.',
      remedy: 'Update both programs.',
    },
    'SC-306': {
      sentence: ({ count }) =>
        `The chat ended, but ${count === undefined ? 'some of your text' : messages(count)} did not arrive.`,
      cause: 'The chat ended while text of yours was not acknowledged.',
      remedy: 'Meet again with a new code and send it again.',
    },
    'SC-307': {
      sentence: always('Nobody joined, and the relay closed the room.'),
      cause: 'The relay keeps an empty seat for a limited time only.',
      remedy: 'Make a new code and tell it to your peer.',
    },
    'SC-308': {
      sentence: always('The relay says that every new room name is taken.'),
      cause: 'The relay answered `room-taken` to each of several random nameplates.',
      remedy: 'Try again, or use another relay with --relay.',
    },
    'SC-309': {
      sentence: ({ bytes }) => {
        if (typeof bytes !== 'number' || bytes <= MESSAGE_LIMIT) return 'Message is too long; it was not sent.';
        const over = bytes - MESSAGE_LIMIT;
        return `Message is ${over === 1 ? '1 byte' : `${String(over)} bytes`} too long; it was not sent.`;
      },
      cause: `A message is longer than ${String(MESSAGE_LIMIT)} bytes of UTF-8.`,
      remedy: `Send it in parts of at most ${String(MESSAGE_LIMIT)} bytes.`,
    },
    'SC-310': {
      sentence: ({ what }) => INPUTS[String(what)] ?? 'The input ended too early.',
      cause: 'The input ended at a question, before a code was read, or before the peer joined.',
      remedy: 'Keep the input open, or provide the answer in it.',
      hint: ({ what }) => (what === 'code' ? 'Write the code into the input, or name it with --code-fd.' : undefined),
    },
    'SC-311': {
      sentence: always('Interrupted; everything is wiped.'),
      cause: 'Ctrl-C, or a signal.',
      remedy: '',
    },
    'SC-312': {
      sentence: always('Not available now.'),
      cause: 'A command that does not fit the state of the chat: the peer has not joined, or the chat is ending.',
      remedy: 'Wait until your peer has joined.',
    },
    'SC-313': {
      sentence: ({ why }) => `Ignored a line of input${given(': ', why)}.`,
      cause: 'A malformed command or line on the input; nothing was sent.',
      remedy: 'Correct that line; the chat goes on.',
    },
    'SC-314': {
      sentence: (detail) => `The key agreement did not finish${ofAttempts(detail)}.`,
      cause: 'Messages of the handshake were lost, or the other side stopped in the middle of it.',
      remedy: 'It is tried again by itself. If it goes on, check both networks, or use another relay.',
    },
    'SC-315': {
      sentence: always('Sending is limited to 5 messages a second; the rest is queued.'),
      cause: 'More was typed or pasted than the sending rate allows.',
      remedy: '',
    },
    'SC-316': {
      sentence: ({ files }) => `Your peer left; ${wiped(files)}`,
      cause: 'The peer said goodbye, and all text had arrived.',
      remedy: '',
    },
    'SC-317': {
      sentence: ({ files, unheard }) =>
        unheard === undefined
          ? `You left; ${wiped(files)}`
          : `You left, but the goodbye could not be sent; ${wiped(files)}`,
      cause: 'You left, and all text had arrived. Without a connection the peer learns of it when it gives up.',
      remedy: '',
    },
    'SC-318': {
      sentence: always('This room name is public: anyone who knows or guesses it can join.'),
      cause: 'The room has no secret.',
      remedy: 'Compare the safety words before you trust who it is.',
    },
    'SC-319': {
      sentence: always('The code is in your shell history, and other users can see it in the list of processes.'),
      cause: 'A code with a secret was given on the command line.',
      remedy: `Next time start ${COMMAND} without it and type the code at the prompt, or use --code-stdin.`,
      hint: ({ input }) => (input === undefined ? undefined : 'Next time use --code-fd or --code-stdin.'),
    },
    'SC-320': {
      sentence: ({ relay }) => `Started a private relay on this machine${given(' (', relay, ')')}.`,
      cause: 'No --relay was given and nothing answered at the default place.',
      remedy: 'For a peer elsewhere, use --relay, --listen or --onion.',
    },
    'SC-321': {
      sentence: ({ unseen }) =>
        unseen === undefined
          ? 'Your peer wants to compare the safety words first.'
          : 'Your peer sees your messages once it has compared the safety words.',
      cause:
        'The peer started with --verify, or neither of you has a secret, and it has not said that the words match.',
      remedy: 'Read them to each other.',
    },
    'SC-322': {
      sentence: ({ count }) => `Your peer's program stopped with an error.${undelivered(count)}`,
      cause: 'The peer said goodbye with the reason `error`.',
      remedy: 'Meet again with a new code.',
    },
    'SC-323': {
      sentence: always('The key agreement keeps failing before any key is compared; still trying.'),
      cause: 'Several attempts failed without being counted: damage on the network, or a relay that interferes.',
      remedy: 'If it goes on, use another relay.',
    },
    'SC-324': {
      sentence: always('Whoever is in the room cannot prove to be your peer; still trying.'),
      cause: 'After a reconnect the proofs failed three times: the relay pairs the wrong people, or interferes.',
      remedy: 'If it goes on, leave and meet again on another relay.',
    },
    'SC-325': {
      sentence: ({ relay, why }) =>
        why === 'room-full'
          ? 'The room is full; still trying.'
          : `The relay${given(' ', relay)} ${REFUSES[String(why)] ?? `does not answer${given(' (', why, ')')}`}; still trying.`,
      cause:
        'The connection is down, and the first attempts to restore it failed, or others have taken both seats meanwhile.',
      remedy: 'Wait, or check your network; /quit leaves.',
    },
    'SC-326': {
      sentence: ({ unheard }) =>
        unheard === undefined
          ? 'Idle for too long: said goodbye and wiped everything.'
          : 'Idle for too long: wiped everything, but the goodbye could not be sent.',
      cause: 'No input for as long as --idle-timeout says.',
      remedy: 'Meet again with a new code, with a longer --idle-timeout if you need one.',
    },
    'SC-327': {
      sentence: always('Send queue full.'),
      cause: 'A mebibyte of text is waiting for the connection.',
      remedy: 'Wait until you are reconnected; what you typed is kept.',
    },
    'SC-328': {
      sentence: ({ count }) => `Delivering ${count === undefined ? 'your messages' : messages(count)} before leaving.`,
      cause: 'Some text has not arrived: the connection is down, or the peer does not acknowledge it.',
      remedy: 'Wait, or leave again to discard what is left.',
    },
    'SC-329': {
      sentence: always(
        'NOT VERIFIED: no new safety words came. Words compared earlier say nothing about the connection now.',
      ),
      cause: 'New safety words were asked for, and none came within 30 seconds.',
      remedy: 'Ask again; if none come, leave and meet with a new code.',
    },
    'SC-330': {
      sentence: always('The keys do not match: your peer may use a secret; still trying.'),
      cause: 'You use no secret and your peer does, or somebody interferes.',
      remedy: 'Ask your peer whether there is a secret, then start again with it.',
    },
    'SC-331': {
      sentence: always('No attempt with this code is left; still waiting for the peer that you first connected to.'),
      cause: 'Somebody tried other codes, or joined and left, before a first message of your peer arrived.',
      remedy: 'If your peer started again, leave and make a new code.',
    },
    'SC-332': {
      sentence: always('Cover is on: 2.6 kB/s each way, half a second for each 1,200 bytes of text.'),
      cause: 'You or your peer started with --cover: the relay sees the same of a chat and of silence.',
      remedy: '',
    },
    'SC-333': {
      sentence: always('Cover is on: no files and no pipe beside it.'),
      cause: 'You or your peer started with --cover, and a stream would show through it.',
      remedy: 'To send files, start both sides without --cover.',
    },
    'SC-334': {
      sentence: always('The key agreement did not finish, and no attempt with this code is left.'),
      cause: 'No proof of the code came: messages were lost, or somebody tried to guess it. Nobody can tell which.',
      remedy: 'Make a new code; do not use this one again. If it happens again, use another relay.',
    },
    'SC-338': {
      sentence: ({ own, peer }) => unlike(String(own), String(peer)),
      cause: 'One side chats, the other one runs send, receive or pipe; or both send, or both receive.',
      remedy: 'Start again with a new code, with commands that go together.',
      hint: ({ own, peer }) => together(String(own), String(peer)),
    },
    'SC-339': {
      sentence: always(
        'Your peer left before the keys were agreed on: its code may differ from yours. Still waiting for it.',
      ),
      cause:
        'The peer went when it had seen the last proof of the code that it may be shown; or its connection broke then.',
      remedy:
        'Check the code with your peer. If its program says that the code is used up, start again with a new one.',
    },
    'SC-370': {
      sentence: always('With --direct your peer sees your addresses, and the network sees that you two talk.'),
      cause: 'Without the relay in between the two machines know each other, and nothing hides sizes and times.',
      remedy: 'Without it only the relay sees your address.',
    },
    'SC-371': {
      sentence: always('This machine is in no local network.'),
      cause: '`--lan` found no interface with an address that others in the same network could reach.',
      remedy: 'Join a Wi-Fi or plug in a cable, or use a relay with --relay.',
    },
    'SC-372': {
      sentence: ({ why }) => `This machine cannot look around in the local network${given(' (', why, ')')}.`,
      cause:
        '`--lan` could not listen to multicast DNS (UDP port 5353): another program keeps the port, or a rule forbids it.',
      remedy: 'End the program that keeps the port, or use --listen on one side and --relay on the other.',
    },
    'SC-373': {
      sentence: always('The local network sees that you use securechat, and when (--lan).'),
      cause: 'Each side announces itself by multicast DNS under a new name each time; the code is not in it.',
      remedy: 'Leave --lan out to meet through a relay.',
    },
    'SC-374': {
      sentence: ({ port, why }) =>
        `Cannot listen on ${port === undefined ? 'the forwarded port' : `port ${String(port)}`} for a direct path${given(' (', why, ')')}.`,
      cause: 'Another program uses the port of `--direct-address`, or it may not be used here; nothing was sent.',
      remedy: 'End the program that uses the port, or forward another one.',
    },
    'SC-375': {
      sentence: always('The link names a public address without TLS, and the program of your peer refuses that.'),
      cause: '`--listen` at a public address over plain ws://: anyone on the way could see who talks to whom and when.',
      remedy: 'Start again with --tls-self and send the link that it makes.',
    },
    'SC-376': {
      sentence: always('This invitation is for the local network.'),
      cause: 'The link was made with --lan. It is not followed without it: --lan shows the local network who uses it.',
      remedy: `Start ${COMMAND} --lan and paste it there.`,
    },
    'SC-377': {
      sentence: ({ flag }) =>
        flag === undefined
          ? 'This room has no secret, and there is nobody to compare the safety words.'
          : `There is nobody to compare the safety words for ${String(flag)}.`,
      cause: '`securechat pipe`, or `send` without a terminal, in a room without a secret or with --verify.',
      remedy: 'Use a code with a secret, from --code-fd or --code-stdin.',
      hint: ({ flag }) =>
        flag === undefined ? undefined : `Leave ${String(flag)} out: a code with a secret proves who is there.`,
    },
    'SC-378': {
      sentence: ({ relay }) => `The relay${given(' ', relay)} serves no page, so the link would not open in a browser.`,
      cause: '`--web`: the relay was started without --page, or something else answers at its address.',
      remedy: 'Leave --web out, start the relay with --page, or use --listen --web.',
    },
  }) as const satisfies Partial<Record<string, Message>>;
