/**
 * The words of the command line; those of a screen are in screen.ts and line.ts, those that belong to a code in errors.ts. No
 * text of a person, no room code and no key may be in this file or be passed to it.
 */

/** Phrases of the command line: help, reasons for a refusal, questions. */
export const CLI_WORDS = {
  summary: 'Two people, one room code, an end-to-end encrypted conversation through a relay that nobody has to trust.',
  room: 'the room code or room name; without it, it is asked for',
  options: {
    transport: 'how the relay is reached',
    crypto: 'which implementation of the cryptography; all speak to each other',
    ui: 'how the chat is shown; without it rich where the terminal can show it, else line',
    relay: 'wss://…; without it: the relay on 127.0.0.1:8765, and if none answers there, one is started here',
    insecureRelay: 'allow plain ws:// to another machine',
    name: 'what the peer sees instead of "peer"',
    verify: 'compare the safety words before the first message',
    codeStdin: 'the code is the first line of the standard input',
    codeFd: 'the code is the first line of this file descriptor',
    receipts: 'tell the peer what has been shown (default)',
    noReceipts: 'do not tell the peer what has been shown',
    resumeTimeout: 'how long a lost line is waited for, as 90s, 10m or 1h (default 10m; 0: not at all)',
    idleTimeout: 'say goodbye and wipe when nobody is at the keyboard for so long (default: never)',
    color: 'no colours; NO_COLOR does the same',
    wipeScrollback: 'at the end erase the terminal and all that it can scroll back to',
    quiet: 'no notices but those that matter',
    help: 'show this',
    version: 'show the version',
    plugin: 'load an adapter: the name of an npm package, or a path that begins with ./; can be repeated',
  },
  known: (names: readonly string[], chosen: string) =>
    names.map((name) => (name === chosen ? `${name} (default)` : name)).join(', '),
  adapterFlags: (kind: string, adapter: string) => `Flags of the ${kind} ${adapter}:`,
  footer: [
    'Without ROOM it asks; Enter makes a new code and shows it. Tell the code to one person, over another channel.',
    'The prompt, --code-stdin and --code-fd keep the code out of the shell history and the list of processes.',
    '',
    'Exit status: 0 goodbye, 1 internal, 2 usage or bad code, 3 relay, 4 wrong code, 5 peer lost,',
    '6 security violation, 130 interrupted. Every message carries a code; docs/errors.md lists them all.',
  ],
  reserved: (name: string) =>
    `"${name}" names a command that this version does not have; a room of that name goes to the prompt or --code-stdin`,
  reservedRelay: 'a relay is a program of its own here, securechat-relay-ws; a room called "relay" goes to the prompt',
  doctorUsage: 'doctor takes --relay and an address, and nothing else',
  codeTwice: 'the code can come from one place only: ROOM, --code-stdin or --code-fd',
  tooManyArguments: 'there is more than one ROOM; a code with blanks needs quotes',
  missingValue: 'it needs a value',
  nameEmpty: 'the name is empty',
  nameLong: (limit: number) => `the name is longer than ${String(limit)} bytes`,
  nameControl: 'the name holds a control character',
  nameDash: 'a name does not begin with a dash; is the name missing?',
  duration: 'it must be a duration such as 90s, 15m or 1h, at most 24 days',
  notOpen: (why: string | undefined) =>
    `this descriptor is not open for reading${why === undefined ? '' : ` (${why})`}`,
  descriptor: 'a descriptor is 0 or a number from 3 up to 65535',
  noRelay: (transport: string) => `the transport ${transport} needs no relay`,
  flagsTogether: (kind: string, adapter: string, why: string) => `the ${kind} ${adapter} ${why}`,
  checkFailed: (kind: string, adapter: string, why: string) => `the ${kind} ${adapter} could not check it (${why})`,
  notChosen: (kind: string, adapter: string) => `it belongs to the ${kind} ${adapter}, which is not chosen`,
  relay: {
    scheme: 'it must begin with wss://, ws://, https:// or http:// and name a host',
    tooLong: (limit: number) => `it is longer than ${String(limit)} characters`,
    credentials: 'it must not hold a user name or a password',
    fragment: 'it must not hold a #',
    port: 'port 0 is no port',
  },
  ask: {
    code: 'Room code (Enter for a new one)',
    mark: '>',
    done: '-',
    tab: (word: string) => `Tab: ${word}`,
    notListed: (position: number, nearest: string) =>
      `No listed word ${String(position)} begins like this. Did you mean "${nearest}"?`,
    unfinished:
      'A code that was made for you has three words with dashes between them. Enter again if this is a secret of your own.',
    open: 'Anybody who knows this room name can be the peer',
    compare: 'Compare safety words with the peer before anything is said',
    withPassphrase: 'Type a passphrase that the peer types as well',
    passphrase: 'Shared passphrase for this room (Enter for none)',
    number: (count: number) => `1 to ${String(count)} (Enter for 1)`,
    noNumber: (count: number) => `Type a number from 1 to ${String(count)}.`,
  },
} as const;
