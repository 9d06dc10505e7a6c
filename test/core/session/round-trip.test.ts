/** The round-trip time of the connection. */
import { describe, expect, test } from 'vitest';
import { createRoundTrip, SAMPLES } from '../../../core/session/round-trip.js';
import { connectedPair } from '../../support/pair.js';

/** The first ack of a connection has come. */
function warmed(): ReturnType<typeof createRoundTrip> {
  const trip = createRoundTrip();
  trip.sent(-1, 0);
  trip.acknowledged(0, 500);
  return trip;
}

describe('the round trip', () => {
  test('is not that of the handshake, nor of a proof: the first ack after either says nothing', () => {
    const trip = warmed();
    expect(trip.ms).toBeUndefined();
    trip.sent(0, 1000);
    trip.acknowledged(1, 1003);
    expect(trip.ms).toBe(3);
  });

  test('is not known before the first ack', () => {
    const trip = warmed();
    trip.acknowledged(3, 10);
    trip.sent(3, 20);
    trip.acknowledged(3, 30);
    expect(trip.ms).toBeUndefined();
    trip.acknowledged(4, 45.4);
    expect(trip.ms).toBe(25);
  });

  test('counts from the frame that was asked about first, once', () => {
    const trip = warmed();
    trip.sent(0, 0);
    trip.sent(1, 8);
    trip.acknowledged(2, 10);
    trip.acknowledged(3, 11);
    expect(trip.ms).toBe(10);
  });

  test('is the smallest of the last ones: an ack may wait', () => {
    const trip = warmed();
    const took = (seq: number, ms: number): void => {
      trip.sent(seq, 0);
      trip.acknowledged(seq + 1, ms);
    };
    took(0, 10);
    for (let i = 1; i < SAMPLES; i++) took(i, 60);
    expect(trip.ms).toBe(10);
    took(SAMPLES, 60);
    expect(trip.ms).toBe(60);
  });

  test('what was out when the line broke says nothing', () => {
    const trip = warmed();
    trip.sent(0, 0);
    trip.acknowledged(1, 5);
    trip.sent(1, 10);
    trip.interrupted();
    expect(trip.ms).toBeUndefined();
    trip.acknowledged(2, 5000);
    expect(trip.ms).toBeUndefined();
    trip.sent(2, 6000);
    trip.acknowledged(3, 6090);
    expect(trip.ms).toBeUndefined();
    trip.sent(3, 6100);
    trip.acknowledged(4, 6107);
    expect(trip.ms).toBe(7);
  });
});

describe('a session shows it', () => {
  test('when it changes, and anew after a broken line', () => {
    const pair = connectedPair();
    const held: Uint8Array[] = [];
    pair.relay.frame = (frame, from) => {
      if (from === 'left') held.push(frame);
      else pair.deliver('left', frame);
    };
    const say = (ms: number): void => {
      pair.send('left', 'hello');
      pair.now += ms;
      for (const frame of held.splice(0)) pair.deliver('right', frame);
      pair.settle();
    };
    pair.left.roundTrips.length = 0;
    say(12);
    say(12);
    say(30);
    say(7);
    expect(pair.left.roundTrips).toEqual([12, 7]);
    delete pair.relay.frame;
    pair.cut('left');
    pair.advance(5000);
    expect(pair.left.states.at(-1)).toBe('active');
    const before = pair.left.roundTrips.length;
    pair.send('left', 'again');
    pair.advance(5000);
    pair.send('left', 'and again');
    pair.advance(5000);
    expect(pair.left.roundTrips.length).toBeGreaterThan(before);
    expect(pair.left.roundTrips.at(-1)).not.toBe(7);
  });
});
