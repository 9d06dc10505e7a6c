/**
 * The words of the rich UI: those that it shares with the line UI are in messages.ts. ASCII only: they are shown as they
 * are on every terminal. No text of a person, no code of a room and no key may be in this file or be passed to it.
 */

const COMMANDS = [
  '/quit, /q    say goodbye, wipe everything, leave',
  '/verify      show the safety words; then /verify yes or /verify no',
  '/status      show what is known about this chat',
  '/clear       wipe what was said from this screen',
  '/bell        a sound for each message, on or off',
  '/wipe        the panic key: wipe at once and leave',
  '/help        show this',
  '//text       send a text that begins with /',
] as const;

const KEYS = [
  'Enter        send',
  'Alt-Enter    a new line; Ctrl-J as well',
  'PgUp, PgDn   what was said before; End: the newest',
  'Up, Down     what you sent before',
  'Ctrl-A E     to the start, the end of the line',
  'Ctrl-W U K   delete the word, the line before, the line behind',
  'Ctrl-L       paint the screen again',
  'Ctrl-C       twice: goodbye and wipe; Ctrl-D with nothing typed as well',
  'Ctrl-Z       clear the screen and suspend',
  'F1           show this; F2: the safety words',
] as const;

export const SCREEN_WORDS = {
  me: 'me',
  bar: {
    connecting: 'connecting',
    waiting: 'waiting for peer',
    unverified: '! NOT VERIFIED',
    active: 'end-to-end encrypted',
    verified: 'words match',
    code: 'code',
    roundTrip: (ms: number) => `${String(ms)} ms`,
    reconnecting: (seconds: number) =>
      `~ reconnecting ${String(Math.floor(seconds / 60))}:${String(seconds % 60).padStart(2, '0')}`,
    held: (count: number) => `${String(count)} held`,
    closing: 'saying goodbye',
    ended: 'ended',
  },
  connecting: {
    idle: 'Starting.',
    searching: 'Looking for your peer.',
    searchingAt: 'Reaching the relay ',
    again: (attempt: number) => ` (${String(attempt)})`,
    joined: 'The relay has opened the room. Waiting for your peer.',
    handshaking: 'The peer is there. Agreeing on keys.',
  },
  nothingWritten: 'Nothing is written to disk.',
  tellPeer: 'Tell your peer',
  orPaste: 'or send this link over another channel',
  linkHidden: 'There is a link, too: make the window larger.',
  oneUse: 'For one person, once. Nothing is written to disk.',
  words: {
    read: 'Read these words aloud to each other. All four must be the same on both sides.',
    readShort: 'Read aloud, all must be the same:',
    match: '[m] they match',
    differ: '[x] they do not match',
    answered: 'You said that they match. Waiting for your peer.',
    none: 'There are no safety words yet: no peer is connected.',
  },
  foot: {
    cancel: 'Esc cancel',
    chat: ['F1 help', 'Alt-Enter new line', '/quit'],
    chatNarrow: ['F1 help', '/quit'],
    closing: 'Ctrl-C: do not wait',
    confirm: 'Enter does nothing',
    back: 'Esc back',
    help: 'PgUp, PgDn, Esc back',
  },
  unread: (count: number) => `${String(count)} new`,
  older: 'End: newest',
  again: 'Press it again: goodbye and wipe',
  tooSmall: (columns: number, rows: number) => `too small: ${String(columns)}x${String(rows)} is needed`,
  help: [...KEYS, '', ...COMMANDS],
  unavailable: (name: string) => `/${name} is not available yet; nothing was sent`,
  unknownCommand: 'unknown command, nothing was sent; /help lists the commands, // sends a text that begins with /',
  bell: (on: boolean) => (on ? 'bell: on' : 'bell: off'),
  cleared: 'what was said is wiped from this screen',
  full: (bytes: number, limit: number) =>
    `a message holds ${String(limit)} bytes at most: ${String(bytes)} bytes more were not taken`,
  held: 'enough waits for the line: what you typed is kept here, Enter sends it when the line is back',
  notNow: 'saying goodbye: nothing more can be sent',
  capable: {
    input: 'the input is not a terminal',
    output: 'the output is not a terminal',
    raw: 'the terminal does not hand over single keys',
    dumb: 'TERM says that the terminal is dumb',
    size: (columns: number, rows: number, neededColumns: number, neededRows: number) =>
      `the terminal has ${String(columns)}x${String(rows)} cells and ${String(neededColumns)}x${String(neededRows)} are needed`,
    refusal: (why: string) => `rich is not possible here: ${why}; line is`,
  },
} as const;
