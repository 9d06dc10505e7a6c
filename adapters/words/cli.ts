/**
 * The words of the command line; those of a screen are in screen.ts and line.ts, those that belong to a code in errors.ts,
 * the long texts of help in help.ts. No text of a person, no room code and no key may be in this file or be passed to it.
 */
import type { Doubt } from '../../core/room/completion.js';
import { COMMAND } from './command.js';

/** A fact about a code that is typed, and what to do when it is meant so. */
const OWN_SECRET = 'Enter again if this is a secret of your own.';

/** Phrases of the command line: reasons for a refusal, questions. */
export const CLI_WORDS = {
  summary: 'Two people, one room code, an end-to-end encrypted chat through a relay that nobody has to trust.',
  flags: {
    relay: 'the relay to meet on (default: one on this machine)',
    'insecure-relay': 'allow plain ws:// to a machine that is not near',
    listen: 'be the relay for one conversation (0.0.0.0:8765)',
    announce: 'with --listen: the address that your peer reaches, where a router forwards the port',
    'tls-self': 'with --listen: encrypt the connection with a certificate that the invitation names',
    onion: 'be the relay, as an onion service of Tor',
    lan: 'meet in the local network; your peer types the same',
    web: 'show a link that opens in a browser (the relay must serve the page: --page)',
    'tor-control': 'with --onion: where the control port of Tor is (also the path of a socket)',
    'tor-cookie': 'with --onion: the control cookie of Tor, where it is not in its usual place',
    strong: 'make a link with a 128-bit secret instead of a code to say',
    proxy: 'reach the relay through a proxy: socks5h://, http:// or https://HOST:PORT',
    'proxy-auth-fd': 'read USER:PASSWORD for the proxy from the first line of this file descriptor',
    tor: 'reach the relay through Tor on this machine (port 9050)',
    direct: 'leave the relay if both ask for it; your peer sees your addresses',
    'direct-address': 'with --direct: the address that your peer reaches, where a router forwards this port',
    transport: 'how to reach the relay',
    crypto: 'implementation of the cryptography; all understand each other',
    ui: 'how to show the chat (default: rich if the terminal can, else line)',
    name: 'what your peer sees instead of "peer"',
    verify: 'compare the safety words before the first message',
    cover: 'send at a steady rate so the relay cannot see when you talk (2.6 kB/s, slower text)',
    room: 'the room, where its name would be taken for a command',
    'code-stdin': 'read the room code from the first line of stdin',
    'code-fd': 'read the room code from the first line of this file descriptor',
    files: 'let this chat send files from a folder and receive into it (default: this one)',
    plugin: 'load an adapter: npm package or ./path; repeatable',
    receipts: 'tell your peer what has been delivered (default)',
    'no-receipts': 'do not tell your peer what has been delivered',
    'resume-timeout': 'how long to keep trying to reconnect (default 10m; 0: do not)',
    'idle-timeout': 'say goodbye and wipe when nobody types for this long (default: never)',
    'no-color': 'no colors; NO_COLOR does the same',
    'wipe-scrollback': 'erase the terminal and its scrollback at the end',
    quiet: 'only important notices',
    help: 'show this',
    version: 'show the version',
  },
  commands: {
    pipe: 'connect standard input and output with those of your peer',
    send: 'send files and folders',
    receive: 'receive files and folders',
    relay: 'run a relay that both of you can reach',
    page: 'print the page for a peer who has only a browser',
    doctor: 'show what works and what is protected on this machine',
    completion: 'print a completion script for your shell',
    help: 'explain a topic',
    version: 'show the version',
  },
  adapters: {
    ws: 'WebSocket to a securechat relay',
    socketio: 'socket.io to a securechat relay, also where only HTTP gets through',
    sodium: 'libsodium in WebAssembly: secrets in memory that is overwritten',
    tweetnacl: 'tweetnacl and noble: plain JavaScript',
    rich: 'the whole screen of a terminal',
    line: 'one event a line, for terminals, pipes and screen readers',
    json: 'one JSON object a line, for scripts and bots',
  },
  known: (names: readonly string[], chosen: string) =>
    names.map((name) => (name === chosen ? `${name} (default)` : name)).join(', '),
  adapterFlags: (kind: string, adapter: string) => `Flags of the ${kind} ${adapter}:`,
  proxy: {
    scheme: 'it must be socks5h://, http:// or https:// with a host and a port',
    noScheme: (at: string) => `say which kind it is, socks5h://${at} or http://${at}`,
    path: 'it must not hold anything after the port',
    password: 'a password here can be seen by others: leave it out, it is asked for; or use --proxy-auth-fd',
    twice: '--tor is a proxy already',
    unused: 'there is no --proxy for it',
    noRelay: 'the relay on this machine needs none: name another one with --relay',
    transport: (name: string) => `the transport ${name} cannot use one`,
    credentials: 'the descriptor must hold USER:PASSWORD',
    noPassword: 'there is no terminal to ask for the password: use --proxy-auth-fd',
    onion: 'an onion service is reached through Tor only: add --tor',
    ask: (host: string) => `Password for the proxy ${host}`,
  },
  direct: {
    proxy: 'a proxy is used, and a direct path would go past it',
    onion: 'an onion service hides where you are, and a direct path would show it',
    transport: (name: string) => `the transport ${name} has no relay of this program`,
    needs: 'it goes with --direct',
    port: 'it must be host:port, with a port from 1024 to 65535',
  },
  lan: {
    relay: 'it needs no relay: leave out --relay, --listen and --onion',
    proxy: 'a proxy is used, and --lan would go past it',
    environment: (name: string) => `${name} names a proxy, and --lan would go past it: unset it`,
    direct: 'the local network is a direct path already: leave out --direct',
    web: 'a browser cannot look around in the local network',
    transport: (name: string) => `it does not go with the transport ${name}`,
    peerTypes: (command: string) => `Your peer types: ${command} --lan`,
  },
  dropped: (names: string) => `in the environment and not used: ${names}`,
  misunderstood: 'it cannot be read',
  noArguments: (command: string) => `${command} takes no arguments`,
  unknownTopic: (topics: readonly string[]) => `there is no such topic; available: ${topics.join(', ')}`,
  unknownShell: (shells: readonly string[]) => `name your shell: ${shells.join(', ')}`,
  pageUsage: 'page takes only --hash',
  doctorUsage: 'doctor takes only --relay with an address, --files, and --lan',
  codeTwice: 'give the code in one place only: ROOM, --room, --code-stdin or --code-fd',
  tooManyArguments: 'there is more than one ROOM, and the first is no command; quote a code that contains spaces',
  /** A whole report: the launchers say it, before the program is there. */
  star: 'securechat: error: Cannot use a path with * in it. (SC-503)\nsecurechat: hint: Rename it, or use another folder.',
  needsChat: 'it goes with a chat',
  noFolder: 'there is no such folder',
  notFolder: 'it is not a folder',
  notReadable: (name: string, why: string) => `"${name}" cannot be read (${why})`,
  nothingToSend: `name the files to send after ${COMMAND} send`,
  nameEmpty: 'it must not be empty',
  nameLong: (limit: number) => `it must not be longer than ${String(limit)} bytes`,
  nameControl: 'it must not contain control characters',
  nameDash: 'a name cannot begin with a dash; is the name missing?',
  duration: 'it must be a duration such as 90s, 15m or 1h, at most 24 days',
  notOpen: (why: string | undefined) =>
    `this descriptor is not open for reading${why === undefined ? '' : ` (${why})`}`,
  notHandedOver: 'this descriptor is not one that you passed to the program',
  descriptor: 'it must be 0 or a number from 3 to 65535',
  listen: 'it must be host:port or a port, from 1 to 65535',
  oneRelay: 'choose one of --relay, --listen and --onion',
  needsOnion: 'it goes with --onion',
  torControl: 'it must be host:port, or the path of a socket',
  needsListen: 'it goes with --listen',
  announce: 'it must be a host, or host:port, with a port from 1 to 65535',
  webNeedsRelay: 'a browser needs a relay, and this transport has none',
  webNeedsKnown: 'a browser knows only certificates of the usual authorities, not that of --tls-self',
  strongMakes: 'it makes a new code, which only its link tells your peer; give none',
  /** What the peer starts, by what this side was started for. Who sends is not asked for a code. */
  peerCommand: {
    chat: 'securechat',
    pipe: 'securechat pipe',
    send: 'securechat receive',
    receive: 'securechat send FILE... --room CODE',
  },
  peerTypes: (command: string, relay: string, insecure: boolean) =>
    `Your peer types: ${command} --relay ${relay}${insecure ? ' --insecure-relay' : ''}`,
  peerTypesTor: (command: string, asked: boolean) =>
    `Your peer types: ${command} --tor${asked ? ', then pastes the link' : ''}`,
  peerTypesOnly: (command: string) => `Your peer types: ${command}`,
  alsoAt: (relay: string) => `Your relay is also reachable at ${relay}`,
  onionStarts: 'Starting an onion service; it takes Tor up to a minute to publish it.',
  noRelay: (transport: string) => `the transport ${transport} needs no relay`,
  flagsTogether: (kind: string, adapter: string, why: string) => `the ${kind} ${adapter} ${why}`,
  checkFailed: (kind: string, adapter: string, why: string) => `the ${kind} ${adapter} could not check it (${why})`,
  notChosen: (kind: string, adapter: string) => `it belongs to the ${kind} ${adapter}, which is not selected`,
  notMade: (kind: string, adapter: string, why: string) => `its ${kind} "${adapter}" could not be made: ${why}`,
  relay: {
    scheme: 'it must begin with wss://, ws://, https:// or http:// and name a host',
    tooLong: (limit: number) => `it is longer than ${String(limit)} characters`,
    credentials: 'it must not contain a user name or password',
    fragment: 'it must not contain a #',
    query: 'it must not contain a ?',
    port: 'invalid port 0',
  },
  ask: {
    code: 'Room code (Enter for a new one)',
    mark: '>',
    done: '-',
    tab: (word: string) => `Tab: ${word}`,
    choices: (words: readonly string[], more: boolean) => `${words.join(' ')}${more ? ' ...' : ''}`,
    notListed: (position: number, nearest: string) =>
      `Word ${String(position)}: no such word. Did you mean "${nearest}"?`,
    doubt(doubt: Doubt): string {
      switch (doubt.kind) {
        case 'digits':
          return `A code that was made for you has 6 digits; this has ${String(doubt.count)}. ${OWN_SECRET}`;
        case 'count':
          return `A code that was made for you has 3 words; this has ${String(doubt.count)}. ${OWN_SECRET}`;
        case 'dashes':
          return `A code that was made for you has a dash before each word. ${OWN_SECRET}`;
        case 'word':
          return `Word ${String(doubt.position)}: no such word. Did you mean "${doubt.nearest}"? ${OWN_SECRET}`;
      }
    },
    open: (room: string) => `Anyone who knows the name "${room}" can join this room`,
    notCommand: (word: string, near: string) => `There is no command "${word}". Did you mean "${near}"?`,
    meantCommand: 'Yes, leave',
    meantRoom: (word: string) => `No, open the room "${word}"`,
    compare: 'Compare safety words with your peer before anything is said',
    withSecret: 'Type a secret that your peer types as well',
    secret: 'Shared secret for this room (Enter for none)',
    number: (count: number) => `1 to ${String(count)} (Enter for 1)`,
    noNumber: (count: number) => `Type a number from 1 to ${String(count)}.`,
  },
} as const;
