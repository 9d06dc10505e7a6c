/** Two sides that have keys: what a gap, an answer about the words and a pause of the process lead to, through the pair. */
import { describe, expect, it } from 'vitest';
import { SLEPT } from '../../../core/session/session.js';
import { GAPS_TOLD_AFTER } from '../../../core/session/talk.js';
import { connectedPair, createPair, fromUtf8, opposite, type Pair, SIDES, type Side } from '../../support/pair.js';

const codes = (pair: Pair, side: Side): string[] => pair[side].notices.map(({ code }) => code);
const FRAME = 0x10;

describe('frames that are not the next ones', () => {
  it('each makes the connection anew; that is told once, after some', () => {
    const pair = connectedPair();
    pair.advance(10_000);
    for (let gap = 1; gap <= GAPS_TOLD_AFTER + 2; gap++) {
      const forged = new Uint8Array(1280).fill(gap);
      forged[0] = FRAME;
      const joins = pair.left.joins.length;
      pair.deliver('left', forged);
      pair.advance(60_000);
      expect(pair.left.joins.length).toBeGreaterThan(joins);
      expect(codes(pair, 'left')).toEqual(gap < GAPS_TOLD_AFTER ? [] : ['SC-405']);
      expect(pair.left.session.state).toBe('active');
    }
    pair.send('left', 'still here');
    pair.advance(1_000);
    expect(pair.right.messages).toEqual(['still here']);
  });
});

describe('an answer about the words', () => {
  const secretless = { form: 'none', secret: '' } as const;

  it('a yes is given once, and a no is heard after it', () => {
    const pair = connectedPair({ left: secretless, right: secretless });
    pair.ui('left', { type: 'confirm', match: true });
    pair.ui('left', { type: 'confirm', match: true });
    expect(codes(pair, 'left')).toEqual(['SC-312']);
    pair.ui('left', { type: 'confirm', match: false });
    pair.advance(10_000);
    expect(pair.left.ended).toMatchObject({ code: 'SC-403' });
    expect(pair.right.ended).toMatchObject({ code: 'SC-407' });
  });

  it('after a no there is nothing to be said', () => {
    const pair = connectedPair({ left: secretless, right: secretless });
    // The goodbye cannot get out.
    pair.relay.frame = () => undefined;
    pair.ui('left', { type: 'confirm', match: false });
    for (const match of [true, false]) pair.ui('left', { type: 'confirm', match });
    pair.ui('left', { type: 'compare-again' });
    expect(codes(pair, 'left')).toEqual(['SC-312', 'SC-312', 'SC-312']);
    pair.advance(10_000);
    expect(pair.left.ended).toMatchObject({ code: 'SC-403' });
  });
});

describe('a process that slept', () => {
  it('asks at once whether the connection is still there, and makes it anew when nobody answers', () => {
    const pair = connectedPair();
    pair.advance(10_000);
    const { session } = pair.left;
    // Nothing passes any more, and nobody has said so.
    pair.relay.frame = () => undefined;
    const frames = pair.left.frames.length;
    pair.now = session.wakeAt + SLEPT;
    pair.settle();
    expect(pair.left.frames.length).toBe(frames + 1);
    expect(session.state).toBe('active');
    pair.advance(2_500);
    expect(pair.left.states).toContain('reconnecting');
    delete pair.relay.frame;
    pair.advance(30_000);
    for (const side of SIDES) expect(pair[side].session.state).toBe('active');
  });
});

describe('what was made does nothing before it is opened', () => {
  it('the first frame of B comes after the words were shown to A, and settles A', () => {
    const order: string[] = [];
    const pair = createPair();
    pair.relay.frame = (frame, from, { deliver }) => {
      if (frame[0] === FRAME) order.push(`${from} ${pair[from].states.at(-1) ?? ''} ${pair[from].words.length}`);
      deliver(opposite(from), frame);
    };
    pair.start();
    expect(order[0]).toMatch(/active 4$/);
    expect(pair.left.words).toEqual(pair.right.words);
  });
});

describe('a name', () => {
  it.each(['Ada', ''])('is told once the words are accepted, where there is one: %j', (name) => {
    const told: string[] = [];
    const pair = connectedPair({
      left: { verify: true, name },
      told(side, view) {
        if (side === 'right' && view.type === 'peer') told.push(fromUtf8(view.name));
      },
    });
    pair.advance(1_000);
    expect(told).toEqual([]);
    pair.ui('left', { type: 'confirm', match: true });
    pair.advance(1_000);
    expect(told).toEqual(name === '' ? [] : [name]);
  });
});
