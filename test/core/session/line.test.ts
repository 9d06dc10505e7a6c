/**
 * The connection of a session (protocol.md section 7): nothing is handed to a transport in which enough waits, and all of
 * it goes out when there is room again.
 */
import { describe, expect, it } from 'vitest';
import type { Effect } from '../../../core/session/events.js';
import { WAITING_LIMIT } from '../../../core/session/line.js';
import { connectedPair, createPair, utf8 } from '../../support/pair.js';

const transmitted = (effects: readonly Effect[]): number => effects.filter(({ type }) => type === 'transmit').length;
const send = (text: string) => ({ type: 'ui', event: { type: 'send', text: utf8(text) } }) as const;
const control = (message: unknown) => ({ type: 'transport', event: { type: 'control', message } }) as const;

describe('a transport in which enough waits', () => {
  it('gets no frame, and all of them when it has room', () => {
    const pair = connectedPair();
    pair.advance(1_000);
    const { session } = pair.left;
    for (let i = 0; i < 5; i++) {
      expect(transmitted(session.handle(send(`message ${i}`), pair.now, WAITING_LIMIT))).toBe(0);
    }
    const drained = session.handle({ type: 'transport', event: { type: 'drain' } }, pair.now, 0);
    expect(transmitted(drained)).toBeGreaterThan(0);
    for (const effect of drained) if (effect.type === 'transmit') pair.deliver('right', effect.frame);
    expect(pair.right.messages).toEqual(Array.from({ length: 5 }, (_, i) => `message ${i}`));
  });

  it('gets no message of a handshake either: the pairing is closed, and made anew', () => {
    const pair = createPair();
    pair.startOne('left');
    pair.settle();
    const effects = pair.left.session.handle(control({ type: 'peer-joined' }), pair.now, WAITING_LIMIT);
    expect(transmitted(effects)).toBe(0);
    expect(effects.map(({ type }) => type)).toContain('disconnect');
    expect(pair.left.session.wakeAt).toBeGreaterThan(pair.now);
  });

  it('gets at most what fits in one step', () => {
    const pair = connectedPair({ left: { receipts: false } });
    pair.advance(1_000);
    const { session } = pair.left;
    for (let i = 0; i < 200; i++) session.handle(send('x'.repeat(60_000)), pair.now, WAITING_LIMIT);
    const effects = session.handle({ type: 'transport', event: { type: 'drain' } }, pair.now, 0);
    const bytes = effects.reduce((sum, effect) => sum + (effect.type === 'transmit' ? effect.frame.length : 0), 0);
    expect(bytes).toBeGreaterThan(WAITING_LIMIT / 2);
    expect(bytes).toBeLessThan(WAITING_LIMIT + 16_384);
  });
});
