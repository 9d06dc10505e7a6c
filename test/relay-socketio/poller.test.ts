/** A peer that polls: its requests packet by packet, held and let go, and what its answers hold until the network has them. */
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { FRAME_OVERHEAD } from '../../adapters/relay/batch.js';
import type { EnginePacket, EngineSocket } from '../../relay-socketio/engine.js';
import { createPoller } from '../../relay-socketio/poller.js';

const SEPARATOR = '\x1e';
const frame = (n: number) => `b${Buffer.from([n]).toString('base64')}`;

function polling({ member = true, burst = Number.POSITIVE_INFINITY } = {}) {
  const frames: number[] = [];
  const packets: string[] = [];
  const calls: string[] = [];
  let left = burst;
  const transport = {
    name: 'polling',
    parser: {
      decodePacket: (text: string): EnginePacket => ({
        type: { '1': 'close', '!': 'error' }[text.charAt(0)] ?? text,
      }),
    },
    onData: (_payload: string) => undefined,
    onPacket: ({ type }: EnginePacket) => void packets.push(type),
    onClose: () => void calls.push('close'),
  };
  const engine = Object.assign(new EventEmitter(), { transport });
  const poller = createPoller(engine as unknown as EngineSocket, {
    stopped: () => left <= 0,
    noise: () => void calls.push('noise'),
    frame(content) {
      if (!member) return false;
      frames.push(content[0] ?? -1);
      left -= 1;
      return true;
    },
    drained: () => void calls.push(`drained ${poller.pending}`),
  });
  return { engine, transport, poller, frames, packets, calls, allow: (more: number) => (left = more) };
}

test('nothing more of a request is looked at once its sender is held; nothing is lost, and the next one waits', () => {
  const { transport, poller, frames, allow } = polling({ burst: 3 });
  transport.onData([1, 2, 3, 4, 5, 6, 7].map(frame).join(SEPARATOR));
  expect(frames).toEqual([1, 2, 3]);
  const read: string[] = [];
  const next = (name: string) => () => {
    read.push(name);
    transport.onData(frame(8));
  };
  expect(poller.post(next('first'))).toBe(true);
  expect(poller.post(next('second'))).toBe(false);
  poller.resume();
  expect(frames).toEqual([1, 2, 3]);
  allow(2);
  poller.resume();
  expect([frames, read]).toEqual([[1, 2, 3, 4, 5], []]);
  // Let go, but what was there first comes first.
  allow(2);
  expect(poller.post(next('third'))).toBe(false);
  poller.resume();
  expect([frames, read]).toEqual([[1, 2, 3, 4, 5, 6, 7], []]);
  allow(1);
  poller.resume();
  expect([frames, read]).toEqual([[1, 2, 3, 4, 5, 6, 7, 8], ['first']]);
  allow(1);
  expect(poller.post(next('fourth'))).toBe(true);
  expect(read).toEqual(['first', 'fourth']);
});

test('a request that waits when the session ends is handed on, to be refused', () => {
  const { transport, poller, frames } = polling({ burst: 1 });
  transport.onData([frame(1), frame(2)].join(SEPARATOR));
  let read = 0;
  poller.post(() => (read += 1));
  poller.end();
  poller.end();
  expect([read, frames]).toEqual([1, [1]]);
});

test('what carries nothing is counted; what is not for a member is the library’s, in order', () => {
  const { transport, packets, calls, frames } = polling({ member: false });
  transport.onData(['3', '6', '40', frame(1), '42[]'].join(SEPARATOR));
  expect(calls).toEqual(['noise', 'noise']);
  expect(packets).toEqual(['3', '6', '40', frame(1), '42[]']);
  expect(frames).toEqual([]);
});

test.each([
  ['a close', '1', ['close'], []],
  ['what is no packet', '!', ['noise'], ['error']],
])('%s ends the request where it stands', (_what, packet, called, handed) => {
  const { transport, packets, calls, frames } = polling();
  transport.onData([frame(1), packet, frame(2), '3'].join(SEPARATOR));
  expect([frames, calls, packets]).toEqual([[1], called, handed]);
});

test('frames wait with what they cost, first for a poll, then for the network', () => {
  const { engine, poller, calls } = polling();
  const cost = 100 + FRAME_OVERHEAD;
  poller.queued(100);
  poller.queued(100);
  expect(poller.pending).toBe(2 * cost);
  const [one, two] = [new EventEmitter(), new EventEmitter()];
  poller.poll(one as unknown as ServerResponse);
  engine.emit('flush');
  // On its way, and not there: whoever reads no answer gets no second one for nothing.
  expect(poller.pending).toBe(2 * cost);
  poller.queued(100);
  poller.poll(two as unknown as ServerResponse);
  engine.emit('flush');
  expect(poller.pending).toBe(3 * cost);
  one.emit('close');
  expect(poller.pending).toBe(cost);
  two.emit('close');
  expect([poller.pending, calls]).toEqual([0, [`drained ${cost}`, 'drained 0']]);
});
