/**
 * Adapters that break their contract while they are used: each way ends the session with one documented code, every key
 * is wiped, the UI is closed, and `done` resolves.
 */
import { describe, expect, it, test, vi } from 'vitest';
import { createTweetnaclCrypto } from '../../adapters/crypto/tweetnacl.js';
import { EXIT, isRemoteProtocolError, LocalProtocolError, RemoteProtocolError } from '../../core/errors.js';
import type {
  Connection,
  CryptoPort,
  TransportEvent,
  TransportPort,
  UiEvent,
  UiPort,
  UiView,
} from '../../core/ports.js';
import { FRAME_LIMIT } from '../../core/wire/control.js';
import { UI_CLOSE_TIMEOUT } from '../../core/session/driver.js';
import { OPEN_TIMEOUT } from '../../core/session/meeting.js';
import { CRYPTO_OPERATIONS, guardCrypto, guardTransport } from '../../core/checked-ports.js';
import { createFakeClock } from '../../plugins/testing/clock.js';
import { begin, converse, type Outcome, person, type Running } from '../support/conversation.js';
import { utf8 } from '../support/pair.js';

const JOIN = { room: 'A'.repeat(43), seat: 'B'.repeat(43), mode: 'join' } as const;
const JOINED = { type: 'control', message: { type: 'joined', peer: false } } as const;

/** A transport that tells what it is given, in this order, once open has returned. */
function telling(...events: readonly unknown[]): TransportPort & { closes: number } {
  return {
    closes: 0,
    open(_join, sink) {
      setImmediate(() => {
        for (const event of events) sink(event as TransportEvent);
      });
      return {
        waiting: 0,
        send: () => true,
        close: () => {
          this.closes += 1;
          setImmediate(() => sink({ type: 'closed', reason: 'closed', detail: '' }));
        },
      };
    },
  };
}

/** A relay's transport with something of its connection replaced. */
function altered(relay: TransportPort, change: (connection: Connection) => Partial<Connection>): TransportPort {
  return {
    open(join, sink) {
      const connection = relay.open(join, sink);
      return Object.assign(Object.create(connection) as Connection, change(connection));
    },
  };
}

function alone(party: Parameters<typeof begin>[0]): Promise<Outcome> {
  return begin(party, { open: () => ({ waiting: 0, send: () => false, close: () => undefined }) }).done;
}

function expectFailed({ exit, sentences, live, closed }: Outcome, kind: string, why: RegExp): void {
  const last = sentences.at(-1);
  expect(last).toMatchObject({ code: 'SC-506', detail: { kind } });
  expect(last?.detail['why']).toMatch(why);
  expect([exit, live, closed]).toEqual([EXIT.internal, 0, 1]);
}

function buffersOf(view: UiView): number[] {
  return Object.values(view).flatMap((value: unknown) => (value instanceof Uint8Array ? [...value] : []));
}

function boom(): never {
  throw new Error('boom');
}

test('the conversation that these tests disturb goes well undisturbed', async () => {
  const [left, right] = await converse(() => ({}));
  expect(left.sentences.at(-1)?.code).toBe('SC-316');
  expect(right.sentences.at(-1)?.code).toBe('SC-317');
  expect([left.exit, left.live, left.closed, right.live]).toEqual([EXIT.ok, 0, 1, 0]);
});

describe('a transport', () => {
  it('that throws in open', async () => {
    expectFailed(await alone({ transport: { open: boom } }), 'transport', /^Error, boom, at /);
  });

  it('that gives back no connection', async () => {
    const transport = { open: () => undefined } as unknown as TransportPort;
    expectFailed(await alone({ transport }), 'transport', /no connection/);
  });

  it('that throws in send', async () => {
    const [left] = await converse((relay) => ({ transport: altered(relay, () => ({ send: boom })) }));
    expectFailed(left, 'transport', /boom/);
  });

  it.each([
    ['nothing', () => undefined, /bytes wait/],
    ['-1', () => -1, /bytes wait/],
    ['NaN', () => Number.NaN, /bytes wait/],
    ['a string', () => '0', /bytes wait/],
    ['an error', boom, /boom/],
  ])('that answers with %s when it is asked how many bytes wait', async (_what, waiting: () => unknown, why) => {
    const breaking = (connection: object): Connection =>
      Object.create(connection, { waiting: { get: waiting } }) as Connection;
    const [left] = await converse((relay) => ({
      transport: { open: (join, sink) => breaking(relay.open(join, sink)) },
    }));
    expectFailed(left, 'transport', why);

    const errors: unknown[] = [];
    const connection = breaking({ send: () => true, close: () => undefined });
    const guarded = guardTransport({ open: () => connection }, (error) => errors.push(error)).open(JOIN, boom);
    expect([guarded.waiting, guarded.waiting]).toEqual([0, 0]);
    expect(errors).toEqual([expect.objectContaining({ code: 'SC-506' })]);
  });

  it('that tells how many bytes wait: asked until it has closed', () => {
    let tell: (event: TransportEvent) => void = boom;
    const transport: TransportPort = {
      open(_join, sink) {
        tell = sink;
        return { waiting: 7, send: () => true, close: () => undefined };
      },
    };
    const connection = guardTransport(transport, boom).open(JOIN, () => undefined);
    expect(connection.waiting).toBe(7);
    tell({ type: 'closed', reason: 'lost', detail: '' });
    expect(connection.waiting).toBe(0);
  });

  it('that throws in send in the middle of the chat: the peer is not left waiting', async () => {
    let sent = 0;
    const [left, right] = await converse((relay) => ({
      transport: altered(relay, ({ send }) => ({
        send: (frame) => {
          sent += 1;
          return sent > 3 ? boom() : send(frame);
        },
      })),
    }));
    expectFailed(left, 'transport', /boom/);
    expect(right.exit).not.toBe(EXIT.ok);
    expect(right.live).toBe(0);
  });

  it('that throws in close: nothing changes', async () => {
    const [left] = await converse((relay) => ({
      transport: altered(relay, ({ close }) => ({
        close: () => {
          close();
          boom();
        },
      })),
    }));
    expect(left.sentences.at(-1)?.code).toBe('SC-316');
    expect([left.exit, left.live]).toEqual([EXIT.ok, 0]);
  });

  const open = { type: 'open' };
  it.each<[string, unknown[], RegExp]>([
    ['nothing', [undefined], /event that is none/],
    ['a word', ['open'], /event that is none/],
    ['an unknown event', [{ type: 'hello' }], /event that is none/],
    ['open twice', [open, open], /twice/],
    ['a frame before open', [{ type: 'frame', frame: new Uint8Array(1) }], /"frame" before it was open/],
    ['control before open', [JOINED], /"control" before it was open/],
    ['drain before open', [{ type: 'drain' }], /"drain" before it was open/],
    ['an empty frame', [open, { type: 'frame', frame: new Uint8Array(0) }], /frame of 0 bytes/],
    ['an oversize frame', [open, { type: 'frame', frame: new Uint8Array(FRAME_LIMIT + 1) }], /frame of 73729 bytes/],
    ['a frame of text', [open, { type: 'frame', frame: 'abc' }], /not made of bytes/],
    ['an end without a reason', [{ type: 'closed' }], /end without a reason/],
    ['an end for a reason of its own', [{ type: 'closed', reason: 'toString', detail: '' }], /end without a reason/],
    ['an end with a code of another part', [{ type: 'closed', reason: 'lost', detail: '', code: 'SC-401' }], /code/],
    ['an end without a detail', [{ type: 'closed', reason: 'lost' }], /end without a reason/],
  ])('that tells %s', async (_what, events, why) => {
    const transport = telling(...events);
    expectFailed(await alone({ transport }), 'transport', why);
    expect(transport.closes).toBe(1);
  });

  it('whose end has a code that says more: the person is told that one', async () => {
    const transport = telling({ type: 'closed', reason: 'rejected', detail: 'CERT_HAS_EXPIRED', code: 'SC-113' });
    const outcome = await alone({ transport });
    expect(outcome.sentences.at(-1)).toMatchObject({ code: 'SC-113', detail: { why: 'CERT_HAS_EXPIRED' } });
    expect(outcome.exit).toBe(EXIT.relay);
  });

  it('that reports before open has returned', async () => {
    const transport: TransportPort = {
      open(_join, sink) {
        sink({ type: 'open' });
        return { waiting: 0, send: () => false, close: () => sink({ type: 'closed', reason: 'closed', detail: '' }) };
      },
    };
    expectFailed(await alone({ transport }), 'transport', /before open had returned/);
  });

  it.each([undefined, null, 'joined', 7, [], {}, { type: 'joined' }, { type: 'joined', peer: 'yes' }])(
    'whose control message is %j',
    async (message) => {
      const outcome = await alone({ transport: telling(open, { type: 'control', message }) });
      expect(outcome.sentences.at(-1)?.code).toBe('SC-107');
      expect([outcome.exit, outcome.live, outcome.closed]).toEqual([EXIT.relay, 0, 1]);
    },
  );

  it('that goes on after closed: nothing of it is heard', async () => {
    let late = 0;
    const [left, right] = await converse((relay) => ({
      transport: {
        open: (join, sink) =>
          relay.open(join, (event) => {
            sink(event);
            if (event.type !== 'closed') return;
            late += 1;
            for (const type of ['open', 'drain'] as const) sink({ type });
            sink({ type: 'frame', frame: new Uint8Array(FRAME_LIMIT + 1) });
            sink({ type: 'control', message: { type: 'peer-joined' } });
            sink(event);
          }),
      },
    }));
    expect(late).toBe(1);
    expect([left.exit, right.exit]).toEqual([EXIT.ok, EXIT.ok]);
    expect(left.sentences.map(({ code }) => code)).not.toContain('SC-506');
  });

  it('that never says anything is given up after OPEN_TIMEOUT, also when it does not close', async () => {
    const clock = createFakeClock();
    const closes = vi.fn();
    const { done } = begin(
      { clock, transport: { open: () => ({ waiting: 0, send: () => false, close: closes }) } },
      undefined as never,
    );
    clock.advance(OPEN_TIMEOUT - 1);
    expect(closes).not.toHaveBeenCalled();
    clock.advance(1);
    expect(closes).toHaveBeenCalledOnce();
    const outcome = await settled(done, clock.advance);
    expect(outcome.sentences.at(-1)).toMatchObject({ code: 'SC-101', detail: { why: 'no connection in time' } });
    expect([outcome.exit, outcome.live, outcome.closed]).toEqual([EXIT.relay, 0, 1]);
  });
});

/** Moves the time on until it is done. */
async function settled(done: Promise<Outcome>, advance: (ms: number) => void): Promise<Outcome> {
  let outcome: Outcome | undefined;
  void done.then((value) => (outcome = value));
  while (outcome === undefined) {
    await new Promise((resolve) => setImmediate(resolve));
    advance(100);
  }
  return outcome;
}

describe('a UI', () => {
  const quiet = telling({ type: 'open' }, JOINED);

  it('that throws in open: the end is told beside it', async () => {
    const ui: UiPort = { open: boom, show: () => undefined, close: () => Promise.resolve() };
    const outcome = await alone({ ui, transport: quiet });
    expect(outcome.sentences.at(-1)).toMatchObject({ code: 'SC-506', detail: { kind: 'ui' } });
    // It has seen text: its words are not repeated.
    expect(outcome.sentences.at(-1)?.detail['why']).not.toMatch(/boom/);
    expect([outcome.exit, outcome.live, outcome.untold]).toEqual([EXIT.internal, 0, ['SC-506']]);
  });

  it('that throws at any one of the things it is shown', async () => {
    const count = (await converse(() => ({})))[0].shown.length;
    for (let bad = 0; bad < count; bad++) {
      let thrownAt: UiView | undefined;
      let shown = 0;
      let closed = 0;
      const inner = person(true);
      const ui: UiPort = {
        open: inner.open.bind(inner),
        show(view: UiView) {
          shown += 1;
          if (shown - 1 === bad) {
            thrownAt = view;
            boom();
          }
          inner.show(view);
        },
        close: () => {
          closed += 1;
          return Promise.resolve();
        },
      };
      const [left, right] = await converse(() => ({ ui }));
      if (thrownAt === undefined) continue;
      const isEnd = thrownAt.type === 'ended';
      const after = isEnd || (thrownAt.type === 'state' && thrownAt.state === 'destroyed');
      expect(left.sentences.at(-1)?.code, `view ${bad}`).toBe(after ? 'SC-316' : 'SC-506');
      // Only the end itself, when it could not be shown, is told beside the UI.
      expect(left.untold, `view ${bad}`).toEqual(isEnd ? ['SC-316'] : []);
      expect([left.live, right.live, closed]).toEqual([0, 0, 1]);
      // What it was given to show is wiped as ever.
      expect(buffersOf(thrownAt).every((byte) => byte === 0)).toBe(true);
    }
  });

  it.each<[string, () => Promise<void>]>([
    ['rejects', () => Promise.reject(new Error('boom'))],
    ['throws', boom],
  ])('whose close %s: the end is told beside it', async (_how, close) => {
    const ui = { ...person(true), close };
    const [left] = await converse(() => ({ ui }));
    expect([left.exit, left.live, left.untold]).toEqual([EXIT.ok, 0, ['SC-316']]);
  });

  it('whose close never ends is not waited for', async () => {
    const clock = createFakeClock();
    const ui: UiPort = { open: () => undefined, show: () => undefined, close: () => new Promise(() => undefined) };
    const running = begin({ ui, clock, transport: quiet }, undefined as never);
    running.chat.interrupt();
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(UI_CLOSE_TIMEOUT);
    const outcome = await settled(running.done, clock.advance);
    expect([outcome.exit, outcome.live, outcome.untold]).toEqual([EXIT.interrupted, 0, ['SC-311']]);
  });

  it.each([
    undefined,
    'quit',
    { type: 'send', text: 'hello' },
    { type: 'confirm' },
    { type: 'malformed' },
    { type: 'gone', why: 'bored' },
    { type: 'x' },
  ])('that reports %j', async (event) => {
    const inner = person(true);
    const ui: UiPort = {
      open(sink) {
        inner.open(sink);
        setImmediate(() => sink(event as never));
      },
      show: inner.show.bind(inner),
      close: inner.close.bind(inner),
    };
    const outcome = await alone({ ui, transport: quiet });
    expect(outcome.sentences.at(-1)).toMatchObject({ code: 'SC-506', detail: { kind: 'ui', why: /none/ } });
    expect([outcome.exit, outcome.live, inner.closed]).toEqual([EXIT.internal, 0, 1]);
  });
});

describe('a crypto adapter', () => {
  /** Throws at the n-th call of all, and with `ever` at each one after it. */
  function failing(n: number, ever: boolean): CryptoPort & { readonly calls: number } {
    const crypto = createTweetnaclCrypto();
    let calls = 0;
    const failing: Record<string, unknown> = {};
    for (const name of CRYPTO_OPERATIONS) {
      const operation = crypto[name as 'random'] as (...inputs: unknown[]) => unknown;
      failing[name] = (...inputs: unknown[]) => {
        calls += 1;
        if (calls - 1 === n || (ever && calls > n)) boom();
        return operation(...inputs);
      };
    }
    Object.defineProperty(failing, 'live', { get: () => crypto.live });
    Object.defineProperty(failing, 'calls', { get: () => calls });
    return failing as unknown as CryptoPort & { readonly calls: number };
  }

  it('that throws at any one of its calls, once', async () => {
    const whole = failing(Number.POSITIVE_INFINITY, false);
    await converse(() => ({ crypto: whole }));
    expect(whole.calls).toBeGreaterThan(60);
    const ends = new Map<string, number>();
    for (let n = 0; n < whole.calls; n += 2) {
      let code = 'at once';
      try {
        const [left, right] = await converse(() => ({ crypto: failing(n, false) }));
        code = left.sentences.at(-1)?.code ?? 'nothing';
        expect([left.live, right.live], `call ${n}`).toEqual([0, 0]);
      } catch (error) {
        expect(error, `call ${n}`).toMatchObject({ code: 'SC-506', detail: { kind: 'crypto' } });
      }
      ends.set(code, (ends.get(code) ?? 0) + 1);
    }
    // A call after the goodbye changes nothing any more.
    expect(['SC-316', 'SC-506', 'at once']).toEqual(expect.arrayContaining([...ends.keys()]));
    expect(ends.get('SC-506')).toBeGreaterThan(20);
  });

  it.each([0, 10, 30, 60])('that throws from its call %d on', async (n) => {
    let code: unknown;
    try {
      const [left] = await converse(() => ({ crypto: failing(n, true) }));
      code = left.sentences.at(-1)?.code;
    } catch (error) {
      code = (error as { code?: unknown }).code;
    }
    expect(code).toBe('SC-506');
  });

  it('whose errors are ours is taken at its word, also when they come from another copy of ours', async () => {
    vi.resetModules();
    const another = (await import('../../core/errors.js')).RemoteProtocolError;
    expect(another).not.toBe(RemoteProtocolError);
    for (const error of [new RemoteProtocolError('a zero point'), new another('a zero point')]) {
      const crypto = guardCrypto({
        ...createTweetnaclCrypto(),
        digest: () => {
          throw error;
        },
      });
      expect(() => crypto.digest([])).toThrow(error);
      expect(isRemoteProtocolError(error)).toBe(true);
    }
  });
});

describe('the one wipe', () => {
  /** Tells when a secret is wiped, which may refuse. They are of no use for anything else. */
  function watched(wiped: () => void, refuses: boolean): CryptoPort {
    const crypto = createTweetnaclCrypto();
    const take = (bytes: Uint8Array) => {
      const secret = crypto.take(bytes);
      const wipe = (): void => {
        wiped();
        if (refuses) boom();
        secret.wipe();
      };
      return { length: secret.length, wipe };
    };
    return { ...crypto, take, wipeAll: () => crypto.wipeAll() };
  }

  it.each<[string, (chat: Running['chat'], tell: (event: UiEvent) => void) => void, boolean]>([
    ['a signal', (chat) => chat.interrupt(), false],
    ['the panic key', (_chat, tell) => tell({ type: 'wipe' }), false],
    ['an error that nobody caught', (chat) => chat.fail(new LocalProtocolError('x')), false],
    [
      'an error that nobody caught, with keys that cannot be wiped',
      (chat) => chat.fail(new LocalProtocolError('x')),
      true,
    ],
  ])('by %s: keys, then text, then the screen', async (_by, end, refuses) => {
    const held = utf8('typed before the peer came');
    const order: string[] = [];
    let tell: (event: UiEvent) => void = () => undefined;
    const ui: UiPort = {
      open(to) {
        tell = to;
      },
      show({ type }) {
        if (type === 'ended') order.push(held.every((byte) => byte === 0) ? 'text' : 'no text');
      },
      close: async () => void order.push('screen'),
    };
    const crypto = watched(() => order.push(held[0] === 0 ? 'key, too late' : 'key'), refuses);
    const relay = { open: () => ({ waiting: 0, send: () => false, close: () => undefined }) };
    const running = begin({ ui, crypto }, relay);
    tell({ type: 'send', text: held });
    end(running.chat, (event) => tell(event));
    await running.done;
    expect(order).toEqual(['key', 'text', 'screen']);
  });
});
