/**
 * Every sentence that a relay says to its operator, and what a person reads who looks at it with a browser. Nothing that
 * identifies a client may be in this file or be passed to it.
 */
import { FLAG_WORDS } from './flags.js';

const { cannotUse, missingValue, noValue, surplus, unknown } = FLAG_WORDS;

/** What happened, then what to do, a line each, as every program here says it. */
const failed = (code: string, why: string, hint?: string): string =>
  `error: ${why}. (${code})${hint === undefined ? '' : `\nhint: ${hint}`}`;

export const RELAY_WORDS = {
  plainHttp: (kinds: readonly string[]) =>
    `This is a securechat relay: connect with securechat${kinds.includes('ws') ? '' : ' --transport socketio'}.\n`,

  // What the program says while it runs.
  listening: (url: string) => `listening on ${url}`,
  page: (url: string) => `page on ${url}`,
  monitor: (url: string) => `monitor on ${url}`,
  newCertificate: (about: string) => `new certificate: ${about}`,
  oldCertificate: (why: string) => failed('SC-503', `${why}. The old certificate stays`),
  noCertificate: 'SIGHUP: there is no certificate to read again (no --tls-cert)',
  expired: 'The certificate has expired: clients will refuse it.',
  newExpired: 'the new certificate has expired',
  cannotListen: (why: string) => failed('SC-111', `Cannot listen there (${why})`, 'Choose another --host or --port.'),
  refused: (why: string, name: string) => failed('SC-503', why, `See ${name} --help.`),
  unusable: (why: string) => failed('SC-503', why, 'Correct it, then look with --check-config.'),
  defect: failed('SC-501', 'The relay ended because of a defect'),
  unknownReason: 'unknown reason',
  redisShared: 'rooms are shared over Redis',
  redisLost: 'the connection to Redis is down: only rooms with both seats on this relay go on',
  redisUnusable: (why: string) => `Redis cannot be used (${why}); still trying`,
  noReason: 'no reason given',

  // What is wrong with flags and files.
  flagsUnreadable: 'the flags cannot be read',
  unknownFlag: (flag: string, meant: string | undefined) => cannotUse(undefined, unknown(flag, meant)),
  noValue: (flag: string) => cannotUse(undefined, noValue(flag)),
  missingValue: (flag: string) => cannotUse(flag, missingValue),
  surplus: (word: string, meant: string | undefined) => cannotUse(undefined, surplus(word, meant)),
  configurationUnreadable: 'the configuration cannot be read',
  needs: (flag: string, what: string) => `--${flag} needs ${what}`,
  needsWhole: (flag: string, min: number, max: number) =>
    `--${flag} needs a whole number from ${String(min)} to ${String(max)}`,
  needsDuration: (flag: string, longest: string) =>
    `--${flag} needs a duration of at most ${longest}, such as 90s or 15m`,
  notHost: (flag: string, host: string) => `--${flag}: "${host}" is not an address or a name`,
  notProxy: (text: string, word: string) => `--trust-proxy: "${text}" is not an address, a network or "${word}"`,
  together: (one: string, other: string) => `--${one} and --${other} need each other`,
  without: (one: string, other: string) => `--${one} needs --${other}`,
  anyHost: 'an address or a name',
  anyFile: 'a file',
  anyProxy: (word: string) => `addresses, networks or the word ${word}`,
  anyCluster: 'an address like redis://127.0.0.1:6379',
  notCluster: '--cluster is not an address',
  debugging: (name: string) => `${name} is set, and makes Node write down addresses: unset it`,
  unreadable: (flag: string, why: string) => `${flag} cannot be read (${why})`,
  tooLarge: (flag: string, limit: string) => `${flag} is not a PEM file: it is larger than ${limit}`,
  noPage: '--page: the file page.html is not beside this program (SC-369)',
  pageNeedsWs: '--page: a page speaks plain WebSocket, which this relay does not take',
  notAPage: '--page: page.html is not what the build makes',
  noPair: (why: string) => `--tls-cert and --tls-key are not a certificate and its key in PEM (${why})`,
  validUntil: (names: string, date: string) => `${names}, until ${date}`,

  // --check-config
  none: 'none',
  labels: {
    listens: 'listens on',
    certificate: 'certificate',
    proxies: 'proxies',
    monitor: 'monitor',
    cluster: 'cluster',
    drain: 'drain',
    masking: 'masking',
  },
  masking: (by: string | undefined) => (by === undefined ? 'JavaScript' : `native, by ${by}`),
  plain: 'No TLS here and no proxy named: clients refuse plain ws:// to another machine.',
  slow: 'bufferutil is not installed: the relay runs, and large frames cost more.',
  files: (files: number) =>
    `This machine allows ${String(files)} open files: fewer connections than --max-connections.`,
  usable: 'The configuration can be used.',
  notUsable: 'Do not use it like this.',

  // --help
  summary: (name: string) =>
    `${name}: a relay for securechat. It sees room ids, sizes, times and addresses, and writes none of them down.`,
  limits: 'Limits (a duration is a number of seconds, or one with ms, s, m or h):',
  flags: {
    host: (value: string) => `where to listen (${value})`,
    port: (value: number) => `where to listen; 0 takes a free port (${String(value)})`,
    tlsCert: 'PEM chain; with --tls-key the relay listens for wss://, and SIGHUP reads both again',
    tlsKey: 'PEM key',
    trustProxy: (word: string) => `proxies whose X-Forwarded-For to believe: ${word}, 10.0.0.2, 10.1.0.0/16`,
    monitorPort: '/healthz, /readyz and /metrics; 0 takes a free port (none)',
    monitorHost: (value: string) => `where to listen for these (${value})`,
    page: 'serve the page for browsers at /; whoever opens it trusts you (off)',
    drain: (value: string) => `how long clients have to leave after SIGTERM (${value})`,
    cluster: 'Redis 7 or Valkey, redis:// or rediss://, where relays share their rooms (none)',
    check: 'say what is wrong with the flags and files, and stop',
    help: 'show this',
  },
  limit: {
    connections: 'open connections',
    connectionsPerSecond: 'new connections a second',
    connectionsPerAddress: 'open connections of one address',
    arrivalsPerAddress: 'new connections of one address a second',
    joinsPerMinute: 'joins of one address a minute',
    failedJoins: 'joins of one address in 10 minutes that meet nobody',
    rooms: 'rooms',
    joinTimeoutMs: 'from connecting to the join',
    waitTimeoutMs: 'alone in a room',
    idleTimeoutMs: 'without a frame in a room of two',
    framesPerSecond: 'frames of 4 KiB and less of one connection a second',
    frameBurst: 'such frames of one connection at once',
    bytesPerSecond: 'bytes of one connection a second',
  },

  // The monitor
  ready: 'ready\n',
  stopping: 'stopping\n',
  redisDown: 'the connection to Redis is down\n',
  monitorPaths: 'There are /healthz, /readyz and /metrics.\n',
  getOnly: 'GET only.\n',
} as const;

/** What each metric counts. */
export const METRIC_WORDS = {
  connections: 'Open connections.',
  rooms: 'Rooms with at least one seat taken.',
  addresses: 'Addresses that limits are kept for.',
  made: 'Connections made.',
  ends: 'Connections ended, by why.',
  joins: 'Joins, by what became of them.',
  frames: 'Frames forwarded.',
  bytes: (step: number) => `Bytes of frames forwarded, in steps of ${String(step)}.`,
  clusterUp: '1: the connection to Redis is up.',
  clusterRelays: 'Relays that share their rooms, this one too.',
  clusterLosses: 'How often the connection to Redis was lost.',
  clusterFrames: 'Frames that went to another relay.',
  waits: 'From a join to the peer.',
} as const;
