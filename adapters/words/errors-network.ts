/**
 * Sentences of the network: SC-1xx. No text of a person, no part of a room code and no key may be passed to them.
 */
import type { Detail } from '../../core/errors.js';
import { COMMAND } from './command.js';
import { always, given, type Message } from './message.js';
import { answerOf, certificateOf } from './network.js';

const kindOf = (kind: string | number): string => (kind === 'socketio' ? 'socket.io' : 'plain WebSocket');
const wait = ({ seconds }: Detail): string => given(' It asks you to wait ', seconds, ' s.');

export const network = () =>
  ({
    'SC-101': {
      sentence: ({ relay, why }) =>
        `${relay === undefined ? 'Nobody answers' : `No relay answers at ${String(relay)}`}${given(' (', why, ')')}.`,
      cause: 'The relay cannot be reached: no such host, connection refused, or no answer in time.',
      remedy: `Check that it is running and that the address is right. To start a relay: ${COMMAND} relay`,
    },
    'SC-102': {
      sentence: always('The relay rejected the request as malformed.'),
      cause: 'The relay answered `bad-request`.',
      remedy: "Your version and the relay's probably differ: update both.",
    },
    'SC-103': {
      sentence: (detail) => `The relay accepts no more joins from your address for now.${wait(detail)}`,
      cause: 'The relay answered `rate-limited`.',
      remedy: 'Wait a minute, then try again.',
    },
    'SC-104': {
      sentence: (detail) => `The relay is too busy to open this room.${wait(detail)}`,
      cause: 'The relay answered `busy`.',
      remedy: 'Try again later, or use another relay with --relay.',
    },
    'SC-105': {
      sentence: (detail) => `The relay is shutting down.${wait(detail)}`,
      cause: 'The relay answered `shutting-down`.',
      remedy: 'Try again when it is back, or use another relay with --relay.',
    },
    'SC-106': {
      sentence: always('The relay does not support this version of the relay protocol.'),
      cause: 'The relay answered `unsupported-version`.',
      remedy: 'Update whichever of the two is older.',
    },
    'SC-107': {
      sentence: ({ relay, why }) =>
        relay === undefined
          ? `Whatever answered is not a securechat peer waiting for this code${given(' (', why, ')')}.`
          : `${answerOf(why).answerer} answered at ${String(relay)}, not a securechat relay${given(' (', why, ')')}.`,
      cause: 'Something else answers at this address, or the relay sent what is not in the protocol.',
      remedy: 'Check the address.',
      hint: ({ why }) => answerOf(why).hint,
    },
    'SC-108': {
      sentence: ({ relay, why }) =>
        `The connection${relay === undefined ? '' : ' to the relay'} closed before the chat began${given(' (', why, ')')}.`,
      cause: 'The relay, or something between you and it, closed the connection before the keys were agreed on.',
      remedy: 'Check your network, then try again with a new code.',
    },
    'SC-109': {
      sentence: ({ address, why }) => `The relay address${given(' "', address, '"')} is not valid${given(': ', why)}.`,
      cause: 'The value of --relay, or the relay in an invitation link, is not a usable address.',
      remedy: 'Use an address such as wss://relay.example or ws://127.0.0.1:8765.',
      hint: ({ address }) =>
        /\.onion\.?(?::\d+)?(?:\/|$)/.test(String(address)) ? 'Start Tor, and add --tor to the command.' : undefined,
    },
    'SC-110': {
      sentence: ({ host }) =>
        `Plain ws:// to${given(' ', host)}${host === undefined ? ' another machine' : ''} is not allowed.`,
      cause:
        'An unencrypted relay address that is neither this machine, nor in a private network, nor an onion service.',
      remedy: 'Use wss://, or add --insecure-relay to let anyone on the network see who talks to whom and when.',
    },
    'SC-111': {
      sentence: ({ host, port, why }) =>
        why === 'occupied'
          ? `Something that is not a securechat relay is listening on ${String(host)}:${String(port)}.`
          : `Could not start a relay${given(' on ', host)}${given(':', port)}${given(' (', why, ')')}.`,
      cause: 'A relay inside this program cannot run at its place: the default one, or that of --listen.',
      remedy: 'Free that port or take another one with --listen, or name a relay with --relay.',
      hint: ({ why }) =>
        why === 'ENOTFOUND' || why === 'EADDRNOTAVAIL'
          ? 'Use an address of this machine: --listen 0.0.0.0:8765.'
          : undefined,
    },
    'SC-112': {
      sentence: always('The relay rejected a frame as too large.'),
      cause: 'The relay answered `too-large`: its limits are lower than the protocol needs.',
      remedy: 'Use another relay, or ask its operator to restore the default limits.',
    },
    'SC-113': {
      sentence: ({ why }) => `${certificateOf(why).fault}${given(' (', why, ')')}.`,
      cause:
        'The certificate of the relay is self-signed, expired, for another name or of an unknown authority; or no TLS.',
      remedy:
        'Check the address and the clock of this machine; then ask the operator of the relay for a valid certificate.',
      hint: ({ why }) => certificateOf(why).hint,
    },
    'SC-114': {
      sentence: ({ why }) => `This relay speaks ${why === undefined ? 'another protocol' : kindOf(why)}.`,
      cause: 'The relay is of the other kind: ws and socketio do not meet.',
      remedy: 'Use the other transport: --transport ws or --transport socketio. Your peer needs the same one.',
      hint: ({ why }) =>
        why === undefined ? undefined : `Use --transport ${String(why)}. Your peer needs the same one.`,
    },
    'SC-115': {
      sentence: ({ why }) => `The proxy does not answer${given(' (', why, ')')}.`,
      cause: 'Nothing listens at the address of the proxy, or it does not answer in time.',
      remedy: 'Check that it is running, and the address in --proxy or in the environment. For --tor, start Tor.',
    },
    'SC-116': {
      sentence: ({ why }) => `The proxy does not accept this user name and password${given(' (', why, ')')}.`,
      cause: 'The proxy wants a user name and a password, or others than it was given.',
      remedy: 'Name the user, as in --proxy http://user@proxy.example:3128; the password is asked for.',
    },
    'SC-117': {
      sentence: ({ why }) => `The proxy refuses to connect to the relay${given(' (', why, ')')}.`,
      cause: 'The rules of the proxy do not allow this host or this port.',
      remedy: 'Use a relay on port 443, or another proxy, or ask whoever runs the proxy.',
    },
    'SC-118': {
      sentence: ({ why }) => `The proxy cannot reach the relay${given(' (', why, ')')}.`,
      cause: 'The proxy works; the relay does not answer it, or it does not find the name.',
      remedy: 'Check the address of the relay, and that the relay is running.',
    },
    'SC-119': {
      sentence: ({ why }) => `Whatever answered is not a proxy of this kind${given(' (', why, ')')}.`,
      cause: 'Something at the address of the proxy speaks another protocol.',
      remedy: 'Check the address, and whether the proxy is socks5h://, http:// or https://.',
    },
    'SC-120': {
      sentence: always('Tor does not run on this machine.'),
      cause: '`--onion` found neither a control port of Tor nor its port for programs.',
      remedy: 'Install and start it (Debian: apt install tor), or use --listen or --relay.',
    },
    'SC-121': {
      sentence: always('Tor runs, but its control port is closed.'),
      cause: 'Tor answers programs, but nobody answers at its control port or socket.',
      remedy: 'Add the lines "ControlPort 9051" and "CookieAuthentication 1" to torrc and restart Tor.',
    },
    'SC-122': {
      sentence: ({ path, methods }) =>
        methods === undefined
          ? `You may not use the control port of Tor${given(' (', path, ')')}.`
          : `The control port of Tor wants a password${given(' (', methods, ')')}.`,
      cause: 'The control cookie of Tor cannot be read, or Tor does not use one.',
      remedy: 'Set "CookieAuthentication 1", join the group of the cookie (Debian: debian-tor) and log in again.',
    },
    'SC-123': {
      sentence: ({ why }) => `Tor refused to make an onion service${given(' (', why, ')')}.`,
      cause: 'The Tor daemon answered its control port with an error, or with nothing.',
      remedy: 'Look into the log of Tor, or use --listen or --relay.',
    },
    'SC-124': {
      sentence: always('Tor ended the onion service: your peer cannot reconnect.'),
      cause: 'The connection to the control port of Tor ended, and the onion service with it.',
      remedy: 'Go on while the connection lasts, then start again with --onion.',
    },
    'SC-125': {
      sentence: always('The relay shows another certificate than the invitation names; nothing was sent to it.'),
      cause: 'The SHA-256 of the certificate of the relay is not the pin of the invitation link.',
      remedy: 'Ask for the invitation again, on another channel. If it is the same, somebody is in between.',
    },
    'SC-126': {
      sentence: always('Others reach the relay inside this program.'),
      cause:
        '`--listen`, `--onion` or `--lan`: the notice says what your peer types. The relay takes this conversation only.',
      remedy: '',
    },
  }) as const satisfies Partial<Record<string, Message>>;
