/**
 * The contract of TransportPort (core/ports.ts) as tests for any runner: order, one end, limits, back-pressure, binary
 * safety. A failed check throws. No test runner and no particular transport may be in this file.
 */
import type { CloseReason, Connection, TransportEvent, TransportPort } from '../../core/ports.js';
import { base64url } from '../../core/protocol/bytes.js';
import { checkRelayMessage, FRAME_LIMIT, type Join, WAITING_LIMIT, WAITING_MARK } from '../../core/wire/control.js';
import { ensure, equal, same } from './assert.js';

/** What is awaited and has not come after this many milliseconds fails the test. */
export const PATIENCE_MS = 15_000;
/** A transport that takes this many bytes at once without saying stop has no bound. */
export const STOP_LIMIT = 64 * 1024 * 1024;

export interface TransportFixture {
  /** Two transports that meet each other; the same one twice where both sides do the same. */
  readonly pair: readonly [TransportPort, TransportPort];
  /** A transport with nothing at its other end. */
  readonly unreachable: TransportPort;
  /** A transport at whose other end something answers that is no relay; absent where there is no such thing. */
  readonly foreign?: TransportPort;
  /** Breaks all open connections from outside, without a goodbye; absent where nobody can. */
  cut?(): void;
  dispose(): Promise<void>;
}

export interface TransportContract {
  /** Goes before the name of each test. */
  readonly name: string;
  /** The runner's way to declare one test. */
  readonly test: (name: string, run: () => Promise<void>) => void;
  /** A fresh fixture for each test. */
  readonly makeFixture: () => Promise<TransportFixture>;
}

/** One connection under test with everything it told. */
interface Side {
  readonly connection: Connection;
  readonly events: TransportEvent[];
  readonly frames: Uint8Array[];
  /** Resolves when `reached` holds, checked after each event. */
  until(what: string, reached: (side: Side) => boolean): Promise<void>;
}

export function transportContract({ name, test, makeFixture }: TransportContract): void {
  function check(title: string, run: (fixture: TransportFixture) => Promise<void>): void {
    test(`${name}: ${title}`, async () => {
      const fixture = await makeFixture();
      try {
        await run(fixture);
      } finally {
        await fixture.dispose();
      }
    });
  }

  check('open comes first, then each side learns once that the other is there', async ({ pair }) => {
    const sides = await meet(pair);
    for (const side of sides) {
      equal(side.events[0]?.type, 'open', 'the first event');
      equal(count(side, 'open'), 1, 'open events');
      equal(pairings(side), 1, 'pairing events');
    }
    await part(sides);
  });

  check('two that open at once still meet, ten times in a row', async ({ pair }) => {
    for (let round = 0; round < 10; round++) await part(await meet(pair));
  });

  check('nothing is told before open has returned', async ({ pair, unreachable }) => {
    const [a, b] = [open(pair[0], joins()[0]), open(unreachable, joins()[0])];
    equal(a.events.length + b.events.length, 0, 'events before open returned');
    a.connection.close();
    await ended(a);
    await ended(b);
  });

  check('what is sent before open is dropped', async ({ pair }) => {
    const [first, second] = joins();
    const a = open(pair[0], first);
    const early = a.connection.send(bytes(1));
    const b = open(pair[1], second);
    await a.until('the peer', paired);
    await b.until('the peer', paired);
    equal(early, false, 'send before open');
    a.connection.send(bytes(2));
    await b.until('a frame', (side) => side.frames.length > 0);
    same(b.frames[0], bytes(2), 'the first frame');
    await part([a, b]);
  });

  check('a frame may be sent within the event that tells of the peer', async ({ pair }) => {
    const sides: Side[] = [];
    for (const [i, join] of joins().entries()) {
      const side = open(pair[i] ?? pair[0], join, (event) => {
        if (tellsOfPeer(event)) sides[i]?.connection.send(bytes(i + 1));
      });
      sides.push(side);
    }
    for (const [i, side] of sides.entries()) {
      await side.until('the frame', ({ frames }) => frames.length > 0);
      same(side.frames[0], bytes(2 - i), 'the frame');
    }
    await part(sides);
  });

  check('frames arrive whole and unchanged, of every length and byte value', async ({ pair }) => {
    const sides = await meet(pair);
    const [a, b] = sides;
    const every = Uint8Array.from({ length: 256 }, (_, i) => i);
    const lengths = [1, 2, 125, 126, 127, 255, 256, 1280, 4096, 16_384, 65_535, 65_536, FRAME_LIMIT];
    const sent = [every, ...lengths.map((length) => bytes(length))];
    for (const frame of sent) {
      const before = new Uint8Array(frame);
      a.connection.send(frame);
      same(frame, before, 'the buffer that was sent');
    }
    await b.until('all frames', (side) => side.frames.length === sent.length);
    for (const [i, frame] of sent.entries()) {
      same(b.frames[i], frame, `frame ${String(i)}`);
      // Never a piece of a pool, which others have, too: such a piece is at most half of it.
      const { byteLength = 0, buffer } = b.frames[i] ?? {};
      ensure(2 * byteLength > (buffer?.byteLength ?? 0), 'the frame fills most of its memory');
    }
    await part(sides);
  });

  check('order is kept, both ways at once', async ({ pair }) => {
    const sides = await meet(pair);
    const [a, b] = sides;
    const total = 300;
    for (let i = 0; i < total; i++) {
      a.connection.send(numbered(i));
      b.connection.send(numbered(i));
    }
    for (const side of sides) {
      await side.until('all frames', ({ frames }) => frames.length === total);
      for (const [i, frame] of side.frames.entries()) same(frame, numbered(i), `frame ${String(i)}`);
    }
    await part(sides);
  });

  check('a frame of no bytes or too many is refused here, and the connection goes on', async ({ pair }) => {
    const sides = await meet(pair);
    const [a, b] = sides;
    throws(() => a.connection.send(new Uint8Array(0)), 'an empty frame');
    throws(() => a.connection.send(new Uint8Array(FRAME_LIMIT + 1)), 'a frame over the limit');
    a.connection.send(bytes(7));
    await b.until('a frame', ({ frames }) => frames.length > 0);
    equal(b.frames.length, 1, 'frames');
    same(b.frames[0], bytes(7), 'the frame');
    await part(sides);
  });

  check('send says stop when more than one chunk waits, drain says go, nothing is lost', async ({ pair }) => {
    let waited = 0;
    const sides = await meet(pair, (side, event) => {
      if (event.type === 'drain') waited = Math.max(waited, side.connection.waiting);
    });
    const [a, b] = sides;
    let sent = 0;
    const push = () => {
      sent += 1;
      const goOn = a.connection.send(numbered(sent - 1, 65_536));
      equal(goOn, a.connection.waiting <= WAITING_MARK, `go on with ${String(a.connection.waiting)} bytes that wait`);
      return goOn;
    };
    while (push()) ensure(sent * 65_536 < STOP_LIMIT, 'send never returns false');
    // Some that the session may send all the same.
    for (let more = 0; more < 8; more++) push();
    await a.until('drain', (side) => count(side, 'drain') === 1);
    ensure(waited <= WAITING_MARK, `drain with ${String(waited)} bytes that wait`);
    push();
    await b.until('all frames', ({ frames }) => frames.length === sent);
    for (const [i, frame] of b.frames.entries()) same(frame, numbered(i, 65_536), `frame ${String(i)}`);
    await part(sides);
  });

  check('what waits is nothing before open and after the end', async ({ pair }) => {
    const [first, second] = joins();
    const a = open(pair[0], first);
    a.connection.send(bytes(1));
    equal(a.connection.waiting, 0, 'what waits before open');
    const b = open(pair[1], second);
    await a.until('the peer', paired);
    await b.until('the peer', paired);
    for (let n = 0; n < 8; n++) a.connection.send(numbered(n, 65_536));
    await part([a, b]);
    equal(a.connection.waiting, 0, 'what waits after closed');
  });

  check('more than the limit never waits: the connection is lost', async ({ pair }) => {
    const sides = await meet(pair);
    const [, a] = sides;
    let most = 0;
    for (let sent = 0; a.connection.waiting >= most; sent += 65_536) {
      ensure(sent < STOP_LIMIT, 'nothing ends it');
      most = a.connection.waiting;
      a.connection.send(numbered(0, 65_536));
    }
    ensure(most <= WAITING_LIMIT, `${String(most)} bytes waited`);
    ensure(most > WAITING_LIMIT - 2 * WAITING_MARK, `it ended with ${String(most)} bytes`);
    await ended(a, 'lost');
    equal(a.connection.send(bytes(1)), false, 'send after lost');
    sides[0].connection.close();
    await ended(sides[0]);
  });

  check('close flushes, ends once, and nothing follows', async ({ pair }) => {
    const sides = await meet(pair);
    const [a, b] = sides;
    const total = 100;
    for (let i = 0; i < total; i++) a.connection.send(numbered(i, 4096));
    a.connection.close();
    equal(a.connection.send(bytes(1)), false, 'send after close');
    await ended(a, 'closed');
    const events = a.events.length;
    equal(a.connection.send(bytes(1)), false, 'send after closed');
    a.connection.close();
    await b.until('all frames', ({ frames }) => frames.length === total);
    for (const [i, frame] of b.frames.entries()) same(frame, numbered(i, 4096), `frame ${String(i)}`);
    b.connection.close();
    await ended(b);
    // Time for what must not come: a whole conversation of two others.
    await part(await meet(pair));
    equal(a.events.length, events, 'events after closed');
  });

  check('close before open ends once', async ({ pair }) => {
    const a = open(pair[0], joins()[0]);
    a.connection.close();
    a.connection.close();
    await ended(a, 'closed');
    await part(await meet(pair));
    await ended(a, 'closed');
  });

  check('nothing at the other end is told as unreachable, once, and nothing else', async ({ pair, unreachable }) => {
    const a = open(unreachable, joins()[0]);
    await ended(a, 'unreachable');
    a.connection.close();
    equal(a.connection.send(bytes(1)), false, 'send after closed');
    await part(await meet(pair));
    equal(a.events.length, 1, 'events');
  });

  check('something else at the other end is told as rejected', async ({ foreign }) => {
    if (foreign === undefined) return;
    const a = open(foreign, joins()[0]);
    await ended(a, 'rejected');
    equal(a.events.length, 1, 'events');
  });

  check('a broken connection is told as lost, and a new one can be opened', async (fixture) => {
    const sides = await meet(fixture.pair);
    if (fixture.cut === undefined) {
      await part(sides);
      return;
    }
    fixture.cut();
    for (const side of sides) await ended(side, 'lost');
    equal(sides[0].connection.send(bytes(1)), false, 'send after lost');
    await part(await meet(fixture.pair));
  });
}

/** Two joins of one fresh room. */
function joins(): readonly [Join, Join] {
  const room = id();
  return [
    { room, seat: id(), mode: 'join' },
    { room, seat: id(), mode: 'join' },
  ];
}

function id(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

function open(transport: TransportPort, join: Join, answer?: (event: TransportEvent) => void): Side {
  const waiting = new Set<() => void>();
  const events: TransportEvent[] = [];
  const frames: Uint8Array[] = [];
  const connection = transport.open(join, (event) => {
    events.push(event);
    if (event.type === 'frame') frames.push(event.frame);
    answer?.(event);
    for (const look of waiting) look();
  });
  const side: Side = {
    connection,
    events,
    frames,
    until: (what, reached) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(look);
          const seen = events
            .slice(-5)
            .map((event) => (event.type === 'closed' ? `closed ${event.reason}` : event.type));
          reject(new Error(`${what} did not come; last events: ${seen.join(', ')}`));
        }, PATIENCE_MS);
        const look = () => {
          if (!reached(side)) return;
          clearTimeout(timer);
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
  return side;
}

async function meet(
  pair: TransportFixture['pair'],
  hear?: (first: Side, event: TransportEvent) => void,
): Promise<readonly [Side, Side]> {
  const [first, second] = joins();
  const sides: readonly [Side, Side] = [
    open(pair[0], first, (event) => hear?.(sides[0], event)),
    open(pair[1], second),
  ];
  for (const side of sides) await side.until('the peer', paired);
  return sides;
}

async function part(sides: readonly Side[]): Promise<void> {
  for (const side of sides) side.connection.close();
  for (const side of sides) await ended(side);
}

async function ended(side: Side, reason?: CloseReason): Promise<void> {
  await side.until('closed', (self) => count(self, 'closed') > 0);
  equal(count(side, 'closed'), 1, 'closed events');
  const last = side.events.at(-1);
  equal(last?.type, 'closed', 'the last event');
  if (reason !== undefined && last?.type === 'closed') equal(last.reason, reason, 'the reason');
}

function count(side: Side, type: TransportEvent['type']): number {
  return side.events.filter((event) => event.type === type).length;
}

function pairings(side: Side): number {
  return side.events.filter(tellsOfPeer).length;
}

function tellsOfPeer(event: TransportEvent): boolean {
  if (event.type !== 'control') return false;
  const message = checkRelayMessage(event.message);
  return message?.type === 'peer-joined' || (message?.type === 'joined' && message.peer);
}

function paired(side: Side): boolean {
  return pairings(side) > 0;
}

/** Not random, and no two lengths begin alike. */
function bytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 0xff);
}

/** A frame that carries its number. */
function numbered(n: number, length = 256): Uint8Array {
  const frame = new Uint8Array(length);
  new DataView(frame.buffer).setUint32(0, n);
  return frame;
}

function throws(run: () => unknown, what: string): void {
  let threw = false;
  try {
    run();
  } catch {
    threw = true;
  }
  ensure(threw, `${what} was taken`);
}
