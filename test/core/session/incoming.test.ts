/** What the peer says, from the frame to the eyes of a person: what is told as delivered, and when. */
import { describe, expect, it } from 'vitest';
import { connectedPair } from '../../support/pair.js';

describe('a message', () => {
  it('is told once the UI has shown it, up to what it was handed, and never twice', () => {
    const pair = connectedPair({ right: { shows: false } });
    const delivered = () => [...pair.left.statuses].flatMap(([id, status]) => (status === 'delivered' ? id : []));
    for (const text of ['one', 'two', 'three']) pair.send('left', text);
    pair.advance(60_000);
    expect(pair.right.messages).toEqual(['one', 'two', 'three']);
    expect(delivered()).toEqual([]);
    pair.ui('right', { type: 'shown', id: 1 });
    expect(delivered()).toEqual([0, 1]);
    const { length } = pair.right.frames;
    for (const id of [0, 1, -1]) pair.ui('right', { type: 'shown', id });
    expect(pair.right.frames).toHaveLength(length);
    // What was never handed over cannot have been shown.
    pair.ui('right', { type: 'shown', id: 1_000_000 });
    pair.send('left', 'four');
    expect(delivered()).toEqual([0, 1, 2]);
  });

  it('what the peer does not see before it has compared the words is told to whoever says it', () => {
    const pair = connectedPair({ right: { verify: true } });
    for (const text of ['one', 'two']) pair.send('left', text);
    expect(pair.left.notices.map(({ detail }) => detail)).toEqual([{}, { unseen: 1 }]);
  });

  it('a UI that shows messages is no sign of a person', () => {
    const pair = connectedPair({ right: { idleTimeout: 60_000 } });
    for (let second = 0; second < 60; second += 10) {
      pair.send('left', 'tick');
      pair.advance(10_000);
    }
    expect(pair.right.ended?.code).toBe('SC-326');
  });

  it('what is due in the same moment as a receipt comes right after it', () => {
    const pair = connectedPair({ right: { idleTimeout: 60_000 } });
    pair.advance(59_999);
    const held: Uint8Array[] = [];
    pair.relay.frame = (frame) => void held.push(frame);
    pair.send('left', 'tick');
    delete pair.relay.frame;
    pair.now += 1;
    for (const frame of held) pair.deliver('right', frame);
    pair.settle();
    expect(pair.left.statuses.get(0)).toBe('delivered');
    expect(pair.right.ended?.code).toBe('SC-326');
  });
});
