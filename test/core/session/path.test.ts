/** A direct path under a whole session: the move, the way back, and who is not let in (protocol.md section 8a). */
import { describe, expect, it } from 'vitest';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import type { PathCommand } from '../../../core/path-port.js';
import type { Secret } from '../../../core/ports.js';
import { label, lvBytes, sameBytes } from '../../../core/protocol/bytes.js';
import { asKey } from '../../../core/protocol/keys.js';
import { createPathProof } from '../../../core/protocol/path-proof.js';
import { CANDIDATES_LIMIT } from '../../../core/protocol/path-records.js';
import type { Effect, Host } from '../../../core/session/events.js';
import { PATH_PING_AFTER, PATH_SILENCE } from '../../../core/session/liveness.js';
import { BROKEN_LIMIT, createPath, PATH_CHOICE, PATH_PAUSE, PATH_TRY } from '../../../core/session/path.js';
import { createPathLinks, PATH_PROOF, PUNCHES, UNPROVEN_LIMIT } from '../../../core/session/path-links.js';
import { connectedPair, type Pair, type PairOptions, type Side, SIDES } from '../../support/pair.js';
import { SEEN } from '../../support/paths.js';

/** How the info of the key of a path begins. */
const PATH_LABEL = lvBytes(label('path'));

const DIRECT: PairOptions = { left: { direct: true }, right: { direct: true } };

function direct(options: PairOptions = {}): Pair {
  return connectedPair({
    ...options,
    left: { ...DIRECT.left, ...options.left },
    right: { ...DIRECT.right, ...options.right },
  });
}

/** Over what each side goes. */
function ways(pair: Pair): readonly boolean[] {
  return SIDES.map((side) => pair.paths.has(side));
}

function talk(pair: Pair, text: string): void {
  const before = SIDES.map((side) => pair[side].messages.length);
  pair.send('left', `${text} from left`);
  pair.send('right', `${text} from right`);
  pair.advance(200);
  expect(pair.right.messages.slice(before[1])).toEqual([`${text} from left`]);
  expect(pair.left.messages.slice(before[0])).toEqual([`${text} from right`]);
}

describe('the move', () => {
  it('takes a path that both can reach, and tells nobody of a loss', () => {
    const pair = direct();
    expect(ways(pair)).toEqual([true, true]);
    for (const side of SIDES) {
      expect(pair[side].states).not.toContain('reconnecting');
      expect(pair[side].session.state).toBe('active');
      expect(pair[side].paths).toEqual(['trying', SEEN[side === 'left' ? 'right' : 'left']]);
    }
    // Nobody listens any more, and the relay is not used.
    expect([...pair.paths.listening]).toEqual([]);
    let relayed = 0;
    pair.relay.frame = () => void (relayed += 1);
    talk(pair, 'hello');
    pair.advance(120_000);
    expect(relayed).toBe(0);
  });

  it('is asked for by both sides, or does not happen', () => {
    for (const one of SIDES) {
      const pair = connectedPair({ [one]: { direct: true } });
      pair.advance(PATH_PAUSE);
      expect(ways(pair)).toEqual([false, false]);
      expect(pair.paths.dials).toEqual([]);
      expect([...pair.paths.listening]).toEqual([]);
      expect(pair[one].paths).toEqual(['peer']);
      expect(pair[one].joins.every(({ address }) => address === true)).toBe(true);
      const other = one === 'left' ? 'right' : 'left';
      expect(pair[other].paths).toEqual([]);
      expect(pair[other].joins.some(({ address }) => address === true)).toBe(false);
    }
  });

  it('waits until the words are confirmed by whoever must', () => {
    for (const who of SIDES) {
      const pair = direct({ [who]: { direct: true, verify: true } });
      pair.advance(PATH_PAUSE);
      expect(pair.paths.dials).toEqual([]);
      pair.ui(who, { type: 'confirm', match: true });
      pair.advance(PATH_PAUSE);
      expect(ways(pair)).toEqual([true, true]);
    }
  });

  it('ends in a goodbye over the path', () => {
    const pair = direct();
    pair.ui('left', { type: 'quit' });
    pair.advance(10_000);
    expect(pair.left.ended?.code).toBe('SC-317');
    expect(pair.right.ended?.code).toBe('SC-316');
    for (const side of SIDES) expect(pair[side].crypto.live).toBe(0);
  });
});

describe('the way back', () => {
  it('is the relay, within a second, and the path is tried again after a minute', () => {
    const pair = direct();
    pair.paths.cut();
    pair.advance(1_000);
    expect(ways(pair)).toEqual([false, false]);
    for (const side of SIDES) {
      expect(pair[side].session.state).toBe('active');
      expect(pair[side].paths.at(-1)).toBe('broke');
    }
    talk(pair, 'over the relay');
    pair.advance(PATH_PAUSE - 5_000);
    expect(ways(pair)).toEqual([false, false]);
    pair.advance(10_000);
    expect(ways(pair)).toEqual([true, true]);
    talk(pair, 'direct again');
  });

  it(`is for good after ${BROKEN_LIMIT} paths that broke at once`, () => {
    const pair = direct();
    pair.paths.cut();
    pair.advance(PATH_PAUSE + 5_000);
    expect(ways(pair)).toEqual([true, true]);
    pair.paths.cut();
    pair.advance(1_000);
    for (const side of SIDES) expect(pair[side].paths.at(-1)).toBe('unstable');
    const { length } = pair.paths.dials;
    pair.advance(1_800_000);
    expect(pair.paths.dials).toHaveLength(length);
    talk(pair, 'on');
  });

  it('is soon where a path dies in silence, whoever has something to say', () => {
    for (const who of SIDES) {
      const other = who === 'left' ? 'right' : 'left';
      let dead = false;
      const pair = direct({ paths: { passes: () => !dead, closes: () => !dead } });
      pair.advance(1_000);
      dead = true;
      pair.send(who, 'is anybody there?');
      pair.advance(PATH_SILENCE + 500);
      expect(pair.paths.has(who)).toBe(false);
      // The other one has asked nothing yet, and does so before long.
      pair.advance(PATH_PING_AFTER + 500);
      expect(pair[other].messages).toContain('is anybody there?');
      talk(pair, 'over the relay');
    }
  });

  it('is not taken while a path is quiet', () => {
    const pair = direct();
    pair.advance(600_000);
    expect(ways(pair)).toEqual([true, true]);
    for (const side of SIDES) expect(pair[side].states).not.toContain('reconnecting');
  });

  it('is not for good when paths last', () => {
    const pair = direct();
    for (let i = 0; i < BROKEN_LIMIT + 2; i++) {
      pair.advance(PATH_PAUSE);
      pair.paths.cut();
      pair.advance(PATH_PAUSE + 5_000);
      expect(ways(pair)).toEqual([true, true]);
    }
  });

  it('is taken when nothing is proven over the path', () => {
    for (const lost of SIDES) {
      let messages = 0;
      const pair = direct({
        // What comes after the choice is lost.
        paths: { passes: (from, bytes) => bytes[0] !== 0x05 || from !== lost || (messages += 1) > 1 },
      });
      pair.advance(5_000);
      expect(messages).toBe(1);
      expect(ways(pair)).toEqual([false, false]);
      talk(pair, 'back');
    }
  });

  it('is taken by B when the choice of A does not come', () => {
    let lost = 0;
    const pair = direct({ paths: { passes: (_from, bytes) => bytes[0] !== 0x09 || (lost += 1) > 1 } });
    pair.advance(PATH_CHOICE + 2_000);
    expect(lost).toBe(1);
    expect(ways(pair)).toEqual([false, false]);
    talk(pair, 'back');
    for (const side of SIDES) expect(pair[side].session.state).toBe('active');
  });
});

describe('when A has moved, and nothing that it says arrives', () => {
  function moved(): { pair: Pair; a: Side; b: Side } {
    let a: Side | undefined;
    const passes = (from: Side, bytes: Uint8Array): boolean => {
      if (bytes[0] === 0x09) a = from;
      return from !== a;
    };
    const pair = direct({ paths: { passes } });
    if (a === undefined) throw new Error('A has chosen nothing');
    return { pair, a, b: a === 'left' ? 'right' : 'left' };
  }

  it('B, which the relay tells that A has gone, takes that for no loss until the choice is late', () => {
    const { pair, b } = moved();
    pair.advance(PATH_CHOICE - 10);
    expect(pair[b].states).not.toContain('reconnecting');
    pair.advance(20);
    expect(pair[b].states).toContain('reconnecting');
  });

  it.each([true, false])(
    'that the words match (%j) is said of a connection that may not come back, if they do not',
    (match) => {
      const { pair, a } = moved();
      expect(pair[a].states).not.toContain('reconnecting');
      pair.ui(a, { type: 'confirm', match });
      expect(pair[a].states.includes('reconnecting')).toBe(!match);
    },
  );
});

describe('a peer that tells where it is again and again', () => {
  it('is answered once a minute, and dialed no more than that', () => {
    const crypto = createTweetnaclCrypto();
    const commands: PathCommand[] = [];
    const host: Host = {
      emit(effect) {
        if (effect.type === 'path') commands.push(effect.command);
      },
      notice: () => undefined,
      move: () => undefined,
    };
    const resume = asKey<'resume'>(crypto.randomSecret(32));
    const asked = { asked: true, peerAsked: true, allowed: () => true, observed: () => undefined };
    const path = createPath(host, { crypto, role: 'B', resume, ...asked, roundTrip: () => 10 }, 0);
    const candidates = Array.from({ length: CANDIDATES_LIMIT }, (_, i) => {
      return { observed: i === 0, address: Uint8Array.of(203, 0, 113, i), port: 40_000 };
    });
    const counted = (type: PathCommand['type']): number => commands.filter((each) => each.type === type).length;
    const minutes = 5;
    for (let now = 0; now < minutes * PATH_PAUSE; now += 20) {
      path.take({ type: 'paths', token: crypto.random(32), candidates }, now);
      path.tick(now);
      const last = commands.at(-1);
      if (last?.type === 'gather') {
        const around = { own: [], port: 40_001, named: [], relay: undefined };
        path.handle({ type: 'gathered', attempt: last.attempt, ...around }, now);
      }
      if (path.control.due(now) === 'paths') path.control.sealed(now);
    }
    expect(counted('gather')).toBe(minutes);
    expect(counted('dial')).toBeGreaterThan(0);
    expect(counted('dial')).toBeLessThanOrEqual(minutes * (CANDIDATES_LIMIT - 1 + PUNCHES));
    path.stop();
    resume.wipe();
    // The key of a try went with it.
    expect(crypto.live).toBe(0);
  });
});

describe('nobody is there', () => {
  it('stays on the relay, says so, and tries ever more seldom', () => {
    const pair = direct({ paths: { near: () => false } });
    pair.advance(PATH_TRY + 1_000);
    expect(ways(pair)).toEqual([false, false]);
    expect([...pair.paths.listening]).toEqual([]);
    for (const side of SIDES) expect(pair[side].paths).toEqual(['trying', 'none']);
    // What the relay saw is knocked at a bounded number of times, what is near once.
    for (const side of SIDES) {
      const own = pair.paths.dials.filter((each) => each.side === side);
      expect(own.filter(({ punch }) => punch)).toHaveLength(PUNCHES);
      expect(own.filter(({ punch }) => !punch)).toHaveLength(1);
    }
    pair.advance(3_600_000);
    // After 1, 2, 4, 8 and 16 minutes.
    expect(pair.left.paths.filter((why) => why === 'trying')).toHaveLength(6);
    talk(pair, 'still here');
  });
});

describe('while there is no connection', () => {
  it('nobody looks for a path; with one, soon', () => {
    const pair = direct({ paths: { near: () => false } });
    pair.advance(PATH_TRY + 1_000);
    pair.relay.join = () => true;
    for (const side of SIDES) pair.cut(side);
    pair.advance(2 * PATH_PAUSE);
    for (const side of SIDES) expect(pair[side].paths).toEqual(['trying', 'none']);
    delete pair.relay.join;
    pair.advance(PATH_PAUSE);
    for (const side of SIDES) expect(pair[side].paths.slice(0, 3)).toEqual(['trying', 'none', 'trying']);
  });
});

describe('strangers', () => {
  /** A pair of which nothing reaches the other over a path, so that somebody listens for a while. */
  function listening(): Pair {
    return direct({ paths: { near: () => false } });
  }

  it('hear nothing, and are let go of in time', () => {
    const pair = listening();
    const one = pair.paths.knock('left');
    expect(one.open).toBe(true);
    pair.advance(PATH_PROOF + 10);
    expect(one.open).toBe(false);
    expect(one.heard).toEqual([]);
  });

  it('who come before anybody may are let go of at once', () => {
    const commands: PathCommand[] = [];
    const emit = (effect: Effect): void => {
      if (effect.type === 'path') commands.push(effect.command);
    };
    const host = { emit, notice: () => undefined, move: () => undefined };
    const links = createPathLinks(host, createTweetnaclCrypto(), 'A');
    links.handle({ type: 'up', id: -1, address: SEEN.left }, 0);
    expect(commands).toEqual([{ type: 'drop', id: -1 }]);
    links.listen();
    links.handle({ type: 'up', id: -2, address: SEEN.left }, 0);
    expect(commands).toHaveLength(1);
  });

  it('are not more than a few', () => {
    const pair = listening();
    const all = Array.from({ length: 1_000 }, () => pair.paths.knock('right'));
    pair.settle();
    expect(all.filter(({ open }) => open)).toHaveLength(UNPROVEN_LIMIT);
    expect(all.slice(-UNPROVEN_LIMIT).every(({ open }) => open)).toBe(true);
    expect(all.every(({ heard }) => heard.length === 0)).toBe(true);
  });

  it('with a wrong proof are let go of at once', () => {
    const pair = listening();
    for (const [type, length] of [
      [7, 65],
      [8, 33],
      [9, 33],
      [7, 64],
      [5, 57],
    ] as const) {
      const one = pair.paths.knock('left');
      const bytes = new Uint8Array(length);
      bytes[0] = type;
      one.send(bytes);
      pair.settle();
      expect(one.open).toBe(false);
      expect(one.heard).toEqual([]);
    }
  });

  it('who reflect what a side sends prove nothing', () => {
    const seen: Record<Side, Uint8Array[]> = { left: [], right: [] };
    const pair = direct({
      paths: {
        passes(from, bytes) {
          seen[from].push(bytes.slice());
          return false;
        },
      },
    });
    for (const side of SIDES) {
      expect(seen[side]).not.toHaveLength(0);
      for (const first of seen[side]) {
        const one = pair.paths.knock(side);
        one.send(first);
        pair.settle();
        expect(one.open).toBe(false);
        expect(one.heard).toEqual([]);
      }
    }
    expect(ways(pair)).toEqual([false, false]);
  });

  it('who have `resume` itself, but not the tokens, which went sealed, prove nothing', () => {
    const crypto = createTweetnaclCrypto();
    const none = new Uint8Array(32);
    const stolen: Secret[] = [];
    const real: Secret[] = [];
    const watched = {
      ...crypto,
      expand(prk: Secret, info: Uint8Array, length: number): Secret {
        if (sameBytes(info.subarray(0, PATH_LABEL.length), PATH_LABEL)) {
          // `prk` is the session's own `resume`.
          stolen.push(crypto.expand(prk, lvBytes(label('path'), none, none), 32));
          real.push(crypto.expand(prk, info, length));
        }
        return crypto.expand(prk, info, length);
      },
    };
    const pair = direct({ paths: { near: () => false }, left: { crypto: watched } });
    const answers = (keys: readonly Secret[]): number => {
      let heard = 0;
      for (const key of keys) {
        for (const role of ['A', 'B'] as const) {
          const one = pair.paths.knock('left');
          const { first } = createPathProof(crypto, role, asKey(key), true);
          if (first !== undefined) one.send(first);
          pair.settle();
          heard += one.heard.length;
        }
      }
      return heard;
    };
    expect(stolen).not.toHaveLength(0);
    expect(answers(stolen)).toBe(0);
    // With the tokens it would have been let in.
    expect(answers(real)).toBeGreaterThan(0);
  });

  it('who replay the proofs of an earlier try prove nothing', () => {
    const seen: Record<Side, Uint8Array[]> = { left: [], right: [] };
    let near = true;
    const pair = direct({
      paths: {
        near: () => near,
        passes(from, bytes) {
          if ((bytes[0] ?? 0) >= 7 && (bytes[0] ?? 0) <= 9) seen[from].push(bytes.slice());
          return true;
        },
      },
    });
    expect(ways(pair)).toEqual([true, true]);
    near = false;
    pair.paths.cut();
    pair.advance(PATH_PAUSE + 1_000);
    expect([...pair.paths.listening].sort()).toEqual(['left', 'right']);
    for (const side of SIDES) {
      for (const old of seen[side === 'left' ? 'right' : 'left']) {
        const one = pair.paths.knock(side);
        one.send(old);
        pair.settle();
        expect(one.open).toBe(false);
        expect(one.heard).toEqual([]);
      }
    }
    expect(ways(pair)).toEqual([false, false]);
    talk(pair, 'on');
  });
});
