/**
 * A plugin that does what no plugin may do, in the way that a flag names. Written as a stranger writes one, in plain
 * JavaScript. Tests only.
 */
import { definePlugin, FRAME_LIMIT } from 'securechat/plugin';

const nothing = () => undefined;
const never = () => new Promise(nothing);
const boom = () => {
  throw new Error('boom \x1b[2J\x07');
};
const connection = { waiting: 0, send: () => true, close: nothing };
const JOINED = { type: 'control', message: { type: 'joined', peer: false } };

/** Tells these events, one after the other, once open has returned. */
const telling = (...events) => ({
  open(_join, sink) {
    setImmediate(() => events.forEach((event) => sink(event)));
    return { ...connection, close: () => setImmediate(sink, { type: 'closed', reason: 'closed', detail: '' }) };
  },
});
const open = { type: 'open' };

const transports = {
  'create-throws': boom,
  'create-never': never,
  'create-nothing': nothing,
  'open-throws': () => ({ open: boom }),
  'open-nothing': () => ({ open: nothing }),
  'open-never': () => ({ open: () => connection }),
  'open-early': () => ({ open: (_join, sink) => (sink(open), connection) }),
  'send-throws': () => ({
    open(_join, sink) {
      setImmediate(() => {
        sink(open);
        sink({ type: 'control', message: { type: 'joined', peer: true } });
      });
      return { ...connection, send: boom };
    },
  }),
  'throws-later': () => ({
    open(_join, sink) {
      setImmediate(() => {
        sink(open);
        sink(JOINED);
        setTimeout(boom, 1);
      });
      return connection;
    },
  }),
  'rejects-later': () => ({
    open() {
      void Promise.resolve().then(boom);
      return connection;
    },
  }),
  'no-waiting': () => ({ open: (_join, sink) => (setImmediate(sink, open), { ...connection, waiting: undefined }) }),
  'waiting-throws': () => ({
    open: (_join, sink) => (setImmediate(sink, open), Object.create(connection, { waiting: { get: boom } })),
  }),
  oversize: () => telling(open, JOINED, { type: 'frame', frame: new Uint8Array(FRAME_LIMIT + 1) }),
  'no-bytes': () => telling(open, JOINED, { type: 'frame', frame: 'text' }),
  'no-object': () => telling(open, { type: 'control', message: 'joined' }),
  'after-closed': () =>
    telling(
      open,
      JOINED,
      { type: 'closed', reason: 'lost', detail: 'gone \x1b[31m' },
      { type: 'frame', frame: new Uint8Array(FRAME_LIMIT + 1) },
      { type: 'control', message: { type: 'joined', peer: true } },
      { type: 'closed', reason: 'rejected', detail: '' },
    ),
};

/** A UI that takes the terminal as a rich one does. */
const ui = (context, changes) => ({
  open: () => context.input.setRawMode?.(true),
  show: nothing,
  close: async () => void context.input.setRawMode?.(false),
  ...changes,
});

const uis = {
  'create-throws': boom,
  'open-throws': (context) => ui(context, { open: boom }),
  'show-throws': (context) => ui(context, { show: boom }),
  'close-rejects': (context) => ui(context, { show: boom, close: async () => boom() }),
  // Its second error comes while the first is told.
  'throws-twice': (context) =>
    ui(context, { open: () => setTimeout(boom, 1), close: () => (setTimeout(boom, 1), never()) }),
  'no-event': (context) => ui(context, { open: (sink) => setImmediate(sink, { type: 'send', text: 'a string' }) }),
};

const OPERATIONS = [
  ...['random', 'randomSecret', 'take', 'slice', 'reveal', 'equal', 'hash', 'digest', 'hmac', 'extract', 'expand'],
  ...[
    'x25519Public',
    'x25519',
    'cpaceShare',
    'kemPublic',
    'kemEncapsulate',
    'kemDecapsulate',
    'seal',
    'open',
    'wipeAll',
  ],
];

const cryptos = {
  'create-throws': boom,
  'create-nothing': () => ({}),
  throws: () => ({ ...Object.fromEntries(OPERATIONS.map((name) => [name, boom])), live: 0 }),
};

const wrong = (kind, ways) => ({
  description: 'does what it must not, \x1b[2Jas told',
  flags: {
    [`wrong-${kind}`]: {
      description: 'the way',
      value: 'way',
      check: (way) => (Object.hasOwn(ways, way) ? undefined : `there is no way ${way}`),
    },
  },
  create: (options, context) => ways[options[`wrong-${kind}`]](context),
});

export default definePlugin({
  name: 'misbehaving',
  api: { major: 1, minor: 0 },
  transports: { wrong: { ...wrong('transport', transports), needsRelay: false } },
  uis: { wrong: wrong('ui', uis) },
  cryptos: { wrong: wrong('crypto', cryptos) },
});
