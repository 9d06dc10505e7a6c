/**
 * A relay between rooms and wires: who is behind stops who sends, whatever its frames cost, and lets it go again; a room of
 * two wires; and every bound between a socket and the room machine that needs a socket that never reads.
 */
import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { FRAME_OVERHEAD } from '../../../adapters/relay/batch.js';
import {
  createHost,
  type Peer,
  SEND_BUFFER_BOUND,
  SEND_BUFFER_LIMIT,
  type Wire,
} from '../../../adapters/relay/host.js';
import { joinMessage, type RelayMessage } from '../../../core/wire/control.js';
import { GENEROUS } from '../../support/relay.js';
import { randomId, randomJoin } from '../../support/relay-client.js';

interface Fake extends Peer {
  readonly said: RelayMessage[];
  readonly calls: string[];
  paused: boolean;
  /** Takes what has been written, and from now on everything at once. */
  go(): void;
  stall(): void;
  readonly taken: () => number;
}

/** `charged`: pending counts what frames cost beside their bytes, as each wire must. */
function fake(charged = true): Fake {
  const owed: (() => void)[] = [];
  let slow = false;
  let taken = 0;
  const tcp = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      const take = (): void => {
        taken += chunk.length;
        done();
      };
      if (slow) owed.push(take);
      else take();
    },
  });
  const wire: Wire = {
    tell: (peer: Fake, message) => void peer.said.push(message),
    frame: (_peer, frame) => void tcp.write(frame),
    pause: (peer: Fake) => void (peer.paused = true),
    resume: (peer: Fake) => void (peer.paused = false),
    pending: (peer) => tcp.writableLength + (charged ? peer.overhead : 0),
    close: (peer: Fake, why) => void peer.calls.push(`close ${why}`),
    cut: (peer: Fake) => void peer.calls.push('cut'),
  };
  return {
    wire,
    tcp,
    get outlet() {
      return tcp;
    },
    member: undefined,
    direct: false,
    holds: 0,
    sender: undefined,
    draining: false,
    overhead: 0,
    said: [],
    calls: [],
    paused: false,
    stall: () => void (slow = true),
    go() {
      slow = false;
      for (const take of owed.splice(0)) take();
    },
    taken: () => taken,
  };
}

function pair(charged = true) {
  const host = createHost({ limits: GENEROUS }, () => undefined);
  const room = randomId();
  const [a, b] = [fake(), fake(charged)];
  for (const peer of [a, b]) {
    host.perform(host.arrive(peer, 'home'));
    host.control(peer, joinMessage(randomJoin(room)));
  }
  expect([...a.said, ...b.said].map(({ type }) => type)).toEqual(['joined', 'peer-joined', 'joined']);
  return { host, a, b };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
/** What one read brings has been passed on. */
const endOfRead = () => new Promise<void>((resolve) => process.nextTick(resolve));

/** One-byte frames, each in a read of its own, until the sender is held. */
async function drip({ host, a }: ReturnType<typeof pair>, most: number): Promise<number> {
  let sent = 0;
  while (!a.paused && sent < most) {
    host.frame(a, Uint8Array.of(sent & 0xff));
    sent += 1;
    await endOfRead();
  }
  return sent;
}

test('one-byte frames that wait hold their sender as soon as what they cost reaches the limit', async () => {
  const made = pair();
  made.b.stall();
  const most = 4 * (SEND_BUFFER_LIMIT / FRAME_OVERHEAD);
  const sent = await drip(made, most);
  expect(sent).toBeLessThanOrEqual(SEND_BUFFER_LIMIT / FRAME_OVERHEAD + 2);
  expect(made.b.wire.pending(made.b)).toBeLessThanOrEqual(SEND_BUFFER_LIMIT + 2 * FRAME_OVERHEAD);
  // Less than the mark from which on a stream tells that it has drained: what has waited tells it itself.
  expect(made.b.tcp?.writableLength).toBeLessThan(made.b.tcp?.writableHighWaterMark ?? 0);
  made.b.go();
  await turn();
  expect([made.a.paused, made.b.overhead, made.b.taken()]).toEqual([false, 0, 3 * sent]);
  await made.host.close();
});

test('by their bytes alone they would never', async () => {
  const made = pair(false);
  made.b.stall();
  const most = 4 * (SEND_BUFFER_LIMIT / FRAME_OVERHEAD);
  expect(await drip(made, most)).toBe(most);
  await made.host.close();
});

test.each([1, 4_096, 4_097, 65_536])(
  'frames of %d bytes: held at the limit, let go when it is all gone, again and again',
  async (size) => {
    const made = pair();
    const { host, a, b } = made;
    for (let round = 0; round < 3; round++) {
      b.stall();
      let sent = 0;
      while (!a.paused && sent < 5_000) {
        host.frame(a, new Uint8Array(size));
        sent += 1;
        await endOfRead();
      }
      expect(sent).toBeLessThan(5_000);
      // What one read brings after that still goes out, and asks for nothing more.
      host.frame(a, new Uint8Array(size));
      await endOfRead();
      b.go();
      await turn();
      expect([a.paused, b.sender, b.overhead, b.draining]).toEqual([false, undefined, 0, false]);
      expect(b.tcp?.listenerCount('drain')).toBe(0);
    }
    await host.close();
  },
);

/** A receiver that does not read, and somebody who takes the other seat anew, again and again. */
function visited() {
  const host = createHost({ limits: GENEROUS }, () => undefined);
  const room = randomId();
  const seat = randomJoin(room);
  const enter = (join = seat): Fake => {
    const peer = fake();
    host.perform(host.arrive(peer, 'home'));
    host.control(peer, joinMessage(join));
    return peer;
  };
  const b = enter(randomJoin(room));
  b.stall();
  return { host, b, enter };
}

test('who takes the seat of one that was held is held as well', async () => {
  const { host, b, enter } = visited();
  for (let n = 0; n < 3; n++) {
    const a = enter();
    for (let sent = 0; sent < 20 && !a.paused; sent++) host.frame(a, new Uint8Array(60_000));
    expect([a.paused, b.sender === a]).toEqual([true, true]);
    // The first is replaced by the second, the second leaves before the third comes.
    if (n === 1) host.gone(a);
  }
  expect(b.wire.pending(b)).toBeLessThan(2 * SEND_BUFFER_LIMIT);
  await host.close();
});

test('a receiver for which more waits than all bounds allow is cut, whoever brought it', async () => {
  const { host, b, enter } = visited();
  let visits = 0;
  while (b.calls.length === 0 && visits < 1_000) {
    const a = enter();
    while (!a.paused && b.calls.length === 0) host.frame(a, new Uint8Array(60_000));
    visits += 1;
  }
  expect([b.calls, visits > 8]).toEqual([['cut'], true]);
  expect(b.wire.pending(b)).toBeLessThanOrEqual(SEND_BUFFER_BOUND + 60_000);
  await host.close();
});

test('who is held for two reasons is let go when both are gone; who is told to go is read from', async () => {
  const host = createHost({ limits: { ...GENEROUS, frameBurst: 2, framesPerSecond: 1_000 } }, () => undefined);
  const room = randomId();
  const [a, b] = [fake(), fake()];
  for (const peer of [a, b]) {
    host.perform(host.arrive(peer, 'home'));
    host.control(peer, joinMessage(randomJoin(room)));
  }
  b.stall();
  while (b.sender === undefined) {
    host.frame(a, new Uint8Array(60_000));
    await endOfRead();
  }
  for (let n = 0; n < 4; n++) host.noise(a);
  expect([a.paused, a.member?.held]).toEqual([true, true]);
  b.go();
  await turn();
  expect([b.sender, a.member?.held === true ? a.paused : true]).toEqual([undefined, true]);
  while (a.member?.held === true) await turn();
  expect(a.paused).toBe(false);
  b.stall();
  while (b.sender === undefined) {
    host.frame(a, new Uint8Array(60_000));
    await endOfRead();
  }
  host.refuse(a, 'bad-request');
  expect([a.paused, a.calls]).toEqual([false, ['close bad-request']]);
  // Of one that is told to go nothing more is looked at.
  const frames = host.figures.frames;
  host.frame(a, new Uint8Array(10));
  host.noise(a);
  expect(host.figures.frames).toBe(frames);
  for (const peer of [a, b]) host.gone(peer);
  expect(host.rooms.counts.members).toBe(0);
  await host.close();
});

test('a frame of nothing, or before the join, ends the connection', async () => {
  const { host, a } = pair();
  host.frame(a, new Uint8Array(0));
  expect(a.calls).toEqual(['close bad-request']);
  const early = fake();
  host.perform(host.arrive(early, 'home'));
  host.frame(early, Uint8Array.of(1));
  expect(early.calls).toEqual(['close bad-request']);
  await host.close();
});
