/**
 * The words of the line and json UIs and of the sanitizer; the rich UI shares them. ASCII only: they are shown as they are on
 * every terminal. No text of a person, no room code and no key may be in this file or be passed to it.
 */

import { FILE_WORDS } from './files.js';

export const UI_WORDS = {
  peer: 'peer',
  program: 'securechat',
  state: {
    idle: undefined,
    searching: 'looking for the peer',
    handshaking: 'the peer is there, agreeing on keys',
    confirming: 'the safety words must be compared before anything is shown or sent',
    active: 'connected, end-to-end encrypted; /help lists the commands',
    reconnecting: 'the line is down, trying to come back; what you type is held',
    closing: 'saying goodbye',
    destroyed: undefined,
  },
  joined: 'the relay has opened the room; waiting for the peer',
  activeAgain: 'connected again, nothing was lost',
  tellPeer: 'Tell your peer:  ',
  orPaste: 'or paste:        ',
  safetyWords: (words: string) => `Safety words:  ${words}`,
  safetyWordsRequired: 'Read them aloud to each other: all four must be the same on both sides.',
  safetyWordsOptional: 'Comparing them aloud proves that nobody is in the middle; /verify shows them again.',
  comparing: 'new safety words are on their way: words shown earlier say nothing about now',
  noSafetyWords: 'there are no safety words yet: no peer is connected',
  tellVerified: 'They match: /verify yes   They do not: /verify no',
  question: 'Do the words match? (yes/no) ',
  noAnswer: 'that is no answer, and nothing was sent',
  peerConfirmed: 'your peer says that the words match',
  peerName: 'your peer is called ',
  files: FILE_WORDS,
  delivered: (count: number) => (count === 1 ? 'delivered' : `delivered: ${String(count)} messages`),
  failed: (count: number) =>
    count === 1 ? 'failed: one message was not delivered' : `failed: ${String(count)} messages were not delivered`,
  notHere: 'this command is one of the rich UI; nothing was sent',
  peerNameless: 'your peer gave no name',
  ownName: 'your own name is given at the start: --name',
  status: {
    verified: 'safety words: compared, they match',
    unverified: 'safety words: not compared in this program; /verify shows them',
    roundTrip: (ms: number) => `to the peer and back: ${String(ms)} ms`,
    messages: (held: number, sent: number, delivered: number, failed: number) =>
      `your messages: ${String(held)} held, ${String(sent)} sent, ${String(delivered)} delivered, ${String(failed)} failed`,
  },
  unknownCommand: 'unknown command, nothing was sent; /help lists the commands, // sends a line that begins with /',
  help: [
    '/quit, /q   say goodbye, wipe everything, leave',
    '/verify     show the safety words; then /verify yes or /verify no',
    '/status     show what is known about this chat',
    '/name       how your peer is called',
    '/wipe       the panic key: wipe at once and leave, without a goodbye',
    '/help       show this',
    '//text      send a line that begins with /',
  ],
  folded: (count: number) => ` [${String(count)} more characters not shown]`,
  malformed: {
    tooLong: (limit: number) => `a line is longer than ${String(limit)} bytes; it was not sent`,
    cut: (limit: number) =>
      `a line of more than ${String(limit)} bytes is cut by the terminal; it was not sent; --ui rich takes it whole`,
    notUtf8: 'a line is not UTF-8; it was not sent',
    notJson: 'a line is not one JSON object',
    tooDeep: 'a command is nested too deeply',
    twice: 'a command has a field twice',
    surrogate: 'a text has half of a surrogate pair',
    unknown: 'a command needs "do": "send", "confirm", "quit" or "wipe"',
    noText: 'send needs "text", a string',
    noMatch: 'confirm needs "match", true or false',
  },
} as const;
