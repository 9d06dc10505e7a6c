/**
 * The words of the line and json UIs and of the sanitizer; the rich UI shares them. ASCII only: they are shown as they are on
 * every terminal. No text of a person, no room code and no key may be in this file or be passed to it.
 */

import { FILE_WORDS } from './files.js';

/** 4,096 */
function number(count: number): string {
  return count.toLocaleString('en-US');
}

export function counted(count: number, thing: string): string {
  return `${number(count)} ${thing}${count === 1 ? '' : 's'}`;
}

/** 0:14, or 1:02:03 */
export function clockOf(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const end = String(seconds % 60).padStart(2, '0');
  return hours > 0 ? `${String(hours)}:${String(minutes).padStart(2, '0')}:${end}` : `${String(minutes)}:${end}`;
}

const COMMANDS: readonly (readonly [command: string, does: string, where?: 'full screen'])[] = [
  ['/quit, /q', 'say goodbye, wipe everything and leave'],
  ['/verify', 'show the safety words; /verify yes, no, or again for new ones'],
  ['/more', 'show the rest of a long message'],
  ['/status', 'show what is known about this chat'],
  ['/name', 'show what your peer is called'],
  ['/clear', 'wipe the messages from this screen', 'full screen'],
  ['/bell', 'turn a sound for each message on or off', 'full screen'],
  ['/send PATH', 'offer files; /accept, /reject, /cancel N answer or end it'],
  ['/wipe', 'panic: wipe everything at once, no goodbye'],
  ['/help', 'show this help'],
  ['//text', 'send text that starts with /'],
];
/** Where what a command does begins: behind the longest key of the full screen, too. */
const HELP_COLUMN = 13;

/** A line for each command that there is. */
export function commandHelp(where: 'line' | 'full screen'): readonly string[] {
  return COMMANDS.flatMap(([command, does, only = where]) =>
    only === where ? command.padEnd(HELP_COLUMN) + does : [],
  );
}

export const UI_WORDS = {
  peer: 'peer',
  program: 'securechat',
  state: {
    idle: undefined,
    searching: 'Looking for your peer.',
    handshaking: 'Your peer is here. Agreeing on keys.',
    confirming: 'Compare the safety words first. Until then nothing is shown or sent.',
    active: 'Connected, end-to-end encrypted. /help lists the commands.',
    reconnecting: 'Connection lost. Reconnecting; what you type is queued.',
    closing: 'Saying goodbye.',
    destroyed: undefined,
  },
  broken: {
    own: 'Your connection broke. Reconnecting; what you type is queued.',
    peer: "Your peer's connection broke. Reconnecting; what you type is queued.",
  },
  joined: 'Waiting for your peer to join.',
  joinedLocal: 'Looking for your peer in the local network.',
  alone: (room: string) => `Nobody else is in room ${room} yet.`,
  aloneHint: 'Check that you both typed the same code, capitals too, at the same relay.',
  aloneHintLocal: 'Check that your peer typed the same code with --lan. Guest Wi-Fi often blocks this.',
  activeAgain: 'Reconnected. Nothing was lost.',
  listening: 'No input: listening until your peer leaves.',
  codeWanted: 'Type the code again:',
  codeWantedSame: 'Type the code again, or press Enter for the same one:',
  codeUnfinished: (words: string) => `Words that begin like the last one: ${words}. Type the whole code:`,
  tellPeer: 'Tell your peer:  ',
  orPaste: 'Or send a link:  ',
  sendLink: 'Send your peer this link:  ',
  safetyWords: (words: string) => `Safety words:  ${words}`,
  safetyWordsRequired: 'Read them aloud to each other: all four must be the same on both sides.',
  comparing: 'New safety words are on their way. Earlier ones say nothing about now.',
  safetyWordsOptional: 'If both sides match, nobody is in the middle. /verify shows them again.',
  noSafetyWords: 'No safety words yet: your peer has not joined.',
  tellVerified: 'They match: /verify yes   They do not: /verify no',
  question: 'Do the words match? (yes/no)',
  noAnswer: 'Answer yes or no. Nothing was sent.',
  peerConfirmed: 'Your peer says that the words match.',
  peerName: 'Your peer is called ',
  files: FILE_WORDS,
  delivered: (count: number) => (count === 1 ? 'Delivered.' : `Delivered: ${number(count)} messages.`),
  failed: (count: number) => `${counted(count, 'message')} did not arrive.`,
  more: (count: number) => `${counted(count, 'more character')}: /more shows them.`,
  noMore: 'Nothing is folded.',
  leaving: 'You are leaving. This was not sent.',
  leavingUnheard: 'Leaving: reconnecting to say goodbye. Ctrl-C leaves at once.',
  leavingNow: 'Leaving without waiting.',
  absent: 'Only --ui rich has this command. Nothing was sent.',
  misused: 'Use /verify, /verify yes, no or again. Nothing was sent.',
  filesMisused: 'Use /send PATH, /accept [N], /reject [N], /cancel N. Nothing was sent.',
  unknown: 'Unknown command. Nothing was sent. /help lists commands; // sends a /.',
  peerNameless: 'Your peer gave no name.',
  ownName: 'Choose your own name at the start, with --name.',
  path: {
    direct: (address: string) => `Direct to ${address}.`,
    local: 'In the local network, without a relay.',
    relay: {
      trying: 'Through the relay; looking for a direct path.',
      none: 'Through the relay; found no direct path.',
      polling: 'Through the relay; without a WebSocket to it, found no direct path.',
      broke: 'The direct path broke: through the relay again.',
      unstable: 'Direct paths keep breaking: staying with the relay.',
      peer: 'Through the relay: your peer did not start with --direct.',
    },
  },
  status: {
    verified: 'Safety words: compared, they match.',
    unverified: 'Safety words: not compared. /verify shows them.',
    away: 'Not connected: reconnecting.',
    roundTrip: (ms: number) => `Round trip to your peer: ${String(ms)} ms.`,
    messages: ({ held, sent, delivered, failed }: Readonly<Record<'held' | 'sent' | 'delivered' | 'failed', number>>) =>
      `Your messages: ${number(delivered)} delivered, ${number(sent)} in transit, ${number(held)} queued${
        failed > 0 ? `, ${number(failed)} failed` : ''
      }.`,
  },
  help: commandHelp('line'),
  folded: (count: number) => ` [${String(count)} more characters not shown]`,
  /** Clauses: they stand behind the sentence of SC-313. */
  malformed: {
    tooLong: (limit: number) => `a line is longer than ${number(limit)} bytes and was not sent`,
    cut: (limit: number) =>
      `the terminal cuts a line of more than ${number(limit)} bytes, so it was not sent; --ui rich takes it whole`,
    notUtf8: 'a line is not UTF-8 and was not sent',
    afterEnd: 'text after the goodbye was not sent',
    absent: 'only --ui rich has this command; // sends a line that starts with /',
    misused: 'use /verify, /verify yes, no or again; // sends a line that starts with /',
    filesMisused: 'use /send PATH, /accept [N], /reject [N] or /cancel N',
    unknown: 'unknown command; // sends a line that starts with /',
    noCode: '"code" needs a string',
    noPaths: 'offer needs "paths", a list of strings',
    noId: '"id" must be the number of a transfer',
    notJson: 'a line is not one JSON object',
    tooDeep: 'a command is nested too deeply',
    twice: 'a command has a field twice',
    surrogate: 'a text has half of a surrogate pair',
    unknownDo: 'a command needs "do": "send", "confirm", "quit" or another one of docs/json.md',
    noText: 'send needs "text", a string',
    noMatch: 'confirm needs "match", true or false',
  },
} as const;
