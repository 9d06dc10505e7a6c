/**
 * The words of the rich UI: those that it shares with the line UI are in line.ts. ASCII only: they are shown as they are on
 * every terminal. No text of a person, no room code and no key may be in this file or be passed to it.
 */
import { sizeOf } from './files.js';
import { clockOf, counted } from './line.js';

const COMMANDS = [
  '/quit, /q    say goodbye, wipe everything and leave',
  '/verify      show the safety words; /verify yes, no, or again for new ones',
  '/more        show the rest of a long message',
  '/status      show what is known about this chat',
  '/name        show what your peer is called',
  '/clear       wipe the messages from this screen',
  '/bell        sound for each message: on or off',
  '/send PATH   offer files; /accept, /reject, /cancel N answer or end it',
  '/wipe        panic: wipe everything at once, no goodbye',
  '/help        show this help',
  '//text       send text that starts with /',
] as const;

const KEYS = [
  'Enter        send',
  'Alt-Enter    new line; also Ctrl-J',
  'PgUp, PgDn   scroll; End: back to the newest',
  'Up, Down     recall what you sent',
  'Ctrl-A, E    to start, to end of line',
  'Ctrl-W, U, K delete word, to start of line, to end of line',
  'Ctrl-L       redraw the screen',
  'Ctrl-C       twice: say goodbye and wipe; also Ctrl-D on an empty line',
  'Ctrl-Z       clear the screen and suspend',
  'F1, F2, F3   this help; the safety words; the rest of a long message',
  'm, x         the answer to the safety words: they match, they do not',
] as const;

export const SCREEN_WORDS = {
  me: 'me',
  bar: {
    connecting: 'connecting',
    waiting: 'waiting for peer',
    unverified: '! NOT VERIFIED',
    active: 'end-to-end encrypted',
    verified: 'words match',
    comparing: 'comparing',
    code: 'code',
    roundTrip: (ms: number) => `${String(ms)} ms`,
    reconnecting: (seconds: number) => `~ reconnecting ${clockOf(seconds)}`,
    leaving: '~ leaving',
    held: (count: number) => `${String(count)} held`,
    closing: 'saying goodbye',
    ended: 'ended',
  },
  connecting: {
    idle: 'Starting.',
    searching: 'Looking for your peer.',
    searchingAt: 'Connecting to the relay ',
    again: (attempt: number) => ` (try ${String(attempt)})`,
    joined: 'Waiting for your peer to join.',
    handshaking: 'Your peer is here. Agreeing on keys.',
  },
  nothingWritten: 'Nothing is written to disk.',
  tellPeer: 'Tell your peer',
  orPaste: 'or send this link over another channel',
  linkHidden: 'Make the window larger to see the link.',
  oneUse: 'For one person, once. Nothing is written to disk.',
  words: {
    read: 'Read these words aloud to each other. All four must be the same on both sides.',
    readShort: 'Read aloud. All must be the same:',
    match: '[m] they match',
    differ: '[x] they do not match',
    answered: 'You said that they match. Waiting for your peer.',
    late: 'No new safety words came. Earlier ones say nothing about now.',
  },
  foot: {
    cancel: 'Esc cancel',
    chat: ['F1 help', 'Alt-Enter new line', '/quit'],
    chatNarrow: ['F1 help', '/quit'],
    closing: 'Ctrl-C: leave at once',
    confirm: 'Enter does nothing',
    words: 'F2 new words, Esc back',
    code: ['Enter join', 'Tab complete', 'Esc cancel'],
    help: 'PgUp, PgDn, Esc back',
  },
  unread: (count: number) => `${String(count)} new`,
  older: 'End: newest',
  again: 'Press it again to leave and wipe',
  tooSmall: (columns: number, rows: number) => `too small: needs ${String(columns)}x${String(rows)}`,
  help: [...KEYS, '', ...COMMANDS],
  more: (count: number) => `${counted(count, 'more character')}: F3`,
  files: {
    incoming: 'in ',
    outgoing: 'out',
    more: (count: number) => counted(count, 'more transfer'),
    offered: (id: number, bytes: number | undefined) =>
      `${bytes === undefined ? '' : `${sizeOf(bytes)} `}/accept ${String(id)}`,
    offering: (_id: number, bytes: number | undefined) => `${bytes === undefined ? '' : `${sizeOf(bytes)} `}offered`,
    share: (bytes: number, total: number) => `${String(Math.min(100, Math.floor((bytes / total) * 100))).padStart(3)}%`,
    size: (bytes: number) => sizeOf(bytes).padStart(7),
    rate: (bytes: number) => `${sizeOf(bytes)}/s`.padStart(9),
    left: (seconds: number) => `${clockOf(seconds)} left`,
    noCompletion: 'No path to complete here: a chat reads files only with --files.',
    noneFound: 'Nothing there begins like this.',
  },
  pasted: 'Pasted text is never part of a command. Nothing was sent.',
  bell: (on: boolean) => (on ? 'Bell on.' : 'Bell off.'),
  full: (bytes: number) => `Message is ${counted(bytes, 'byte')} too long. The end was not taken.`,
  held: 'Send queue full. Your text stays here: press Enter once you are reconnected.',
  notNow: 'You are leaving. This was not sent.',
  capable: {
    input: 'the input is not a terminal',
    output: 'the output is not a terminal',
    raw: 'the terminal does not hand over single keys',
    dumb: 'TERM is "dumb"',
    unnamed: 'TERM is not set',
    size: (columns: number, rows: number, neededColumns: number, neededRows: number) =>
      `the terminal is ${String(columns)}x${String(rows)}, and it needs ${String(neededColumns)}x${String(neededRows)}`,
    refusal: (why: string) => `rich does not work here: ${why}; use line`,
  },
} as const;
