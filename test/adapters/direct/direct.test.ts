/** The sockets of a direct path, on loopback: who listens when, what is told, what a taken connection carries, and bounds. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ACCEPTED_LIMIT, checkNamed, createDirect, type DirectOptions } from '../../../adapters/direct/direct.js';
import { createOrigin } from '../../../adapters/transport/origin.js';
import type { PathCommand, PathEvent, PathPort } from '../../../core/path-port.js';
import type { Connection, TransportEvent } from '../../../core/ports.js';
import { guardPath } from '../../../core/checked-ports.js';
import { PATH_LENGTHS } from '../../../core/protocol/path-proof.js';
import { WAITING_LIMIT } from '../../../core/wire/control.js';

const HOME = Uint8Array.of(127, 0, 0, 1);
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Side {
  readonly port: PathPort;
  readonly events: PathEvent[];
  tell(command: PathCommand): void;
  /** The first event of this kind from now on, or an earlier one that was not asked for. */
  next<Type extends PathEvent['type']>(type: Type): Promise<Extract<PathEvent, { type: Type }>>;
}

/** Waits for what `found` gives, asked again after each `arrived`. */
function waiting(): { arrived(): void; until<T>(found: () => T | undefined): Promise<T> } {
  const waiters: (() => void)[] = [];
  return {
    arrived() {
      for (const each of waiters.splice(0)) each();
    },
    async until(found) {
      for (;;) {
        const value = found();
        if (value !== undefined) return value;
        await new Promise<void>((resolve) => waiters.push(resolve));
      }
    },
  };
}

function side(options: Partial<DirectOptions> = {}): Side {
  const port = guardPath(createDirect({ origin: { localPort: undefined, relay: undefined }, ...options }), (error) => {
    throw error;
  });
  const events: PathEvent[] = [];
  const asked = new Set<PathEvent>();
  const { arrived, until } = waiting();
  port.open((event) => {
    events.push(event);
    arrived();
  });
  cleanups.push(() => port.close());
  return {
    port,
    events,
    tell: (command) => port.tell(command),
    async next(type) {
      const event = await until(() => events.find((each) => each.type === type && !asked.has(each)));
      asked.add(event);
      return event as Extract<PathEvent, { type: typeof type }>;
    },
  };
}

function message(type: number): Uint8Array {
  return new Uint8Array(PATH_LENGTHS[type] ?? 0).fill(type);
}

async function gather(of: Side, attempt = 1): Promise<number> {
  of.tell({ type: 'gather', attempt });
  const { port } = await of.next('gathered');
  expect(port).toBeGreaterThan(0);
  return port;
}

/** A connection of two sides, and what each calls it. */
async function joined(): Promise<{ readonly a: Side; readonly b: Side; readonly ids: readonly [number, number] }> {
  const [a, b] = [side(), side()];
  const port = await gather(b);
  a.tell({ type: 'dial', id: 1, address: HOME, port, punch: false });
  const [up, came] = await Promise.all([a.next('up'), b.next('up')]);
  expect(up).toEqual({ type: 'up', id: 1, address: `127.0.0.1:${String(port)}` });
  expect(came.id).toBe(-1);
  expect(came.address).toMatch(/^127\.0\.0\.1:\d+$/);
  return { a, b, ids: [1, -1] };
}

interface Taken {
  readonly connection: Connection;
  readonly events: TransportEvent[];
  until<T>(found: (events: readonly TransportEvent[]) => T | undefined): Promise<T>;
}

function take(of: Side, id: number): Taken {
  const events: TransportEvent[] = [];
  const { arrived, until } = waiting();
  const connection = of.port.take(id, (event) => {
    events.push(event);
    arrived();
  });
  cleanups.push(() => connection.close());
  return { connection, events, until: (found) => until(() => found(events)) };
}

function end(events: readonly TransportEvent[]): string | undefined {
  const [closed] = events.flatMap((event) => (event.type === 'closed' ? [event.reason] : []));
  return closed;
}

function frames(count: number) {
  return (events: readonly TransportEvent[]): readonly Uint8Array[] | undefined => {
    const all = events.flatMap((event) => (event.type === 'frame' ? [event.frame] : []));
    return all.length >= count ? all : undefined;
  };
}

/** A stranger at a port. */
async function stranger(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  cleanups.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

describe('where a machine can be reached', () => {
  it('is told with all addresses of its interfaces, and where the relay is', async () => {
    const one = side({ origin: { localPort: undefined, relay: { address: '::ffff:203.0.113.1', port: 8765 } } });
    one.tell({ type: 'gather', attempt: 7 });
    const told = await one.next('gathered');
    expect(told.attempt).toBe(7);
    expect(told.own).toContainEqual({ address: HOME, prefix: 8 });
    expect(told.relay).toEqual({ address: Uint8Array.of(203, 0, 113, 1), port: 8765 });
    expect(told.named).toEqual([]);
  });

  it('is where a port is forwarded, too, which it then listens on itself', async () => {
    const free = createServer().listen(0);
    await once(free, 'listening');
    const { port } = free.address() as { port: number };
    free.close();
    await once(free, 'close');
    const one = side({ named: { host: '127.0.0.1', port } });
    one.tell({ type: 'gather', attempt: 1 });
    const told = await one.next('gathered');
    expect(told.port).toBe(port);
    expect(told.named).toEqual([{ address: HOME, port }]);
  });

  it('is not where the port is taken', async () => {
    const other = createServer().listen(0);
    await once(other, 'listening');
    cleanups.push(() => other.close());
    const { port } = other.address() as { port: number };
    const one = side({ named: { host: '127.0.0.1', port } });
    one.tell({ type: 'gather', attempt: 1 });
    const told = await one.next('gathered');
    expect([told.port, told.named]).toEqual([0, []]);
  });

  it('is nowhere any more after stop, also when that comes before it is told', async () => {
    const one = side();
    const port = await gather(one);
    const open = await stranger(port);
    await one.next('up');
    one.tell({ type: 'stop' });
    await once(open, 'close');
    const late = connect(port, '127.0.0.1');
    await once(late, 'error');
    one.tell({ type: 'gather', attempt: 2 });
    one.tell({ type: 'stop' });
    one.tell({ type: 'gather', attempt: 3 });
    expect((await one.next('gathered')).attempt).toBe(3);
    expect(one.events.filter(({ type }) => type === 'gathered')).toHaveLength(2);
  });
});

describe('a dial', () => {
  it('that is refused is told as down', async () => {
    const one = side();
    const [a, b] = [await gather(side()), 1];
    one.tell({ type: 'dial', id: b, address: HOME, port: a, punch: false });
    await one.next('up');
    const gone = createServer().listen(0);
    await once(gone, 'listening');
    const { port } = gone.address() as { port: number };
    gone.close();
    await once(gone, 'close');
    one.tell({ type: 'dial', id: 2, address: HOME, port, punch: false });
    expect(await one.next('down')).toEqual({ type: 'down', id: 2 });
  });

  it('comes from the port of the connection to the relay, while that is open', async () => {
    const relay = createServer((socket) => {
      socket.on('error', () => undefined);
      cleanups.push(() => socket.destroy());
    }).listen(0, '127.0.0.1');
    await once(relay, 'listening');
    cleanups.push(() => relay.close());
    const { port: relayPort } = relay.address() as { port: number };
    const origin = await createOrigin();
    const localPort = origin.next();
    if (localPort === undefined) throw new Error('no port');
    const line = connect({ host: '127.0.0.1', port: relayPort, localPort });
    cleanups.push(() => line.destroy());
    await once(line, 'connect');
    origin.up(line);
    expect([origin.localPort, origin.relay]).toEqual([localPort, { address: '127.0.0.1', port: relayPort }]);
    const [a, b] = [side({ origin }), side()];
    const port = await gather(b);
    a.tell({ type: 'dial', id: 1, address: HOME, port, punch: true });
    await a.next('up');
    expect((await b.next('up')).address).toBe(`127.0.0.1:${String(localPort)}`);
    // The next one may be none that it is told of.
    origin.next();
    expect([origin.localPort, origin.relay]).toEqual([undefined, undefined]);
  });
});

describe('before it is taken', () => {
  it('a connection carries messages of a proof, whole', async () => {
    const { a, b, ids } = await joined();
    a.tell({ type: 'send', id: ids[0], bytes: message(7) });
    b.tell({ type: 'send', id: ids[1], bytes: message(8) });
    expect(await b.next('message')).toEqual({ type: 'message', id: ids[1], bytes: message(7) });
    expect(await a.next('message')).toEqual({ type: 'message', id: ids[0], bytes: message(8) });
  });

  it('anything else ends it', async () => {
    const one = side();
    const port = await gather(one);
    for (const bytes of ['GET / HTTP/1.1\r\n\r\n', 'SSH-2.0-OpenSSH\r\n', '\u0010', '\u0000']) {
      const socket = await stranger(port);
      socket.write(bytes);
      await once(socket, 'close');
      expect(socket.bytesRead).toBe(0);
      await one.next('down');
    }
    expect(one.events.some(({ type }) => type === 'message')).toBe(false);
  });

  it('only so many are open at once', async () => {
    const one = side();
    const port = await gather(one);
    const sockets = await Promise.all(Array.from({ length: ACCEPTED_LIMIT * 2 }, () => stranger(port)));
    let closed = 0;
    await new Promise<void>((resolve) => {
      for (const socket of sockets) {
        socket.on('close', () => {
          closed += 1;
          if (closed === ACCEPTED_LIMIT) resolve();
        });
        socket.resume();
      }
    });
    expect(one.events.filter(({ type }) => type === 'up')).toHaveLength(ACCEPTED_LIMIT);
  });

  it('of one that is dropped nothing more is told', async () => {
    const { a, b, ids } = await joined();
    a.tell({ type: 'drop', id: ids[0] });
    await b.next('down');
    expect(a.events.filter(({ type }) => type === 'down')).toEqual([]);
    a.tell({ type: 'send', id: ids[0], bytes: message(7) });
    a.tell({ type: 'drop', id: ids[0] });
  });
});

describe('a connection that was taken', () => {
  async function both(): Promise<readonly [Taken, Taken]> {
    const { a, b, ids } = await joined();
    // As it happens: the choice and the first frame may come in one piece.
    a.tell({ type: 'send', id: ids[0], bytes: message(9) });
    const left = take(a, ids[0]);
    left.connection.send(new Uint8Array(1280).fill(1));
    await b.next('message');
    const right = take(b, ids[1]);
    expect(right.events).toEqual([]);
    expect((await right.until(frames(1)))[0]).toEqual(new Uint8Array(1280).fill(1));
    // What else there is ends, this one does not.
    a.tell({ type: 'stop' });
    b.tell({ type: 'stop' });
    return [left, right];
  }

  it('carries frames of every size both ways, whole and in order', async () => {
    const [left, right] = await both();
    const sizes = [1, 2, 1280, 16_384, 65_535, 65_536];
    for (const size of sizes) {
      left.connection.send(new Uint8Array(size).fill(size % 251));
      right.connection.send(new Uint8Array(size).fill(size % 241));
    }
    const got = (await right.until(frames(sizes.length + 1))).slice(1);
    expect(got.map((each) => [each.length, each[0]])).toEqual(sizes.map((size) => [size, size % 251]));
    const back = await left.until(frames(sizes.length));
    expect(back.map((each) => [each.length, each[0]])).toEqual(sizes.map((size) => [size, size % 241]));
    for (const { events } of [left, right]) expect(events.every(({ type }) => type === 'frame')).toBe(true);
  });

  it('flushes, then closes: the other side has everything and is told that it is lost', async () => {
    const [left, right] = await both();
    for (let i = 0; i < 10; i++) left.connection.send(new Uint8Array(65_536).fill(i));
    left.connection.close();
    expect(left.connection.send(Uint8Array.of(1))).toBe(false);
    expect(await left.until(end)).toBe('closed');
    expect(await right.until(end)).toBe('lost');
    expect(await right.until(frames(11))).toHaveLength(11);
    expect(left.connection.waiting).toBe(0);
    for (const { events } of [left, right]) expect(events.filter(({ type }) => type === 'closed')).toHaveLength(1);
  });

  it('refuses what is no frame', async () => {
    const [left] = await both();
    expect(() => left.connection.send(new Uint8Array(0))).toThrow();
    expect(() => left.connection.send(new Uint8Array(65_537))).toThrow();
  });

  it('is lost when the other side does not read, and holds no more than the limit', async () => {
    const one = side();
    const socket = await stranger(await gather(one));
    const { id } = await one.next('up');
    const taken = take(one, id);
    socket.pause();
    let most = 0;
    for (let i = 0; i < 10_000 && end(taken.events) === undefined; i++) {
      taken.connection.send(new Uint8Array(65_536));
      most = Math.max(most, taken.connection.waiting);
      if (i % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await taken.until(end)).toBe('lost');
    expect(most).toBeLessThanOrEqual(WAITING_LIMIT);
  });

  it('says drain when there is room again', async () => {
    const [left, right] = await both();
    let sent = 0;
    while (left.connection.send(new Uint8Array(65_536))) sent += 1;
    await left.until((events) => events.find(({ type }) => type === 'drain'));
    expect(await right.until(frames(sent + 2))).toBeDefined();
  });

  it('that has ended meanwhile is closed at once, after take has returned', async () => {
    const { a, b, ids } = await joined();
    b.tell({ type: 'drop', id: ids[1] });
    await a.next('down');
    const taken = take(a, ids[0]);
    expect(taken.events).toEqual([]);
    expect(await taken.until(end)).toBe('lost');
    expect(taken.connection.send(Uint8Array.of(1))).toBe(false);
  });
});

it('a forwarded port that another program has is told at once, and one that is free is left free', async () => {
  const other = createServer().listen(0, '0.0.0.0');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  await expect(checkNamed({ host: '127.0.0.1', port })).rejects.toMatchObject({
    code: 'SC-374',
    detail: { port, why: 'EADDRINUSE' },
  });
  other.close();
  await once(other, 'close');
  await checkNamed({ host: '127.0.0.1', port });
  await checkNamed({ host: '127.0.0.1', port });
});
