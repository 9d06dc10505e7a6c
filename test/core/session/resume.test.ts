/**
 * A line that goes and comes back (protocol.md section 7, "Resume"), step by step; the same under every fault at once is
 * network-properties.test.ts.
 */
import { MESSAGE_LIMIT } from '../../../core/limits.js';
import { describe, expect, it } from 'vitest';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import { EXIT } from '../../../core/errors.js';
import { RESUME_TYPE } from '../../../core/protocol/resume.js';
import { BACKOFF_MAX, BACKOFF_MIN, createBackoff } from '../../../core/session/backoff.js';
import { BYE_TIMEOUT } from '../../../core/session/goodbye.js';
import { ALONE_TIMEOUT, PROOF_TIMEOUT, PROOFS_TOLD_AFTER } from '../../../core/session/resume.js';
import { countRekeys, onOffer } from '../../support/epochs.js';
import { HELD_HIGH } from '../../../core/session/outgoing.js';
import { connectedPair, createPair, opposite, type Pair, SIDES, type Side } from '../../support/pair.js';

const FRAME = 0x10;
const M3 = 0x04;
const framesOf = (pair: Pair, side: Side): Uint8Array[] => pair[side].frames.filter((frame) => frame[0] === FRAME);
const codes = (pair: Pair, side: Side): string[] => pair[side].notices.map(({ code }) => code);

/** Nobody reaches the relay. */
function off(pair: Pair): void {
  pair.relay.join = (_join, from) => {
    pair.cut(from, 'unreachable');
    return true;
  };
}

function on(pair: Pair): void {
  delete pair.relay.join;
  delete pair.relay.frame;
}

/** Rests with both sides active. */
function settled(options: Parameters<typeof createPair>[0] = {}): Pair {
  const pair = connectedPair(options);
  pair.advance(1000);
  return pair;
}

describe('a line that was cut', () => {
  it.each(SIDES)('at the %s: what was under way arrives, in order and once', (side) => {
    const pair = settled();
    pair.relay.frame = () => undefined;
    for (const text of ['one', 'two', 'three']) pair.send('left', text);
    pair.send('right', 'four');
    delete pair.relay.frame;
    pair.cut(side);
    pair.settle();
    expect(pair[side].session.state).toBe('reconnecting');
    pair.send('left', 'typed meanwhile');
    expect(pair.left.statuses.get(3)).toBe('held');
    pair.advance(1000);
    expect(pair.right.messages).toEqual(['one', 'two', 'three', 'typed meanwhile']);
    expect(pair.left.messages).toEqual(['four']);
    expect([...pair.left.statuses.values()]).toEqual(Array(4).fill('delivered'));
    for (const one of SIDES) expect(pair[one].states.slice(-2)).toEqual(['reconnecting', 'active']);
  });

  it.each(SIDES)('at the %s: both hear whose it was', (side) => {
    const pair = settled();
    pair.cut(side);
    pair.settle();
    expect([pair[side].broken, pair[opposite(side)].broken]).toEqual([['own'], ['peer']]);
  });

  it("is told as nobody's where nobody knows: a silence, a frame that is not the next one", () => {
    const silent = settled();
    silent.relay.frame = () => undefined;
    silent.send('left', 'unheard');
    silent.advance(120_000);
    expect(silent.left.broken[0]).toBeUndefined();
    expect(silent.left.states).toContain('reconnecting');
    const forged = settled();
    forged.relay.frame = (frame, from, pair) =>
      pair.deliver(opposite(from), frame.map((byte) => byte ^ 1).fill(FRAME, 0, 1));
    forged.send('left', 'forged');
    forged.settle();
    expect(forged.right.broken).toEqual([undefined]);
    expect(forged.left.broken).toEqual(['peer']);
  });

  it('is made anew in a room that only the two know, and joined, not created', () => {
    const pair = settled();
    pair.cut('left');
    pair.advance(1000);
    const [first, again] = [pair.left.joins[0], pair.left.joins.at(-1)];
    const peers = pair.right.joins.at(-1);
    expect(again?.room).toBe(peers?.room);
    expect(again?.room).not.toBe(first?.room);
    expect(again?.seat).not.toBe(first?.seat);
    expect(again?.seat).not.toBe(peers?.seat);
    expect(again?.mode).toBe('join');
  });

  it('sends again the same bytes, and what is new in another epoch', () => {
    const pair = settled();
    const rekeys = countRekeys(pair.left.crypto);
    pair.relay.frame = () => undefined;
    pair.send('left', 'lost');
    const [lost] = framesOf(pair, 'left').slice(-1);
    delete pair.relay.frame;
    pair.cut('left');
    const from = framesOf(pair, 'left').length;
    pair.advance(1000);
    expect(framesOf(pair, 'left')[from]).toEqual(lost);
    pair.send('left', 'new');
    expect(pair.right.messages).toEqual(['lost', 'new']);
    expect(rekeys()).toBe(1);
  });

  it('during a rekey completes it and makes another', () => {
    for (const lost of SIDES) {
      const pair = settled();
      pair.send('left', 'a');
      pair.send('right', 'b');
      // The offer or the answer goes nowhere.
      let cut = false;
      const rekeys = SIDES.map((side) => countRekeys(pair[side].crypto));
      for (const side of SIDES) onOffer(pair[side].crypto, () => (cut = true));
      pair.relay.frame = (frame, from, { deliver }) => {
        if (!cut || from !== lost) deliver(opposite(from), frame);
      };
      pair.advance(6000);
      expect(cut).toBe(true);
      delete pair.relay.frame;
      pair.cut('left');
      pair.advance(1000);
      for (const side of SIDES) {
        pair.send(side, 'later');
        expect(pair[opposite(side)].messages.at(-1)).toBe('later');
      }
      expect(rekeys.map((count) => count())).toEqual([2, 2]);
    }
  });

  it('waits longer and longer, and gives up at last', () => {
    const pair = settled({ left: { resumeTimeout: 60_000 }, right: { resumeTimeout: 60_000 } });
    pair.send('left', 'arrived');
    pair.relay.frame = () => undefined;
    pair.send('left', 'one');
    off(pair);
    for (const side of SIDES) pair.cut(side);
    pair.send('left', 'two');
    pair.advance(59_000);
    const tries = pair.left.joins.length;
    expect(tries).toBeGreaterThan(6);
    expect(tries).toBeLessThan(20);
    expect(codes(pair, 'left')).toEqual(['SC-325']);
    pair.advance(1000);
    expect(pair.left.ended).toMatchObject({ code: 'SC-304', exit: EXIT.lost, detail: { count: 2 } });
    expect([pair.left.statuses.get(1), pair.left.statuses.get(2)]).toEqual(['failed', 'failed']);
    for (const side of SIDES) expect(pair[side].crypto.live).toBe(0);
  });

  it('believes a delay that the relay names', () => {
    const pair = settled();
    pair.relay.join = (_join, from) => {
      pair.control(from, { type: 'error', code: 'rate-limited', retryAfterMs: 30_000 });
      return true;
    };
    pair.cut('left');
    pair.advance(1000);
    const tries = pair.left.joins.length;
    pair.advance(28_000);
    expect(pair.left.joins.length).toBe(tries);
    delete pair.relay.join;
    pair.advance(3000);
    expect(pair.left.session.state).toBe('active');
  });

  it('a peer that is replaced in the room is proven anew on the same connection', () => {
    const pair = settled();
    pair.cut('left');
    pair.advance(1000);
    const joins = pair.right.joins.length;
    pair.cut('left');
    pair.advance(1000);
    expect(pair.right.joins.length).toBe(joins);
    pair.send('left', 'here again');
    expect(pair.right.messages).toEqual(['here again']);
  });

  it('alone for long: the connection is made anew', () => {
    const pair = settled();
    pair.relay.join = (_join, from) => from === 'right';
    pair.cut('right');
    pair.advance(2000);
    const joins = pair.left.joins.length;
    pair.advance(ALONE_TIMEOUT);
    expect(pair.left.joins.length).toBe(joins + 1);
  });

  it('a process that slept asks at once', () => {
    const pair = settled();
    pair.relay.frame = () => undefined;
    pair.now += 3_600_000;
    pair.settle();
    pair.advance(3000);
    for (const side of SIDES) expect(pair[side].states).toContain('reconnecting');
    delete pair.relay.frame;
    pair.advance(PROOF_TIMEOUT + 5000);
    pair.send('left', 'awake');
    expect(pair.right.messages).toEqual(['awake']);
  });
});

describe('a cut at the end of the handshake', () => {
  /** M3 is sealed by A; it arrives or not, and no frame of B does. */
  function provisional(arrives: boolean): { pair: Pair; A: Side } {
    const pair = createPair();
    let A: Side | undefined;
    pair.relay.frame = (frame, from, { deliver }) => {
      if (frame[0] === M3) A = from;
      if (A === undefined || (arrives && frame[0] === M3)) deliver(opposite(from), frame);
    };
    pair.start();
    if (A === undefined) throw new Error('there was no M3');
    return { pair, A };
  }

  it.each([true, false])('M3 arrived: %s. A looks in both rooms, and nothing typed is lost', (arrives) => {
    const { pair, A } = provisional(arrives);
    pair.send(A, 'early');
    expect(pair[A].statuses.get(0)).toBe('sent');
    for (const side of SIDES) pair.cut(side);
    delete pair.relay.frame;
    pair.send(A, 'later');
    pair.advance(20_000);
    for (const side of SIDES) expect(pair[side].session.state).toBe('active');
    expect(pair[opposite(A)].messages).toEqual(['early', 'later']);
    pair.ui(A, { type: 'quit' });
    pair.advance(1000);
    for (const side of SIDES) {
      expect(pair[side].ended?.exit).toBe(0);
      expect(pair[side].crypto.live).toBe(0);
    }
  });

  it('keeps what it sent until the peer is known to hold the keys, and takes no more than it may', () => {
    const { pair, A } = provisional(true);
    const many = HELD_HIGH / MESSAGE_LIMIT + 2;
    for (let i = 0; i < many; i++) pair.send(A, String(i).padEnd(MESSAGE_LIMIT, 'x'));
    expect(pair[A].welcome).toBe(false);
    for (const side of SIDES) pair.cut(side);
    delete pair.relay.frame;
    pair.advance(20_000);
    expect(pair[A].welcome).toBe(true);
    expect(pair[opposite(A)].messages.length).toBe(many);
  });
});

describe('goodbye and the line', () => {
  it('cut after the goodbye: one quick resume brings the answer', () => {
    const pair = settled();
    pair.relay.frame = () => undefined;
    pair.ui('left', { type: 'quit' });
    delete pair.relay.frame;
    pair.cut('left');
    pair.advance(BYE_TIMEOUT - 1);
    expect(pair.left.ended).toMatchObject({ code: 'SC-317', exit: 0 });
    expect(pair.right.ended).toMatchObject({ code: 'SC-316', exit: 0 });
  });

  it('both at once, and then a cut', () => {
    const pair = settled();
    pair.relay.frame = () => undefined;
    for (const side of SIDES) pair.ui(side, { type: 'quit' });
    delete pair.relay.frame;
    pair.cut('right');
    pair.advance(BYE_TIMEOUT + 3000);
    for (const side of SIDES) expect(pair[side].ended?.exit).toBe(0);
  });

  it('while the line is down and nothing is owed: soon', () => {
    const pair = settled();
    off(pair);
    for (const side of SIDES) pair.cut(side);
    pair.ui('left', { type: 'quit' });
    expect(codes(pair, 'left')).not.toContain('SC-328');
    pair.advance(BYE_TIMEOUT);
    expect(pair.left.ended).toMatchObject({ code: 'SC-317', exit: 0 });
  });

  it('while the line is down and text is owed: when it has arrived', () => {
    const pair = settled();
    off(pair);
    for (const side of SIDES) pair.cut(side);
    pair.send('left', 'owed');
    pair.ui('left', { type: 'end-of-input' });
    pair.advance(60_000);
    expect(codes(pair, 'left')).toContain('SC-328');
    on(pair);
    pair.advance(30_000);
    expect(pair.right.messages).toEqual(['owed']);
    for (const side of SIDES) expect(pair[side].ended?.exit).toBe(0);
  });

  it('an interrupt does not wait for a line', () => {
    const pair = settled();
    off(pair);
    for (const side of SIDES) pair.cut(side);
    pair.send('left', 'given up');
    pair.ui('left', { type: 'interrupt' });
    pair.advance(BYE_TIMEOUT);
    expect(pair.left.ended).toMatchObject({ code: 'SC-311', exit: EXIT.interrupted });
  });
});

describe('what a person does while the line is down', () => {
  it('comparing words survives it, and is not done by it', () => {
    const pair = settled({ left: { verify: true }, right: { verify: true } });
    pair.cut('left');
    pair.advance(1000);
    for (const side of SIDES) expect(pair[side].session.state).toBe('confirming');
    off(pair);
    for (const side of SIDES) pair.cut(side);
    pair.ui('left', { type: 'confirm', match: true });
    pair.ui('left', { type: 'confirm', match: true });
    expect(codes(pair, 'left')).toContain('SC-312');
    pair.send('left', 'after the words');
    expect(pair.left.session.state).toBe('reconnecting');
    on(pair);
    pair.advance(30_000);
    expect(pair.left.session.state).toBe('active');
    expect(pair.right.session.state).toBe('confirming');
    pair.ui('right', { type: 'confirm', match: true });
    pair.advance(1000);
    expect(pair.right.messages).toEqual(['after the words']);
  });

  it('words that differ are told when the line is back', () => {
    const pair = settled({ left: { verify: true }, right: { verify: true } });
    pair.cut('left');
    pair.ui('left', { type: 'confirm', match: false });
    pair.advance(BYE_TIMEOUT);
    expect(pair.left.ended).toMatchObject({ code: 'SC-403', exit: EXIT.violation });
    expect(pair.right.ended).toMatchObject({ code: 'SC-407', exit: EXIT.violation });
  });

  it('text that came before the words were accepted is shown when the line is back', () => {
    const pair = settled({ left: { verify: true }, right: {} });
    pair.send('right', 'unseen');
    off(pair);
    for (const side of SIDES) pair.cut(side);
    pair.ui('left', { type: 'confirm', match: true });
    expect(pair.left.messages).toEqual([]);
    on(pair);
    pair.advance(30_000);
    expect(pair.left.messages).toEqual(['unseen']);
  });

  it('is told once when more is typed than is held', () => {
    const pair = settled();
    off(pair);
    for (const side of SIDES) pair.cut(side);
    for (let i = 0; i < HELD_HIGH / MESSAGE_LIMIT + 3; i++) pair.send('left', 'x'.repeat(MESSAGE_LIMIT));
    expect(codes(pair, 'left').filter((code) => code === 'SC-327')).toHaveLength(1);
    on(pair);
    pair.advance(30_000);
    expect(pair.right.messages.length).toBe(HELD_HIGH / MESSAGE_LIMIT + 3);
  });
});

describe('nobody at the keyboard', () => {
  it('says goodbye and wipes after the idle time; a sign of life starts it anew', () => {
    const pair = settled({ left: { idleTimeout: 60_000 } });
    pair.advance(50_000);
    pair.ui('left', { type: 'activity' });
    pair.advance(50_000);
    pair.send('left', 'still here');
    // What the peer does is no sign of this person.
    pair.send('right', 'are you?');
    pair.advance(59_000);
    expect(pair.left.session.state).toBe('active');
    pair.advance(2000);
    expect(pair.left.ended).toMatchObject({ code: 'SC-326', exit: 0 });
    expect(pair.right.ended).toMatchObject({ code: 'SC-316' });
  });

  it('does not wait for text, and counts it', () => {
    const pair = settled({ left: { idleTimeout: 60_000 } });
    pair.relay.frame = () => undefined;
    pair.send('left', 'lost');
    pair.advance(60_000 + BYE_TIMEOUT);
    expect(pair.left.ended).toMatchObject({ code: 'SC-306', detail: { count: 1 } });
  });

  it('ends a wait for the peer', () => {
    const pair = createPair({ left: { idleTimeout: 60_000 } });
    pair.startOne('left');
    pair.advance(60_000);
    expect(pair.left.ended).toMatchObject({ code: 'SC-326', exit: 0 });
  });
});

describe('a hostile relay', () => {
  it('that plays old proofs again gets nowhere, and is told after the third time', () => {
    const pair = settled();
    const old: Uint8Array[] = [];
    pair.relay.frame = (frame, from, { deliver }) => {
      if (from === 'right' && frame[0] !== FRAME) old.push(frame);
      deliver(opposite(from), frame);
    };
    pair.cut('left');
    pair.advance(1000);
    expect(old.map((frame) => frame[0])).toEqual([RESUME_TYPE.one, RESUME_TYPE.two]);
    pair.relay.frame = (frame, from, { deliver }) => {
      if (from === 'left' && frame[0] === RESUME_TYPE.one) for (const again of old) deliver('left', again);
    };
    pair.relay.join = (_join, from) => {
      pair.control(from, { type: 'joined', peer: from === 'left' });
      return true;
    };
    pair.cut('left');
    pair.cut('right');
    const states = pair.left.states.length;
    pair.advance(30_000);
    expect(pair.left.states.length).toBe(states);
    expect(codes(pair, 'left').filter((code) => code === 'SC-324')).toHaveLength(1);
    on(pair);
    pair.advance(60_000);
    pair.send('left', 'back');
    expect(pair.right.messages).toEqual(['back']);
  });

  it('that shows a side to itself', () => {
    const pair = settled();
    pair.relay.frame = (frame, from, { deliver }) => deliver(from, frame);
    pair.relay.join = (_join, from) => {
      pair.control(from, { type: 'joined', peer: true });
      return true;
    };
    for (const side of SIDES) pair.cut(side);
    pair.advance(60_000);
    for (const side of SIDES) {
      expect(pair[side].session.state).toBe('reconnecting');
      expect(codes(pair, side)).toContain('SC-324');
    }
  });

  it('a frame before the proof is not opened', () => {
    const pair = settled();
    pair.relay.frame = () => undefined;
    pair.send('right', 'too early');
    const frame = pair.right.frames.at(-1);
    if (frame === undefined) throw new Error('a frame expected');
    pair.relay.join = (_join, from) => {
      pair.control(from, { type: 'joined', peer: true });
      return true;
    };
    pair.cut('left');
    pair.advance(500);
    pair.deliver('left', frame);
    expect(pair.left.messages).toEqual([]);
    expect(pair.left.session.state).toBe('reconnecting');
  });

  it('a second resume-1 in a pairing closes the connection', () => {
    const pair = settled();
    pair.cut('left');
    pair.advance(1000);
    const joins = pair.left.joins.length;
    const first = pair.right.frames.findLast((frame) => frame[0] === RESUME_TYPE.one);
    if (first === undefined) throw new Error('resume-1 expected');
    pair.deliver('left', first);
    expect(pair.left.session.state).toBe('reconnecting');
    pair.advance(1000);
    expect(pair.left.joins.length).toBe(joins + 1);
    expect(pair.left.session.state).toBe('active');
  });

  it('that never brings a proof is left after PROOF_TIMEOUT', () => {
    const pair = settled();
    pair.relay.frame = () => undefined;
    pair.cut('left');
    pair.advance(1000);
    const joins = pair.left.joins.length;
    pair.advance(PROOF_TIMEOUT);
    expect(pair.left.joins.length).toBeGreaterThan(joins);
    pair.advance(PROOFS_TOLD_AFTER * (PROOF_TIMEOUT + 2000));
    expect(codes(pair, 'left')).toContain('SC-324');
  });

  it('noise on a line that is up does not end it', () => {
    const pair = settled();
    pair.cut('left');
    pair.advance(1000);
    for (const message of [null, 'x', {}, { type: 'unknown' }]) pair.control('left', message);
    for (let i = 0; i < 1000; i++) pair.deliver('left', Uint8Array.of(0x7f, i % 256));
    pair.settle();
    expect(pair.left.session.state).toBe('active');
  });
});

it('back-off grows from 250 ms to 10 s, with jitter', () => {
  const backoff = createBackoff(createTweetnaclCrypto());
  for (let i = 0; i < 12; i++) {
    const full = Math.min(250 * 1.5 ** i, 10_000);
    const delay = backoff.next();
    expect(delay).toBeGreaterThanOrEqual(full / 2);
    expect(delay).toBeLessThanOrEqual(full);
  }
  expect(BACKOFF_MAX).toBe(10_000);
  backoff.reset();
  expect(backoff.next()).toBeLessThanOrEqual(BACKOFF_MIN);
});
