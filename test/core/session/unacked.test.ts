/** What is sealed and not yet acknowledged: what is handed over, when, and where the two windows close. */
import { describe, expect, it } from 'vitest';
import { RemoteProtocolError } from '../../../core/errors.js';
import type { ProtocolRecord } from '../../../core/protocol/records.js';
import {
  CONTROL_WINDOW_FRAMES,
  controlOf,
  createUnacked,
  DATA_WINDOW_BYTES,
  DATA_WINDOW_FRAMES,
} from '../../../core/session/unacked.js';

const PING: ProtocolRecord = { type: 'ping' };
const RECEIPT: ProtocolRecord = { type: 'delivered', id: 0 };
const WANTED: ProtocolRecord = { type: 'rekey-wanted' };
const credit = (id: number): ProtocolRecord => ({ type: 'bulk-credit', id, counter: 0, window: 1 });
const frame = (mark: number, length = 8): Uint8Array => new Uint8Array(length).fill(mark);

describe('frames', () => {
  it('are handed over once, in order, and again from the oldest after a break', () => {
    const unacked = createUnacked();
    expect([unacked.waiting, unacked.hand()]).toEqual([false, undefined]);
    for (const mark of [0, 1, 2]) unacked.add(frame(mark), [PING]);
    expect([unacked.nextSeq, unacked.lowest, unacked.waiting]).toEqual([3, 0, true]);
    expect([unacked.hand(), unacked.hand()]).toEqual([frame(0), frame(1)]);
    unacked.acknowledge(1);
    expect(unacked.lowest).toBe(1);
    expect([unacked.hand(), unacked.waiting, unacked.hand()]).toEqual([frame(2), false, undefined]);
    unacked.rewind();
    expect([unacked.waiting, unacked.hand(), unacked.hand()]).toEqual([true, frame(1), frame(2)]);
    unacked.acknowledge(3);
    expect([unacked.lowest, unacked.nextSeq, unacked.waiting]).toEqual([3, 3, false]);
    unacked.add(frame(3), []);
    expect(unacked.hand()).toEqual(frame(3));
  });

  it('an ack for more than was handed over leaves the rest to hand', () => {
    const unacked = createUnacked();
    for (const mark of [0, 1, 2]) unacked.add(frame(mark), [PING]);
    unacked.hand();
    unacked.acknowledge(2);
    expect([unacked.waiting, unacked.hand(), unacked.waiting]).toEqual([true, frame(2), false]);
  });

  it('each ack releases what is below it and nothing else', () => {
    const unacked = createUnacked();
    for (const mark of [0, 1, 2, 3]) unacked.add(frame(mark), [PING]);
    for (const ack of [1, 2, 3]) {
      unacked.acknowledge(ack);
      expect([unacked.lowest, unacked.eliciting, unacked.hand()]).toEqual([ack, 4 - ack, frame(ack)]);
      unacked.rewind();
    }
  });

  it('an ack that goes back is nothing; one above what was sent, or none at all, is a violation', () => {
    const unacked = createUnacked();
    for (const mark of [0, 1]) unacked.add(frame(mark), [PING]);
    unacked.acknowledge(2);
    unacked.acknowledge(1);
    expect([unacked.lowest, unacked.eliciting]).toEqual([2, 0]);
    for (const bad of [3, Number.NaN]) expect(() => unacked.acknowledge(bad)).toThrow(RemoteProtocolError);
  });

  it('that carry something ask for an ack', () => {
    const unacked = createUnacked();
    unacked.add(frame(0), []);
    expect(unacked.eliciting).toBe(0);
    unacked.add(frame(1), [RECEIPT]);
    unacked.add(frame(2), [PING]);
    expect(unacked.eliciting).toBe(2);
    unacked.acknowledge(2);
    expect(unacked.eliciting).toBe(1);
  });

  it('leave nothing when they are wiped, and their numbers go on', () => {
    const unacked = createUnacked();
    for (const mark of [0, 1]) unacked.add(frame(mark), [PING, RECEIPT]);
    unacked.hand();
    unacked.wipe();
    expect([unacked.waiting, unacked.hand(), unacked.eliciting, unacked.has('ping')]).toEqual([
      false,
      undefined,
      0,
      false,
    ]);
    expect([unacked.nextSeq, unacked.lowest]).toEqual([2, 2]);
    unacked.add(frame(2), [PING]);
    expect([unacked.hand(), unacked.eliciting]).toEqual([frame(2), 1]);
  });
});

describe('control records', () => {
  it('are what says nothing of the conversation; a credit is one of its stream', () => {
    const data: ProtocolRecord['type'][] = ['text', 'name', 'delivered', 'confirmed', 'bulk-open', 'bulk-close'];
    for (const type of data) expect(controlOf({ type } as ProtocolRecord)).toBeUndefined();
    expect([controlOf(PING), controlOf(WANTED), controlOf(credit(3))]).toEqual([
      'ping',
      'rekey-wanted',
      'bulk-credit 3',
    ]);
  });

  it('are out until the last frame with them is acknowledged', () => {
    const unacked = createUnacked();
    unacked.add(frame(0), [PING, credit(1)]);
    unacked.add(frame(1), [PING]);
    expect(['ping', 'bulk-credit 1', 'bulk-credit 2'].map((each) => unacked.has(each))).toEqual([true, true, false]);
    unacked.acknowledge(1);
    expect([unacked.has('ping'), unacked.has('bulk-credit 1')]).toEqual([true, false]);
    unacked.acknowledge(2);
    expect(unacked.has('ping')).toBe(false);
  });
});

describe('the window', () => {
  it('of data closes at so many frames, whatever else is out, and opens with one ack', () => {
    const unacked = createUnacked();
    for (let i = 0; i < 10; i++) unacked.add(frame(i), [PING]);
    for (let i = 1; i < DATA_WINDOW_FRAMES; i++) unacked.add(frame(i), [PING, RECEIPT]);
    expect(unacked.dataAllowed).toBe(true);
    unacked.add(frame(0), [RECEIPT]);
    expect(unacked.dataAllowed).toBe(false);
    unacked.acknowledge(10);
    expect(unacked.dataAllowed).toBe(false);
    unacked.acknowledge(11);
    expect(unacked.dataAllowed).toBe(true);
  });

  it('of data closes at so many bytes, of which control frames are none', () => {
    const unacked = createUnacked();
    const quarter = DATA_WINDOW_BYTES / 4;
    unacked.add(frame(0, DATA_WINDOW_BYTES), [PING]);
    for (let i = 0; i < 3; i++) unacked.add(frame(i, quarter), [RECEIPT]);
    unacked.add(frame(3, quarter - 1), [RECEIPT]);
    expect(unacked.dataAllowed).toBe(true);
    unacked.add(frame(4, 1), [RECEIPT]);
    expect(unacked.dataAllowed).toBe(false);
    unacked.acknowledge(2);
    expect(unacked.dataAllowed).toBe(true);
    unacked.wipe();
    unacked.add(frame(5, DATA_WINDOW_BYTES - 1), [RECEIPT]);
    expect(unacked.dataAllowed).toBe(true);
  });

  it('of everything closes later, and counts bare acks, too', () => {
    const unacked = createUnacked();
    for (let i = 1; i < CONTROL_WINDOW_FRAMES; i++) unacked.add(frame(0), i % 2 === 0 ? [] : [PING]);
    expect([unacked.controlAllowed, unacked.dataAllowed]).toEqual([true, true]);
    unacked.add(frame(0), []);
    expect(unacked.controlAllowed).toBe(false);
    unacked.acknowledge(1);
    expect(unacked.controlAllowed).toBe(true);
  });
});
