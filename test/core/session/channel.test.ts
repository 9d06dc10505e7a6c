/** What the channel does not take from a peer, and how frames are numbered, acked and sent again (protocol.md 5 to 7). */
import { expect, it } from 'vitest';
import { isRemoteProtocolError, RemoteProtocolError } from '../../../core/errors.js';
import type { ProtocolRecord } from '../../../core/protocol/records.js';
import { ACK_DELAY, PROBE_LIMIT, SILENCE_LIMIT } from '../../../core/session/liveness.js';
import { DATA_WINDOW_FRAMES } from '../../../core/session/unacked.js';
import { channelOf, channels } from '../../support/channels.js';
import { HANDSHAKE_SECRETS, ratchets } from '../../support/ratchets.js';

const text = (id: number, length = 10): ProtocolRecord => ({
  type: 'text',
  id,
  part: 0,
  last: true,
  text: new Uint8Array(length),
});
const CONFIRMED: ProtocolRecord = { type: 'confirmed' };

it('an offer is not taken while no frame of the epoch of the last answer came', () => {
  const ends = ratchets();
  const b = channelOf(ends, 'B');
  const offer = ends.a.ratchet.makeOffer();
  expect(b.channel.receive(ends.a.seal(offer), 0).type).toBe('opened');
  b.channel.tick(0);
  expect(b.channel.position).toEqual({ expected: 1, next: 1 });
  expect(() => b.channel.receive(ends.a.seal(offer), 0)).toThrow(RemoteProtocolError);
});

it('what waits when a frame is sealed goes along: a burst is one frame, and its receipts are one', () => {
  const pair = channels();
  pair.advance(1000);
  const before = pair.a.handed.length;
  for (let i = 0; i < 100; i++) pair.a.data.push(text(i));
  pair.settle();
  expect(pair.a.handed.slice(before).map(({ length }) => length)).toEqual([4096]);
  expect(pair.b.got.filter((type) => type === 'text')).toHaveLength(100);
});

it('an offer and an answer take data along only as far as the smallest size goes', () => {
  const pair = channels();
  pair.a.data.push(text(0));
  pair.b.data.push(text(0));
  pair.advance(4999);
  for (const side of [pair.a, pair.b]) side.handed.length = 0;
  pair.a.ready = pair.b.ready = false;
  pair.advance(1);
  pair.a.data.push(text(1, 300));
  pair.a.ready = pair.b.ready = true;
  pair.settle();
  // The offer alone, then the text.
  expect(pair.a.handed.slice(0, 2).map(({ length }) => length)).toEqual([1280, 1280]);
  expect([...pair.a.handed, ...pair.b.handed].every(({ length }) => length === 1280)).toBe(true);
});

it('nothing is handed to a connection that has enough, and all of it later, in order', () => {
  const pair = channels();
  pair.settle();
  pair.a.ready = false;
  pair.a.data.push(text(0));
  pair.advance(100);
  expect(pair.b.got).not.toContain('text');
  pair.a.ready = true;
  pair.settle();
  expect(pair.b.got).toContain('text');
});

it('what is lost, doubled or overtaken is a gap; what is no frame is nothing', () => {
  const ends = ratchets();
  const { channel } = channelOf(ends, 'B');
  const [one, two] = [ends.a.seal(CONFIRMED), ends.a.seal(CONFIRMED)];
  expect(channel.receive(two, 0)).toEqual({ type: 'gap' });
  expect(channel.receive(one, 0).type).toBe('opened');
  expect(channel.receive(one, 0)).toEqual({ type: 'gap' });
  expect(channel.receive(two, 0).type).toBe('opened');
  expect(channel.receive(Uint8Array.of(0x10, 1, 2), 0)).toEqual({ type: 'gap' });
  expect(channel.receive(new Uint8Array(16384).fill(0x20), 0)).toEqual({ type: 'chunk' });
  expect(channel.receive(new Uint8Array(1280).fill(0x05), 0)).toEqual({ type: 'ignored' });
});

it('after the goodbye the ack stands still, and what the peer sends again because of it is no gap', () => {
  const pair = channels();
  pair.settle();
  pair.a.channel.send([{ type: 'bye', reason: 'left' }], 0);
  pair.a.channel.conclude();
  const said = pair.a.channel.position.expected;
  pair.b.data.push(text(0));
  pair.settle();
  expect(pair.a.got).toContain('text');
  expect(pair.a.channel.position.expected).toBe(said);
  pair.cut();
  pair.b.data.push(text(1));
  pair.settle();
  expect(pair.a.got.filter((type) => type === 'text')).toHaveLength(2);
});

it('a peer that cannot stand there ends the session', () => {
  const stands = (peer: { expected: number; next: number }): boolean => {
    const ends = ratchets();
    const { channel } = channelOf(ends, 'A');
    for (let i = 0; i < 3; i++) channel.send([CONFIRMED], 0);
    for (let i = 0; i < 2; i++) channel.receive(ends.b.ratchet.seal(i, 1, []).frame, 0);
    channel.pause(0);
    try {
      channel.resume(peer, 0);
      return true;
    } catch (error) {
      expect(isRemoteProtocolError(error)).toBe(true);
      return false;
    }
  };
  expect(stands({ expected: 1, next: 2 })).toBe(true);
  expect(stands({ expected: 3, next: 2 })).toBe(true);
  expect(stands({ expected: 0, next: 2 })).toBe(false);
  expect(stands({ expected: 4, next: 2 })).toBe(false);
  expect(stands({ expected: 1, next: 1 })).toBe(false);
  expect(stands({ expected: Number.NaN, next: 2 })).toBe(false);
  expect(stands({ expected: 1, next: Number.NaN })).toBe(false);
});

it('no frame is sealed while the line is down', () => {
  const { channel } = channelOf(ratchets(), 'A');
  channel.pause(0);
  expect(channel.send([CONFIRMED], 0)).toBeUndefined();
  channel.tick(1_000_000);
  expect(channel.position.next).toBe(0);
  expect(channel.wakeAt(0)).toBe(Number.POSITIVE_INFINITY);
});

it('A knows that the peer holds the keys from its first frame on, or from its proof', () => {
  const ends = ratchets();
  const [a, b] = [channelOf(ends, 'A').channel, channelOf(ends, 'B').channel];
  expect([a.proven, b.proven]).toEqual([false, true]);
  a.receive(ends.b.seal(CONFIRMED), 0);
  expect(a.proven).toBe(true);
  const resumed = channelOf(ratchets(), 'A').channel;
  resumed.pause(0);
  resumed.resume({ expected: 0, next: 0 }, 0);
  expect(resumed.proven).toBe(true);
});

it('a frame is acked in time, an ack never; after the goodbye nothing is', () => {
  const pair = channels();
  pair.advance(1_000);
  const frames = (): number[] => [pair.a, pair.b].map(({ handed }) => handed.splice(0).length);
  frames();
  pair.a.data.push(text(0));
  pair.settle();
  expect(pair.a.channel.acknowledged).toBeLessThan(pair.a.channel.position.next);
  expect(frames()).toEqual([1, 0]);
  pair.advance(ACK_DELAY - 1);
  expect(frames()).toEqual([0, 0]);
  pair.advance(1);
  expect([pair.a.channel.acknowledged, frames()]).toEqual([pair.a.channel.position.next, [0, 1]]);
  pair.advance(1_000);
  expect(frames()).toEqual([0, 0]);
  pair.a.channel.conclude();
  pair.b.data.push(text(0));
  pair.advance(1_000);
  expect(frames()).toEqual([0, 1]);
});

it('records that go alone keep to the windows: one of each control, data up to its limit', () => {
  const { channel } = channelOf(ratchets(), 'A');
  expect([channel.send([{ type: 'ping' }], 0), channel.send([{ type: 'ping' }], 0)]).toEqual([0, undefined]);
  let sent = 0;
  while (channel.send([CONFIRMED], 0) !== undefined) sent += 1;
  expect(sent).toBe(DATA_WINDOW_FRAMES);
  expect(channel.send([{ type: 'rekey-wanted' }], 0)).toBe(DATA_WINDOW_FRAMES + 1);
});

it('says whether data waits', () => {
  const one = channelOf(ratchets(), 'A');
  expect(one.channel.waits(0)).toBe(false);
  one.data.push(text(0));
  expect(one.channel.waits(0)).toBe(true);
});

it('is silent when nothing answers for a while, or soon after a sleep; a chunk is an answer', () => {
  const { channel } = channelOf(ratchets(), 'A');
  expect(channel.silent(1e9)).toBe(false);
  channel.send([CONFIRMED], 0);
  expect([channel.silent(SILENCE_LIMIT - 1), channel.silent(SILENCE_LIMIT)]).toEqual([false, true]);
  channel.heard(5_000);
  expect([channel.silent(SILENCE_LIMIT), channel.silent(5_000 + SILENCE_LIMIT)]).toEqual([false, true]);
  const slept = channelOf(ratchets(), 'A');
  slept.channel.probe(50_000);
  slept.channel.tick(50_000);
  expect(slept.handed).toHaveLength(1);
  expect([slept.channel.silent(49_999 + PROBE_LIMIT), slept.channel.silent(50_000 + PROBE_LIMIT)]).toEqual([
    false,
    true,
  ]);
  slept.channel.pause(51_000);
  slept.channel.probe(51_000);
  expect(slept.channel.silent(1e9)).toBe(false);
  slept.channel.resume({ expected: 1, next: 0 }, 60_000);
  expect(slept.channel.silent(1e9)).toBe(false);
});

it('at the end no key is left, whatever was under way', () => {
  for (const frames of [0, 1, 2]) {
    const pair = channels();
    pair.settle();
    pair.a.channel.compare(pair.now);
    for (let n = 0; n < frames; n++) {
      const [from, to] = n % 2 === 0 ? [pair.a, pair.b] : [pair.b, pair.a];
      from.channel.tick(pair.now);
      const frame = from.out.shift();
      const received = frame === undefined ? undefined : to.channel.receive(frame, pair.now);
      if (received?.type === 'opened') received.wipe();
    }
    for (const { channel } of [pair.a, pair.b]) channel.wipe();
    expect(pair.crypto.live).toBe(HANDSHAKE_SECRETS);
  }
});
