/**
 * Cover (protocol.md section 7): what the relay sees of a chat is what it sees of silence, times, sizes and directions,
 * also over a connection that breaks; without cover it sees the difference.
 */
import { describe, expect, it } from 'vitest';
import { COVER_BEAT } from '../../../core/session/beat.js';
import { SILENCE_LIMIT } from '../../../core/session/liveness.js';
import { deterministicRandom } from '../../support/deterministic.js';
import { connectedPair, createPair, opposite, type Pair, SIDES, type Side, utf8 } from '../../support/pair.js';
import { createSodium } from '../../support/sodium.js';

/** Milliseconds on the way, either direction. */
const LATENCY = 40;
const STEP = 10;

interface Watched {
  readonly pair: Pair;
  /** Time, direction and size of everything that passes, joins included. */
  readonly seen: string[];
  run(ms: number): void;
}

function watched(cover: Readonly<Record<Side, boolean>>): Watched {
  const seen: string[] = [];
  const way: { readonly at: number; readonly to: Side; readonly frame: Uint8Array }[] = [];
  const pair = createPair({
    // Who is A must not be chance.
    left: { cover: cover.left, crypto: createSodium({ random: deterministicRandom('left') }) },
    right: { cover: cover.right, crypto: createSodium({ random: deterministicRandom('right') }) },
    relay: {
      frame(frame, from, { now }) {
        seen.push(`${now} ${from} ${frame.length}`);
        way.push({ at: now + LATENCY, to: opposite(from), frame });
      },
      join(_, from, { now }) {
        seen.push(`${now} ${from} joins`);
        return false;
      },
    },
  });
  pair.startOne('left');
  pair.startOne('right');
  return {
    pair,
    seen,
    run(ms) {
      for (let rest = ms; rest > 0; rest -= STEP) {
        for (let first = way[0]; first !== undefined && first.at <= pair.now; first = way[0]) {
          way.shift();
          pair.deliver(first.to, first.frame);
        }
        pair.advance(STEP);
      }
    },
  };
}

/** Two minutes, with a cut in the middle. */
function view(cover: Readonly<Record<Side, boolean>>, talk: (pair: Pair, second: number) => void): Watched {
  const watch = watched(cover);
  for (let second = 0; second < 120; second++) {
    if (second === 60) {
      watch.pair.cut('left');
      watch.seen.push('cut');
    }
    watch.run(1000);
    talk(watch.pair, second);
  }
  return watch;
}

/** Everything until the connection breaks. */
function before({ seen }: Watched): string[] {
  return seen.slice(0, seen.indexOf('cut'));
}

/** The gaps between the frames of a side on the connection after that: when it came up is for chance to say. */
function gapsAfter({ seen }: Watched, side: Side): Set<number> {
  const times = seen
    .slice(seen.indexOf('cut') + 1)
    .filter((line) => line.endsWith(`${side} 1280`))
    .map((line) => Number(line.split(' ')[0]));
  expect(times.length).toBeGreaterThan(100);
  return new Set(times.slice(1).map((at, i) => at - (times[i] ?? 0)));
}

const chatter = (pair: Pair, second: number): void => {
  const [one, two] = second % 3 === 0 ? (['left', 'right'] as const) : (['right', 'left'] as const);
  if (second % 4 === 0) pair.ui(one, { type: 'send', text: utf8('x'.repeat(1 + ((second * 397) % 3000))) });
  if (second % 7 === 0) for (let i = 0; i < 9; i++) pair.ui(two, { type: 'send', text: utf8(`${i}`) });
  if (second === 20) pair.ui('left', { type: 'compare-again' });
  if (second === 100) pair.ui('right', { type: 'compare-again' });
};
const silence = (): void => undefined;

describe('with cover', () => {
  it.each([
    { left: true, right: true },
    { left: true, right: false },
    { left: false, right: true },
  ])('a chat and silence look the same, bit for bit: %o', (cover) => {
    const [chat, quiet] = [view(cover, chatter), view(cover, silence)];
    expect(before(chat)).toEqual(before(quiet));
    expect(before(chat).length).toBeGreaterThan(230);
    for (const side of SIDES) {
      for (const each of [chat, quiet]) expect(gapsAfter(each, side)).toEqual(new Set([COVER_BEAT]));
      expect(chat.pair[side].session.state).toBe('active');
      expect(chat.pair[side].messages.length).toBeGreaterThan(50);
      expect([...chat.pair[side].statuses.values()].filter((status) => status === 'delivered').length).toBeGreaterThan(
        50,
      );
    }
    expect(chat.pair.left.words).toEqual(chat.pair.right.words);
  });

  it('nothing opened for ten seconds is a lost connection, whoever is silent', () => {
    const { pair, run } = watched({ left: true, right: true });
    run(5000);
    pair.relay.frame = () => undefined;
    run(SILENCE_LIMIT - 1000);
    expect(pair.left.session.state).toBe('active');
    run(2000);
    for (const side of SIDES) expect(pair[side].states).toContain('reconnecting');
  });

  it('a goodbye waits for its beat, and both sides end well', () => {
    const { pair, run } = watched({ left: true, right: true });
    run(5000);
    // In order with what the relay says itself.
    pair.relay.frame = (frame, from) => pair.deliver(opposite(from), frame);
    pair.ui('left', { type: 'send', text: utf8('last') });
    pair.ui('left', { type: 'quit' });
    run(5000);
    for (const side of SIDES) expect(pair[side].ended).toMatchObject({ exit: 0 });
    expect(pair.right.messages).toEqual(['last']);
  });
});

it('without cover the relay sees the difference', () => {
  const none = { left: false, right: false };
  expect(before(view(none, chatter))).not.toEqual(before(view(none, silence)));
});

it('goes on over a direct path: one frame of the smallest size on each beat, of a chat as of silence', () => {
  const counts = [true, false].map((talks) => {
    const both = { cover: true, direct: true };
    const pair = connectedPair({ left: both, right: both });
    for (let s = 0; s < 60 && !SIDES.every((side) => pair[side].paths.length > 1); s++) pair.advance(1_000);
    for (const side of SIDES) expect(pair[side].paths.at(-1)).toMatch(/\d/);
    pair.advance(10_000);
    let relayed = 0;
    pair.relay.frame = () => void (relayed += 1);
    const seen: string[] = [];
    for (let beat = 0; beat < 60; beat++) {
      const before = SIDES.map((side) => pair[side].frames.length);
      if (talks && beat % 5 === 0) pair.send('left', `text ${String(beat)}`);
      pair.advance(COVER_BEAT);
      for (const [i, side] of SIDES.entries())
        seen.push(
          pair[side].frames
            .slice(before[i])
            .map(({ length }) => `${side} ${String(length)}`)
            .join(),
        );
    }
    expect(relayed).toBe(0);
    expect(pair.right.messages).toHaveLength(talks ? 12 : 0);
    return seen;
  });
  expect(new Set(counts[0])).toEqual(new Set(['left 1280', 'right 1280']));
  expect(counts[1]).toEqual(counts[0]);
});
