/**
 * What the first comment of a file of the core says may not be in it is not in it. Each claim stands here with the words of
 * the header, so that neither can change without the other.
 */
import { describe, expect, test } from 'vitest';
import { SOURCES, text } from './sources.js';

/** The first comment, on one line. */
function header(source: string): string {
  const [, comment = ''] = /^\/\*\*([^]*?)\*\//.exec(source) ?? [];
  return comment.replace(/\s*\n\s*\*\s?/g, ' ').trim();
}

/** The code without its comments, and without what a programmer is told. */
function code(source: string): string {
  return source
    .replace(/'(?:\\.|[^'\\\n])*'|\/\*[^]*?\*\/|\/\/[^\n]*/g, (found) => (found.startsWith('/') ? '' : found))
    .replace(/\bnew \w*Error\([^;]*?\)(?=[;,\n])/g, 'new Error()');
}

/** What a claim forbids, and a line that it must refuse. */
interface Forbidden {
  readonly pattern: RegExp;
  readonly planted: string;
}

const imports = (...files: readonly string[]): Forbidden => ({
  pattern: new RegExp(`from '[^']*/(?:${files.join('|')})\\.js'`),
  planted: `import { it } from './${files[0] ?? ''}.js';`,
});

const KEY: Forbidden = {
  pattern: /\bKey<|\bSecret\b|\bderive\(|\.reveal\(|\/keys\.js'/,
  planted: "let k: Key<'chain'>;",
};
const BYTES: Forbidden = { pattern: /\bUint8Array\b/, planted: 'const frame = new Uint8Array(1);' };
const TIME: Forbidden = { pattern: /\bnow\b|\bNEVER\b|\/timers\.js'/, planted: 'tick(now) {}' };
const TIMER = imports('timers', 'liveness', 'beat');
const CLOCK: Forbidden = { pattern: /\b(?:Clock\w*|wallTime|Date)\b|\.now\(/, planted: 'clock.now();' };
const TEXT: Forbidden = { pattern: /\bTextRecord\b|\/text\.js'|\btext:/, planted: "import { x } from './text.js';" };
const EFFECT: Forbidden = {
  pattern: /\bemit\(|\bnotice\(|\/events\.js'/,
  planted: "host.emit({ type: 'disconnect' });",
};
/** Effects that are a connection's. */
const CONNECTION: Forbidden = {
  pattern: /type: '(?:connect|join|transmit|disconnect)'|\/line\.js'/,
  planted: "host.emit({ type: 'transmit', frame });",
};
const END: Forbidden = { pattern: /type: 'ended'|move\('end'\)/, planted: "host.move('end');" };
const CRYPTO: Forbidden = { pattern: /\.(?:seal|open)\(|\bsealChunk\b|\bopenChunk\b/, planted: 'ratchet.seal(1);' };
const OPENING: Forbidden = { pattern: /ratchet\.open\(|\bopenChunk\b/, planted: 'ratchet.open(1, frame);' };
const CHANCE: Forbidden = { pattern: /\brandom/, planted: 'crypto.random(2);' };
const LABEL: Forbidden = { pattern: /\blabel\(/, planted: "label('chain A');" };
/** Words one after the other, as in a sentence; not what a programmer is told. */
const SENTENCE: Forbidden = {
  pattern: /'(?:[A-Za-z][a-z']*,? ){4}/,
  planted: "say('the relay is not there today');",
};
const VALUE: Forbidden = { pattern: /^(?:export )?(?:const|let|function|class)\b/m, planted: 'export const one = 1;' };
const DECISION: Forbidden = { pattern: /\bnext\(state\b|\bmove\(state\b|\.may\(/, planted: 'move(state, transition);' };

/** File, words of its header, and what they forbid. */
const CLAIMS: readonly (readonly [string, string, ...Forbidden[]])[] = [
  ['core/duration.ts', 'No sentence may be in this file', SENTENCE],
  ['core/errors.ts', 'No sentence a person reads may be in this file', SENTENCE],
  [
    'core/protocol/bytes.ts',
    'No key and no state may be in this file',
    imports('keys'),
    { pattern: /^let\b/m, planted: 'let n = 0;' },
  ],
  [
    'core/protocol/codec.ts',
    'No kind of record may be in this file',
    { pattern: /type: '/, planted: "{ type: 'ping' }" },
  ],
  [
    'core/protocol/frame.ts',
    'no key, no sequence state and no meaning of records may be in this file',
    KEY,
    imports('ratchet'),
    { pattern: /^let\b/m, planted: 'let seq = 0;' },
  ],
  ['core/protocol/handshake-keys.ts', 'No order of messages may be in this file', imports('handshake')],
  ['core/protocol/keys.ts', 'no label may be in this file', LABEL],
  ['core/protocol/ratchet.ts', 'No ack or timer may be in this file', TIME, TIMER],
  ['core/protocol/resume.ts', 'No frame is opened here', OPENING],
  ['core/protocol/resume.ts', 'no timer and no connection may be in this file', TIME, TIMER, CONNECTION],
  ['core/protocol/stream-keys.ts', 'no chain and no epoch may be in this file', imports('ratchet', 'frame')],
  ['core/protocol/ticket.ts', 'No chance may be in this file', CHANCE],
  ['core/relay/addresses.ts', 'no room and no clock may be in this file', imports('rooms', 'seating'), CLOCK],
  ['core/relay/admission.ts', 'No room and no member may be in this file', imports('rooms', 'seats')],
  [
    'core/relay/cluster-batches.ts',
    'Which seat is linked with which, and what a record leads to, may not be in this file',
    imports('cluster', 'seats', 'rooms'),
  ],
  ['core/relay/cluster-port.ts', 'No rule may be here', VALUE],
  [
    'core/relay/cluster.ts',
    'no clock, no Redis and no log may be in this file',
    { pattern: /ioredis|\.log\(/, planted: 'console.log(1);' },
  ],
  ['core/relay/deadlines.ts', 'No clock may be in this file', CLOCK],
  [
    'core/relay/limits.ts',
    'No state of a room may be in this file',
    imports('rooms', 'seats'),
    { pattern: /^let\b/m, planted: 'let n = 0;' },
  ],
  ['core/relay/seating.ts', 'no limit of an address may be in this file', imports('admission', 'addresses')],
  ['core/relay/seats.ts', 'No rule may be in this file', { pattern: /\bif \(/, planted: 'if (full) refuse();' }],
  ['core/session/asking.ts', 'no connection may be in this file', CONNECTION],
  ['core/session/attempts.ts', 'returned, never done here', CONNECTION, END],
  ['core/session/beat.ts', 'Times only', BYTES],
  [
    'core/session/bulk/entries.ts',
    'no file, no hash and no stream may be in this file',
    imports('streams', 'incoming', 'outgoing'),
    { pattern: /\bdigest\(|\bcrypto\b/, planted: 'crypto.digest([x]);' },
  ],
  [
    'core/session/bulk/incoming.ts',
    'No record and no other stream may be in this file',
    imports('records', 'bulk-records', 'streams'),
  ],
  [
    'core/session/bulk/keys.ts',
    'No chunk and no counter of a sender or receiver may be kept in this file',
    imports('chunk', 'incoming', 'outgoing'),
  ],
  [
    'core/session/bulk/outgoing.ts',
    'No record and no other stream may be in this file',
    imports('records', 'bulk-records', 'streams'),
  ],
  [
    'core/session/carriage.ts',
    'no goodbye and no connection may be in this file',
    imports('goodbye', 'farewell'),
    CONNECTION,
  ],
  ['core/session/compare.ts', 'neither seals nor opens a frame', CRYPTO],
  ['core/session/compare.ts', 'no word and no sentence may be in this file', SENTENCE, imports('words')],
  ['core/session/composer.ts', 'Nothing is sealed in this file', CRYPTO],
  ['core/session/composer.ts', 'no time of a heartbeat is decided', imports('liveness', 'beat')],
  ['core/session/conversation.ts', 'nothing ends the session here', END],
  [
    'core/session/controls.ts',
    'no frame may be in this file',
    imports('frame'),
    { pattern: /\bframe:/, planted: 'frame: Uint8Array' },
  ],
  [
    'core/session/conversation-parts.ts',
    'nothing happens in this file',
    { pattern: /\bemit\(|\bnotice\(|\.move\(/, planted: "host.notice('SC-332');" },
  ],
  ['core/session/driver.ts', 'No decision may be made here', imports('transitions'), DECISION],
  ['core/session/events.ts', 'Types only', VALUE],
  ['core/session/farewell.ts', 'may not be decided in this file', TIMER, imports('timers')],
  ['core/session/goodbye.ts', 'no frame may be made here', imports('channel', 'ratchet', 'frame'), BYTES],
  [
    'core/session/incoming.ts',
    'no connection and no decision about the session may be in this file',
    CONNECTION,
    END,
    { pattern: /\.move\(/, planted: "host.move('lost');" },
  ],
  ['core/session/line.ts', 'no key may be in this file', KEY],
  ['core/session/liveness.ts', 'no frame and no window may be in this file', BYTES, imports('unacked', 'frame')],
  [
    'core/session/meeting.ts',
    'nothing after the handshake may be here',
    imports('talk', 'conversation', 'channel', 'resume', 'ratchet'),
  ],
  ['core/session/path-candidates.ts', 'no socket, no name', imports('line', 'path', 'path-links'), EFFECT],
  ['core/session/person.ts', 'a session is ended in session.ts alone', END],
  ['core/session/person.ts', 'No connection and no key may be in this file', CONNECTION, KEY],
  ['core/session/presence.ts', 'no frame and no record may be in this file', BYTES, imports('records')],
  ['core/session/rekey.ts', 'no frame is sealed and no key may be in this file', CRYPTO, KEY],
  ['core/session/resume.ts', 'No record and no text may be in this file', imports('records'), TEXT],
  ['core/session/round-trip.ts', 'no clock may be read in this file', CLOCK],
  ['core/session/session.ts', 'no I/O, no clock, no sentence may be in this file', CLOCK, SENTENCE],
  ['core/session/talk.ts', 'nothing ends the session here', END],
  ['core/session/tally.ts', 'No message and no time may be in this file', BYTES, TIME],
  [
    'core/session/ticket-work.ts',
    'No effect and no state of the session may be in this file',
    EFFECT,
    imports('transitions'),
  ],
  [
    'core/session/transfers.ts',
    'No counter, no credit and no key may be in this file',
    KEY,
    { pattern: /\bcredit/i, planted: 'streams.credits(now);' },
    { pattern: /\bcounter\b/, planted: 'counter += 1;' },
  ],
  ['core/session/transitions.ts', 'No effect and no key may be in this file', EFFECT, KEY],
  ['core/session/trust.ts', 'no frame and no text may be in this file', BYTES, TEXT],
  [
    'core/session/typed-code.ts',
    'No connection and no attempt may be in this file',
    CONNECTION,
    imports('attempts', 'handshake'),
  ],
  ['core/session/unacked.ts', 'no plaintext and no key may be in this file', KEY, TEXT],
  ['core/session/views.ts', 'no sentence may be in this file', SENTENCE],
  ['core/wire/control.ts', 'No socket and no state may be in this file', { pattern: /^let\b/m, planted: 'let n = 0;' }],
];

test.each(CLAIMS.map(([file, words, ...forbidden]) => ({ file, words, forbidden })))(
  '$file: $words',
  ({ file, words, forbidden }) => {
    const source = text(file);
    expect(header(source).toLowerCase()).toContain(words.toLowerCase());
    for (const { pattern } of forbidden) expect(pattern.exec(code(source))?.[0]).toBeUndefined();
  },
);

test('what a claim forbids is found where it is planted', () => {
  for (const [, , ...forbidden] of CLAIMS)
    for (const { pattern, planted } of forbidden) expect(code(`/** none */\n${planted}`)).toMatch(pattern);
  expect(code("/** new Uint8Array(1) */ // Secret\nconst a = '/* Key< */';")).not.toMatch(BYTES.pattern);
});

/** Claims that no search for words can check. */
const BY_OTHER_MEANS: Readonly<Record<string, string>> = {
  'core/session/channel.ts': 'test/core/session/hostile.test.ts, and the memory of the process in test/e2e',
  'core/session/outgoing.ts': 'buffers are wiped: test/core/session/endings.test.ts',
  'core/session/bulk/file-path.ts': 'it has no file system to ask: its tsconfig',
  'core/session/bulk/streams.ts': 'test/core/session/bulk/streams.test.ts',
};

test('every header of the session that says what may not be there is looked at', () => {
  const known = new Set([...CLAIMS.map(([file]) => file), ...Object.keys(BY_OTHER_MEANS)]);
  const claiming = SOURCES.filter(
    (file) =>
      file.startsWith('core/session/') &&
      /\b(?:no|nothing|never|neither|not)\b[^.]*\b(?:here|in this file)\b/i.test(header(text(file))),
  );
  expect(claiming.length).toBeGreaterThan(25);
  expect(claiming.filter((file) => !known.has(file))).toEqual([]);
});

describe('in core/session', () => {
  const SESSION = SOURCES.filter((file) => file.startsWith('core/session/'));
  const having = (pattern: RegExp): string[] => SESSION.filter((file) => pattern.test(code(text(file))));

  test('one file ends a session', () => {
    expect(having(/emit\(\{ type: 'show', view: \{ type: 'ended'|\bmove\('end'\)/)).toEqual([
      'core/session/session.ts',
    ]);
  });

  test('one file has the connection', () => {
    expect(having(/emit\(\{ type: '(?:connect|join|transmit|disconnect)'/)).toEqual(['core/session/line.ts']);
  });

  test('one file has the state, and asks the table', () => {
    const typed = having(/import type \{[^}]*\bState\b[^}]*\} from '\.\.\/ports\.js'/);
    expect(typed).toEqual(['core/session/session.ts', 'core/session/transitions.ts']);
    expect(having(/import \{[^}]*\b(?:move|next)\b[^}]*\} from '\.\/transitions\.js'/)).toEqual([
      'core/session/session.ts',
    ]);
  });

  /** `idle` is a phase of others as well: of them only session.ts has a state. */
  const STATES = ['searching', 'handshaking', 'confirming', 'active', 'reconnecting', 'closing', 'destroyed'];
  const onState = new RegExp(`(?:[!=]== |case )'(?:${STATES.join('|')})'`);
  const onIdle = /\bstate [!=]== '/;

  test('nothing but the table decides by the state', () => {
    expect(having(onState)).toEqual([]);
    expect(code(text('core/session/session.ts'))).not.toMatch(onIdle);
    for (const planted of ["if (state === 'closing') return;", "case 'active':"]) expect(planted).toMatch(onState);
    expect("if (state !== 'idle') return;").toMatch(onIdle);
  });

  test('one file waits for something', () => {
    expect(having(/\bPromise[.(]|\basync\b|\bawait\b/)).toEqual(['core/session/driver.ts']);
  });

  test('there is one infinity, and it is not here', () => {
    expect(having(/\bInfinity\b|_INFINITY\b/)).toEqual([]);
    expect(text('core/timers.ts').match(/_INFINITY\b/g)).toHaveLength(1);
  });
});
