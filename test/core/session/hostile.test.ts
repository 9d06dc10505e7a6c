/**
 * The pair under a relay that owns the network (protocol.md section 0): whatever it does, no message is shown that was
 * not sent, both come to rest with the right code, attempts are counted, and no key survives.
 */
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../../core/errors.js';
import { FRAME_SIZES, FRAME_TYPE } from '../../../core/protocol/frame.js';
import { HANDSHAKE_LENGTHS, HANDSHAKE_VERSION } from '../../../core/protocol/handshake.js';
import { ATTEMPT_WHOLE } from '../../../core/session/attempts.js';
import { REJOIN_MIN, REJOIN_SPREAD } from '../../../core/session/tally.js';
import { runs } from '../../support/chance.js';
import { connectedPair, createPair, opposite, type Pair, SIDES, type Side } from '../../support/pair.js';

/** Each byte of the heads is flipped, then one in so many. */
const STRIDE = runs(151, 7, 1);
const RETRY = REJOIN_MIN + REJOIN_SPREAD;
const ASKED = { left: { asks: true }, right: { asks: true } };

/** Time passes; whoever is asked for the code again says that it is the same. */
function persist(pair: Pair, ms: number): void {
  const answered = { left: 0, right: 0 };
  for (let passed = 0; passed < ms; passed += 1000) {
    pair.advance(1000);
    for (const side of SIDES) {
      if (pair[side].wanted.length === answered[side]) continue;
      answered[side] = pair[side].wanted.length;
      pair.retype(side);
    }
  }
}
const NAMES = { 1: 'M0', 2: 'M1', 3: 'M2', 4: 'M3' } as const;

/** Changes the first frame of a type that passes; everything else is forwarded. */
function tamperOnce(type: number, change: (frame: Uint8Array) => Uint8Array[]): NonNullable<Pair['relay']['frame']> {
  let done = false;
  return (frame, from, pair) => {
    if (done || frame[0] !== type) return pair.deliver(opposite(from), frame);
    done = true;
    for (const each of change(frame)) pair.deliver(opposite(from), each);
  };
}

function flipped(frame: Uint8Array, at: number): Uint8Array {
  const copy = frame.slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

/** The invariant of this file. */
function expectTruth(pair: Pair, sent: Record<Side, string[]> = { left: [], right: [] }): void {
  for (const side of SIDES) {
    const theirs = sent[opposite(side)];
    expect(theirs.slice(0, pair[side].messages.length)).toEqual(pair[side].messages);
    if (pair[side].session.state === 'destroyed') expect(pair[side].crypto.live).toBe(0);
  }
}

describe('every byte of every handshake message, flipped', () => {
  for (const [type, length] of [
    [1, HANDSHAKE_LENGTHS.m0],
    [2, HANDSHAKE_LENGTHS.m1],
    [3, HANDSHAKE_LENGTHS.m2],
    [4, HANDSHAKE_LENGTHS.m3],
  ] as const) {
    it(`${NAMES[type]}: never a false connection, and an honest retry connects`, () => {
      for (let at = 0; at < length; at += at < 18 ? 1 : STRIDE) {
        const pair = createPair({ ...ASKED, relay: { frame: tamperOnce(type, (frame) => [flipped(frame, at)]) } });
        pair.start();
        expect(pair.left.words.length > 0 && pair.right.words.length > 0).toBe(false);
        persist(pair, 90_000);
        for (const side of SIDES) expect([at, pair[side].session.state]).toEqual([at, 'active']);
        expect(pair.left.words).toEqual(pair.right.words);
        expectTruth(pair);
      }
    });
  }

  it('cut short or made longer they are dropped', () => {
    for (const type of [1, 2, 3, 4]) {
      for (const change of [(f: Uint8Array) => [f.slice(0, -1)], (f: Uint8Array) => [Uint8Array.of(...f, 0)]]) {
        const pair = createPair({ relay: { frame: tamperOnce(type, change) } });
        pair.start();
        expect(pair.left.session.state === 'active' && pair.right.session.state === 'active').toBe(false);
        expect(pair.left.notices.concat(pair.right.notices)).toEqual([]);
      }
    }
  });
});

describe('man in the middle', () => {
  /** Two honest people, each in a pairing with the attacker, who knows `secret`. */
  function middle(secret: string): { victims: Pair; attackers: [Pair, Pair] } {
    const make = (): Pair => createPair({ ...ASKED, right: { asks: true, secret } });
    const attackers: [Pair, Pair] = [make(), make()];
    return { victims: attackers[0], attackers };
  }

  it('without the code gets nothing: the code burns after three guesses a side', () => {
    const { attackers } = middle('wrong-guess-words');
    for (const pair of attackers) {
      pair.start();
      persist(pair, ATTEMPT_WHOLE + 60_000);
      // As A it has seen the last proof fail, as B it has seen none.
      expect(['SC-401', 'SC-334']).toContain(pair.left.ended?.code);
      expect(pair.left.ended?.exit).toBe(EXIT.wrongCode);
      expect(pair.left.messages).toEqual([]);
    }
  });

  it('with the code gets two conversations whose safety words differ', () => {
    const { attackers } = middle('tunnel-anchor-mango');
    for (const pair of attackers) pair.start();
    const [one, two] = attackers;
    expect(one.left.session.state).toBe('active');
    expect(two.left.session.state).toBe('active');
    expect(one.left.words).not.toEqual(two.left.words);
  });

  it('a commitment, key or share taken from another pairing is refused', () => {
    const other = connectedPair();
    for (const type of [1, 2, 3, 4]) {
      const foreign = [...other.left.frames, ...other.right.frames].find((frame) => frame[0] === type);
      expect(foreign).toBeDefined();
      const pair = createPair({ relay: { frame: tamperOnce(type, () => (foreign === undefined ? [] : [foreign])) } });
      pair.start();
      expect(SIDES.every((side) => pair[side].session.state === 'active')).toBe(false);
      pair.advance(60_000);
      expectTruth(pair);
    }
  });
});

describe('reflection', () => {
  it('a client paired with itself is told after the third time, and no attempt is counted', () => {
    const pair = createPair({
      relay: {
        join: (_, from, { control }) => (control(from, { type: 'joined', peer: true }), true),
        frame: (frame, from, { deliver }) => deliver(from, frame),
      },
    });
    pair.startOne('left');
    pair.advance(4 * RETRY);
    expect(pair.left.ended).toMatchObject({ code: 'SC-406', exit: EXIT.violation });
    expect(pair.left.notices.map((notice) => notice.code)).not.toContain('SC-402');
    expect(pair.left.states.filter((state) => state === 'handshaking')).toHaveLength(3);
    expect(pair.left.crypto.live).toBe(0);
  });

  it('frames of an established session that come back are refused', () => {
    const pair = connectedPair();
    pair.relay.frame = (frame, from, { deliver }) => deliver(from, frame);
    pair.send('left', 'mine');
    expect(pair.left.messages).toEqual([]);
    expectTruth(pair);
  });
});

describe('handshake messages replayed, doubled and reordered', () => {
  it('each is taken once: doubled messages change nothing', () => {
    const pair = createPair();
    pair.relay.frame = (frame, from, { deliver }) => {
      deliver(opposite(from), frame);
      if (frame[0] !== FRAME_TYPE) deliver(opposite(from), frame);
    };
    pair.start();
    pair.send('left', 'once');
    expect(pair.right.messages).toEqual(['once']);
    for (const side of SIDES) expect(pair[side].notices).toEqual([]);
  });

  it('of this pairing, again after it is established: dropped', () => {
    const pair = connectedPair();
    for (const side of SIDES) {
      for (const frame of pair[side].frames.filter((each) => (each[0] ?? 0) < FRAME_TYPE)) {
        pair.deliver(opposite(side), frame);
        pair.deliver(side, frame);
      }
    }
    pair.send('right', 'fine');
    expect(pair.left.messages).toEqual(['fine']);
    expect(pair.left.session.state).toBe('active');
  });

  it('a newer M0 replaces the older one before M2; afterwards it ends the attempt', () => {
    const other = createPair();
    other.start();
    const foreign = other.left.frames[0];
    if (foreign === undefined) throw new Error('no M0');
    const before = createPair();
    before.relay.frame = (frame, from, { deliver }) => {
      if (frame[0] === 1) deliver(opposite(from), foreign);
      deliver(opposite(from), frame);
    };
    before.start();
    for (const side of SIDES) expect(before[side].session.state).toBe('active');
    expect(before.left.words).toEqual(before.right.words);

    const after = createPair();
    after.relay.frame = (frame, from, { deliver }) => {
      if (frame[0] === 3) deliver(from, foreign);
      deliver(opposite(from), frame);
    };
    after.start();
    expect(SIDES.every((side) => after[side].session.state === 'active')).toBe(false);
    after.advance(60_000);
    expectTruth(after);
  });

  it('the relay that repairs two clients again and again gets one attempt, closed connections and no count', () => {
    const pair = createPair();
    const seconds = new Set<string>();
    pair.relay.frame = (frame, from, { deliver, control }) => {
      if (frame[0] !== 3) return deliver(opposite(from), frame);
      // B has counted and sealed M2: the relay withholds it and pairs anew.
      seconds.add(frame.join());
      for (const side of SIDES) control(side, { type: 'peer-joined' });
    };
    pair.start();
    expect(seconds.size).toBe(1);
    for (const side of SIDES) expect(pair[side].joins.length).toBe(1);
    expect(SIDES.some((side) => pair[side].session.wakeAt > pair.now)).toBe(true);
    pair.advance(5_000);
    // More than PAIRINGS_LIMIT of them close a connection; the same bytes go out on the next one.
    expect(SIDES.some((side) => pair[side].joins.length > 1)).toBe(true);
    expect(seconds.size).toBe(1);
    delete pair.relay.frame;
    pair.advance(20_000);
    for (const side of SIDES) {
      expect(pair[side].session.state).toBe('active');
      expect(pair[side].notices.map(({ code }) => code)).not.toContain('SC-402');
    }
  });
});

describe('the version', () => {
  function skewed(frame: Uint8Array): Uint8Array {
    const other = frame.slice();
    other[1] = HANDSHAKE_VERSION + 1;
    return other;
  }

  it('another one is told, and the third time it is the end; nothing is counted', () => {
    const pair = createPair();
    pair.relay.frame = (frame, from, { deliver }) => deliver(opposite(from), skewed(frame));
    pair.start();
    for (const side of SIDES) expect(pair[side].ended).toBeUndefined();
    pair.advance(30_000);
    const [first] = SIDES.filter((side) => pair[side].ended !== undefined);
    if (first === undefined) throw new Error('one side ends');
    expect(pair[first].ended).toMatchObject({ code: 'SC-305', exit: EXIT.violation, detail: { version: 2 } });
    expect(pair[first].notices.map(({ code }) => code)).toEqual(['SC-305', 'SC-305']);
  });

  it.each([1, 2, 3, 4])('of message type %i from nowhere ends nothing', (type) => {
    for (const at of [1, 2, 3, 4]) {
      const pair = createPair();
      let done = false;
      pair.relay.frame = (frame, from, { deliver }) => {
        if (frame[0] === at && !done) {
          done = true;
          const noise = frame.slice();
          noise[0] = type;
          for (const side of SIDES) deliver(side, skewed(noise));
        }
        deliver(opposite(from), frame);
      };
      pair.start();
      pair.advance(60_000);
      for (const side of SIDES) {
        expect(pair[side].session.state).toBe('active');
        expect(pair[side].notices.map(({ code }) => code)).not.toContain('SC-402');
      }
    }
  });
});

describe('frames of an established session', () => {
  it('flipped anywhere: never shown; the true one is asked for again', () => {
    const ends = [FRAME_SIZES[0] - 16, FRAME_SIZES[0] - 1];
    for (const at of [...Array(24).keys(), ...Array.from({ length: 24 }, (_, i) => 24 + 51 * i), ...ends]) {
      const pair = connectedPair();
      pair.relay.frame = tamperOnce(FRAME_TYPE, (frame) => [flipped(frame, at)]);
      pair.send('left', 'secret');
      expect(pair.right.messages).toEqual([]);
      // Without its type it is no frame: then the next one shows the gap.
      pair.send('left', 'more');
      expect(pair.right.messages).toEqual([]);
      expect(pair.right.session.state).toBe('reconnecting');
      pair.advance(1000);
      expect(pair.right.messages).toEqual(['secret', 'more']);
    }
  });

  it('forged again and again: told after the third, never shown', () => {
    const pair = connectedPair();
    pair.relay.frame = (frame, from, { deliver }) =>
      deliver(opposite(from), frame[0] === FRAME_TYPE && from === 'left' ? flipped(frame, 100) : frame);
    pair.send('left', 'secret');
    pair.advance(60_000);
    expect(pair.right.messages).toEqual([]);
    expect(pair.right.notices.filter(({ code }) => code === 'SC-405')).toHaveLength(1);
    delete pair.relay.frame;
    pair.advance(30_000);
    expect(pair.right.messages).toEqual(['secret']);
  });

  it('replayed: noticed, shown once, and the connection is made anew', () => {
    const pair = connectedPair();
    pair.send('left', 'one');
    const [frame] = pair.left.frames.slice(-1);
    if (frame === undefined) throw new Error('a frame expected');
    pair.deliver('right', frame);
    expect(pair.right.session.state).toBe('reconnecting');
    pair.send('left', 'two');
    pair.advance(1000);
    expect(pair.right.messages).toEqual(['one', 'two']);
  });

  it('reordered or dropped: noticed, and asked for again', () => {
    for (const mode of ['reorder', 'drop'] as const) {
      const pair = connectedPair();
      const kept: Uint8Array[] = [];
      pair.relay.frame = (frame, from, { deliver }) => (from === 'left' ? kept.push(frame) : deliver('left', frame));
      pair.send('left', 'one');
      pair.send('left', 'two');
      const [one, two] = kept;
      if (one === undefined || two === undefined) throw new Error('two frames expected');
      pair.deliver('right', two);
      if (mode === 'reorder') pair.deliver('right', one);
      expect(pair.right.messages).toEqual([]);
      delete pair.relay.frame;
      pair.advance(1000);
      expect(pair.right.messages).toEqual(['one', 'two']);
    }
  });

  it('of another room or of a later conversation with the same code: noticed', () => {
    const other = connectedPair();
    const pair = connectedPair();
    other.send('left', 'not for you');
    const foreign = other.left.frames.at(-1);
    if (foreign === undefined) throw new Error('a frame expected');
    pair.deliver('right', foreign);
    expect(pair.right.messages).toEqual([]);
    expectTruth(pair);
  });

  it('noise of any size and shape changes nothing', () => {
    const pair = connectedPair();
    for (let length = 0; length < 2000; length += 13)
      pair.deliver('left', new Uint8Array(length).fill(0x80 + (length % 64)));
    for (const type of [0, 5, 0x0f, 0x11, 0xff]) pair.deliver('left', new Uint8Array(1280).fill(type));
    pair.send('right', 'still here');
    expect(pair.left.messages).toEqual(['still here']);
  });

  it('what says that it is a frame or a chunk and cannot be one: the connection is made anew', () => {
    for (const junk of [[0x10], [0x20], [0x10, 0, 0], new Uint8Array(16384).fill(0x20)]) {
      const pair = connectedPair();
      pair.deliver('left', Uint8Array.from(junk));
      expect(pair.left.session.state).toBe('reconnecting');
      pair.send('right', 'still here');
      pair.advance(1000);
      expect(pair.left.messages).toEqual(['still here']);
    }
  });
});

describe('control messages from the relay', () => {
  it.each([null, 7, 'joined', [], {}, { type: 'joined' }, { type: 'error', code: 'nonsense' }, { type: 'peer-gone' }])(
    'nonsense before the peer came: SC-107 (%j)',
    (message) => {
      const pair = createPair({ relay: { join: (_, from, { control }) => (control(from, message), true) } });
      pair.startOne('left');
      pair.settle();
      expect(pair.left.ended).toMatchObject({ code: 'SC-107', exit: EXIT.relay });
    },
  );

  it('nonsense in a conversation is ignored; peer-left is a loss and not a goodbye', () => {
    const pair = connectedPair();
    for (const message of [
      null,
      { type: 'joined', peer: true },
      { type: 'peer-joined' },
      { type: 'error', code: 'busy' },
    ]) {
      pair.control('left', message);
    }
    pair.settle();
    expect(pair.left.session.state).toBe('active');
    pair.control('left', { type: 'peer-left' });
    pair.settle();
    expect(pair.left.session.state).toBe('reconnecting');
    expect(pair.left.ended).toBeUndefined();
  });
});
