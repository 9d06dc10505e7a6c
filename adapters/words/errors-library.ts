/**
 * Sentences for programs that use the library: SC-360 to SC-369. Names of options and sizes may be passed to them, no text of
 * a person, no room code and no key.
 */
import { always, given, type Message } from './message.js';

export const library = () =>
  ({
    'SC-360': {
      sentence: ({ name, why }) =>
        `Cannot use ${name === undefined ? 'an option' : `"${String(name)}"`}${given(': ', why)}.`,
      cause: 'A program gave the library an option or an argument that it does not take; nothing was sent.',
      remedy: 'See docs/library.md for what each option may be.',
    },
    'SC-361': {
      sentence: always('Too much text waits to be delivered; this message was not sent.'),
      cause: 'A program sends faster than its peer takes: 16 MiB wait to be sent, or 65,536 messages to be delivered.',
      remedy: 'Wait for the promises that send returns.',
    },
    'SC-362': {
      sentence: always('The chat ended before your peer confirmed this message.'),
      cause: 'The chat ended in order, and the peer had not said that it has this message; its receipts may be off.',
      remedy: 'Meet again with a new code and send it again if it matters.',
    },
    'SC-363': {
      sentence: ({ limit }) =>
        `Nobody reads the messages, and ${limit === undefined ? 'too many' : `more than ${String(limit)} bytes`} are waiting.`,
      cause: 'A program does not read the messages of its peer, or reads them slower than they come.',
      remedy: 'Read session.messages all the time, or set a higher unreadLimit.',
    },
  }) as const satisfies Partial<Record<string, Message>>;
