/**
 * `securechat pipe` over the real relays: every byte, both ways, whatever the connection does; and never a success that is
 * none. Sizes grow with LARGE=1, as the nightly run has it.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { IS_EXECUTABLE, killAll, start } from '../support/program.js';
import { bytesOf, killPiped, type Piped, startPiped } from '../support/pipes.js';
import { type RelayProcess, startRelayProcess } from '../support/relay.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';

const LARGE = process.env['LARGE'] === '1';
/** 1 GiB of data through the pipe, or enough to see every step of it. */
const MUCH = LARGE ? { timeout: 600_000 } : {};
const LENGTH = LARGE ? 2 ** 30 : 24 * 2 ** 20;
/** Resident memory of one side at most, bytes; the executable keeps its own script in it, too. */
const MEMORY = (IS_EXECUTABLE ? 180 : 150) * 2 ** 20;
const EMPTY = bytesOf(0).sum;

let relay: RelayProcess;
let proxy: TcpProxy;
let rooms = 0;

beforeAll(async () => {
  relay = await startRelayProcess(['--port', '0', '--joins-per-minute', '100000', '--connections-per-address', '1000']);
  proxy = await startTcpProxy(() => Number(relay.url.port));
});
afterEach(() => {
  killPiped();
  killAll();
  proxy.heal();
});
afterAll(async () => {
  await proxy.close();
  await relay.stop();
});

/** More than is ever taken before the end. */
function* endless(): Generator<Uint8Array> {
  for (;;) yield Buffer.alloc(65_536, 7);
}

function code(): string {
  rooms += 1;
  return `pipe${String(process.pid)}x${String(rooms)}-tunnel-anchor`;
}

/** Both ends of a pipe, the first one behind the proxy. */
function pair(): [Piped, Piped] {
  const room = code();
  return [startPiped(['pipe', room, '--relay', proxy.url.href]), startPiped(['pipe', room, '--relay', relay.url.href])];
}

/** Resolves when so many bytes have come out. */
async function comes(out: Piped, bytes: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const check = (): void => {
      if (out.received() < bytes) return;
      out.child.stdout.off('data', check);
      resolve();
    };
    out.child.stdout.on('data', check);
  });
}

test('both directions at once, three cuts on the way: the same bytes, flat memory', async () => {
  const [left, right] = pair();
  const [up, down] = [bytesOf(LENGTH), bytesOf(LENGTH / 4)];
  const fed = Promise.all([left.feed(up.chunks), right.feed(down.chunks)]);
  for (const share of [0.1, 0.4, 0.7]) {
    await comes(right, LENGTH * share);
    proxy.cut();
  }
  await comes(right, LENGTH * 0.9);
  const memory = [left.memory(), right.memory()];
  await fed;
  expect(await Promise.all([left.exit, right.exit])).toEqual([0, 0]);
  expect(await Promise.all([right.sum, left.sum])).toEqual([up.sum, down.sum]);
  expect(Math.max(...memory)).toBeLessThan(MEMORY);
  expect(proxy.connections).toBeGreaterThan(3);
});

test('over socket.io, three cuts on the way', async () => {
  const other = await startRelayProcess(['--port', '0', '--joins-per-minute', '100000'], 'relay-socketio');
  const between = await startTcpProxy(() => Number(other.url.port));
  try {
    const flags = ['pipe', code(), '--transport', 'socketio', '--relay'];
    const [left, right] = [startPiped([...flags, between.url.href]), startPiped([...flags, other.url.href])];
    // As much as over the other one, where there is time for it.
    const length = LARGE ? LENGTH : LENGTH / 4;
    const up = bytesOf(length);
    const fed = Promise.all([left.feed(up.chunks), right.feed([])]);
    for (const share of [0.1, 0.4, 0.7]) {
      await comes(right, length * share);
      between.cut();
    }
    await comes(right, length * 0.9);
    const memory = [left.memory(), right.memory()];
    await fed;
    expect(await Promise.all([left.exit, right.exit])).toEqual([0, 0]);
    expect(await Promise.all([right.sum, left.sum])).toEqual([up.sum, EMPTY]);
    expect(Math.max(...memory)).toBeLessThan(MEMORY);
    expect(between.connections).toBeGreaterThan(3);
  } finally {
    await between.close();
    await other.stop();
  }
});

test('single bytes', async () => {
  const [left, right] = pair();
  const up = bytesOf(LARGE ? 100_000 : 5000, 1);
  await Promise.all([left.feed(up.chunks), right.feed([])]);
  expect(await Promise.all([left.exit, right.exit])).toEqual([0, 0]);
  expect(await right.sum).toBe(up.sum);
});

test('nothing at all', async () => {
  const [left, right] = pair();
  await Promise.all([left.feed([]), right.feed([])]);
  expect(await Promise.all([left.exit, right.exit])).toEqual([0, 0]);
  expect(await Promise.all([left.sum, right.sum])).toEqual([EMPTY, EMPTY]);
});

test('the end of one direction leaves the other open, and is seen at once', async () => {
  const [left, right] = pair();
  await left.feed([Buffer.from('question')]);
  // The whole of it is here before an answer is given.
  await right.sum;
  await right.feed([Buffer.from('answer')]);
  expect(await Promise.all([left.exit, right.exit])).toEqual([0, 0]);
  expect(left.received()).toBe(6);
});

test('a reader that rests stops the writer; nothing piles up, and it goes on', MUCH, async () => {
  const [left, right] = pair();
  right.child.stdout.pause();
  const up = bytesOf(72 * 2 ** 20);
  const fed = left.feed(up.chunks);
  void right.feed([]);
  await left.sum;
  // What is taken while nobody reads: the windows of both sides and the pipes of the system.
  let before = -1;
  while (left.child.stdin.writableLength !== before) {
    before = left.child.stdin.writableLength;
    await new Promise((resolve) => setTimeout(resolve, LARGE ? 60_000 : 2000));
  }
  expect(Math.max(left.memory(), right.memory())).toBeLessThan(MEMORY);
  right.child.stdout.resume();
  await fed;
  expect(await right.sum).toBe(up.sum);
  expect(await Promise.all([left.exit, right.exit])).toEqual([0, 0]);
});

describe('what is not whole is never a success', () => {
  test('a killed peer: exit 7', async () => {
    const room = code();
    const flags = ['pipe', room, '--resume-timeout', '2s', '--relay'];
    const [left, right] = [startPiped([...flags, proxy.url.href]), startPiped([...flags, relay.url.href])];
    void left.feed(endless());
    await new Promise<void>((resolve) => {
      right.child.stdout.once('data', () => resolve());
    });
    left.child.kill('SIGKILL');
    expect(await right.exit).toBe(7);
    expect(right.stderr()).toContain('SC-');
  });

  test('an interrupted peer: exit 7, and 130 there', async () => {
    const [left, right] = pair();
    void left.feed(endless());
    await new Promise<void>((resolve) => {
      right.child.stdout.once('data', () => resolve());
    });
    left.child.kill('SIGINT');
    expect(await left.exit).toBe(130);
    expect(await right.exit).toBe(7);
  });

  test('a reader that is gone: exit 7 for both', async () => {
    const [left, right] = pair();
    void left.feed(endless());
    void right.feed([]);
    right.child.stdout.once('data', () => right.child.stdout.destroy());
    expect(await Promise.all([left.exit, right.exit])).toEqual([7, 7]);
  });

  test('a chat takes no pipe: said, exit 2', async () => {
    const room = code();
    const chat = start(['--ui', 'json', '--code-stdin', '--relay', relay.url.href]);
    chat.write(`${room}\n`);
    const left = startPiped(['pipe', room, '--relay', relay.url.href]);
    void left.feed(bytesOf(10).chunks);
    expect(await left.exit).toBe(2);
    await chat.event('ended');
  });

  test('a room without a secret is refused: nobody could compare the words', async () => {
    const room = `open${String(process.pid)}`;
    const flags = ['pipe', room, '--relay', relay.url.href];
    const [left, right] = [startPiped(flags), startPiped(flags)];
    expect(await Promise.all([left.exit, right.exit])).toEqual([2, 2]);
    expect(left.received() + right.received()).toBe(0);
  });
});

test('without a room a code is made and told on stderr; nothing else is on stdout', async () => {
  const left = startPiped(['pipe', '--relay', relay.url.href]);
  const made = await left.says(/\d{6}-[a-z]+-[a-z]+-[a-z]+/);
  const right = startPiped(['pipe', made, '--relay', relay.url.href]);
  await Promise.all([left.feed([Buffer.from('a')]), right.feed([Buffer.from('b')])]);
  expect(await Promise.all([left.exit, right.exit])).toEqual([0, 0]);
  expect([left.received(), right.received()]).toEqual([1, 1]);
});
