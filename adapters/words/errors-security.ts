/**
 * Sentences of cryptography and security: SC-2xx and SC-4xx. No text of a person, no part of a room code and no key may be
 * passed to them.
 */
import { always, given, type Message, ofAttempts } from './message.js';

export const security = () =>
  ({
    'SC-201': {
      sentence: ({ name, why }) => `Could not start the cryptography${given(' "', name, '"')}${given(': ', why)}.`,
      cause: 'The chosen crypto adapter did not load.',
      remedy: 'Choose another one with --crypto, or reinstall securechat.',
    },
    'SC-401': {
      sentence: ({ attempts }) =>
        `The codes do not match${attempts === undefined || attempts === 1 ? '' : ` (${String(attempts)} times)`}: this one is used up.`,
      cause: 'The codes differ, somebody tried to guess, or the relay changed a message; the attempts are used up.',
      remedy: 'Check with your peer that you both typed the same, then make a new code; do not use this one again.',
    },
    'SC-402': {
      sentence: (detail) => `The codes do not match${ofAttempts(detail)}.`,
      cause: 'You or your peer mistyped the code, somebody tried to guess it, or the relay changed a message.',
      remedy: 'Check it with your peer, then type it again.',
    },
    'SC-403': {
      sentence: always('You said that the safety words differ: somebody may be in the middle. Everything is wiped.'),
      cause: 'You answered that the safety words do not match.',
      remedy: 'Do not use this code or this relay again; agree on a new code another way.',
    },
    'SC-404': {
      sentence: ({ why }) => `Your peer violates the protocol${given(': ', why)}. Everything is wiped.`,
      cause: 'A verified frame or a handshake message of the peer violates the protocol.',
      remedy: 'Update both programs. If it happens again, do not trust that peer.',
    },
    'SC-405': {
      sentence: always('Frames keep getting lost, reordered or forged; asking for them again.'),
      cause: 'Frames did not verify or were not the next ones, three times: the relay or the network interferes.',
      remedy: 'Nothing forged is shown. If it goes on, meet again on another relay.',
    },
    'SC-406': {
      sentence: always('The relay echoes your own messages.'),
      cause: 'The relay sends back what this program sent, in place of a peer.',
      remedy: 'Do not use this relay.',
    },
    'SC-407': {
      sentence: always(
        'Your peer says that the safety words differ: somebody may be in the middle. Everything is wiped.',
      ),
      cause: 'Your peer answered that the safety words do not match.',
      remedy: 'Do not use this code or this relay again; talk to your peer another way.',
    },
    'SC-408': {
      sentence: always('Your code and that of your peer do not match.'),
      cause: 'The codes differ, or the relay changed a message; nobody can be asked to type the code again.',
      remedy: 'Check it with your peer and start again; the right code still works.',
    },
    'SC-409': {
      sentence: (detail) => `The codes did not match${ofAttempts(detail)}.`,
      cause: 'Somebody mistyped the code or tried to guess it, or the relay changed a message.',
      remedy: 'Your code still works; ask your peer whether that was a typo.',
    },
    'SC-410': {
      sentence: always('Your peer could not be told from others who know the code. Everything is wiped.'),
      cause: 'Somebody with the code kept joining before a first frame of the peer arrived.',
      remedy: 'Meet again with a new code, on another relay.',
    },
  }) as const satisfies Partial<Record<string, Message>>;
