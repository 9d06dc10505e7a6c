/**
 * A network that loses, doubles, overtakes and delays messages of the handshake, and two sides with the same code: it costs
 * time, and nobody's code is called wrong. Every fault is planted or drawn from a fixed seed.
 */
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../../core/errors.js';
import { isHandshake } from '../../../core/protocol/handshake.js';
import type { CodeForm } from '../../../core/room/code.js';
import { ATTEMPT_STILL, ATTEMPT_TIMEOUT } from '../../../core/session/attempts.js';
import { sequence } from '../../../plugins/testing/network.js';
import { runs, SEED, seededBytes } from '../../support/chance.js';
import { createPair, opposite, type Pair, SIDES, type Side } from '../../support/pair.js';
import { createSodium } from '../../support/sodium.js';

/** Milliseconds until a message arrives, each time that it does. */
type Fate = readonly number[];
const GOES: Fate = [0];
const LOST: Fate = [];
const STEP = 100;
const BLAME = /SC-(401|402|408|409)/;
type Form = readonly [CodeForm, string];
const FORMS = [
  ['generated', 'tunnel-anchor-mango'],
  ['chosen', 'blue horse'],
] as const satisfies readonly Form[];

/** What a side draws, its waits too, is the same in each run. */
const cryptoOf = (side: Side) => createSodium({ random: seededBytes(side) });

interface Weather {
  readonly form?: Form;
  readonly asks: boolean;
  /** Of the message of the handshake with this number. */
  readonly fate: (number: number, from: Side, now: number) => Fate;
  readonly until: number;
}

/** Two sides under this weather, until both have met and nothing is on its way any more, or the time is up. */
function meet({ form: [form, secret] = FORMS[0], asks, fate, until }: Weather): Pair {
  const pair = createPair({
    left: { form, secret, asks, crypto: cryptoOf('left') },
    right: { form, secret, asks, crypto: cryptoOf('right') },
  });
  let late: { readonly at: number; readonly to: Side; readonly frame: Uint8Array; readonly over: number }[] = [];
  /** What waits in a relay goes with the connection. */
  const connections = (): number => pair.left.joins.length + pair.right.joins.length;
  let number = 0;
  pair.relay.frame = (frame, from, { deliver, now }) => {
    const to = opposite(from);
    for (const after of isHandshake(frame) ? fate(number++, from, now) : GOES) {
      if (after === 0) deliver(to, frame);
      else late.push({ at: now + after, to, frame: frame.slice(), over: connections() });
    }
  };
  pair.start();
  while (pair.now < until) {
    if (SIDES.some((side) => pair[side].ended !== undefined || pair[side].wanted.length > 0)) break;
    if (late.length === 0 && SIDES.every((side) => pair[side].session.state === 'active')) break;
    pair.advance(STEP);
    const due = late.filter(({ at }) => at <= pair.now);
    late = late.filter(({ at, over }) => at > pair.now && over === connections());
    for (const { to, frame, over } of due) {
      if (over === connections()) pair.deliver(to, frame);
      pair.settle();
    }
  }
  return pair;
}

const told = (pair: Pair): string[] => SIDES.flatMap((side) => pair[side].notices.map(({ code }) => code));

function end(pair: Pair): void {
  for (const side of SIDES) if (pair[side].ended === undefined) pair.ui(side, { type: 'wipe' });
}

const SINGLE = { lost: LOST, doubled: [0, 3_000], overtaken: [STEP], late: [40_000] } as const satisfies Record<
  string,
  Fate
>;

describe('one message of the handshake', () => {
  for (const [name, fate] of Object.entries(SINGLE)) {
    it.each([1, 2, 3, 4, 5, 6])(`with number %i ${name}: both meet in a few seconds, and nothing is told`, (number) => {
      for (const form of FORMS) {
        for (const asks of [true, false]) {
          const pair = meet({ form, asks, until: 60_000, fate: (at) => (at === number - 1 ? fate : GOES) });
          for (const side of SIDES) expect(pair[side].session.state).toBe('active');
          expect(pair.left.words).toEqual(pair.right.words);
          expect(told(pair)).toEqual([]);
          expect(pair.now).toBeLessThan(2 * ATTEMPT_STILL);
          end(pair);
        }
      }
    });
  }
});

describe('a network that loses three of ten for a minute, and delays and doubles others', () => {
  const HEALED = 60_000;
  const weather = (seed: number): Weather['fate'] => {
    const draw = sequence(seed);
    return (_number, _from, now) => {
      const [what, delay] = [draw(), STEP * (1 + Math.floor(draw() * 600))];
      if (now > HEALED) return GOES;
      if (what < 0.3) return LOST;
      if (what < 0.45) return [delay];
      return what < 0.6 ? [0, delay] : GOES;
    };
  };

  it.each(FORMS)('never makes a code wrong (%s)', (...form) => {
    let met = 0;
    const seeds = runs(20, 600);
    for (let seed = SEED; seed < SEED + seeds; seed++) {
      const pair = meet({ form, asks: seed % 2 === 0, until: 300_000, fate: weather(seed) });
      const ends = SIDES.flatMap((side) => pair[side].ended?.code ?? []);
      const why = `seed ${String(seed)}: ${[...told(pair), ...ends].join(' ')}`;
      expect(
        [...told(pair), ...ends].filter((code) => BLAME.test(code)),
        why,
      ).toEqual([]);
      expect(pair.left.wanted.length + pair.right.wanted.length, why).toBe(0);
      // A chosen code has one attempt, and nobody can tell its loss from a guess.
      expect(
        ends.filter((code) => form[0] === 'generated' || code !== 'SC-334'),
        why,
      ).toEqual([]);
      met += Number(SIDES.every((side) => pair[side].session.state === 'active'));
      end(pair);
    }
    expect(met).toBeGreaterThan(seeds * (form[0] === 'generated' ? 0.99 : 0.75));
  });
});

describe('who says nothing more once M2 has come', () => {
  /** M2 and what follows it never arrives at the other side, which may be somebody who tries a code on it. */
  const guesser = (form: Form): Pair => {
    const [name, secret] = form;
    const options = { form: name, secret };
    const pair = createPair({
      left: { ...options, crypto: cryptoOf('left') },
      right: { ...options, crypto: cryptoOf('right') },
    });
    pair.relay.frame = (frame, from, { deliver }) => {
      if (frame[0] !== 0x03) deliver(opposite(from), frame);
    };
    pair.start();
    for (let ms = 0; ms < 3_600_000 && SIDES.every((side) => pair[side].ended === undefined); ms += 1_000)
      pair.advance(1_000);
    return pair;
  };

  it.each(FORMS)(
    'has as many tries as the code has attempts, however often the connection is made anew (%s)',
    (...form) => {
      const pair = guesser(form);
      const attempts = form[0] === 'generated' ? 3 : 1;
      const [out] = SIDES.filter((side) => pair[side].ended !== undefined);
      if (out === undefined) throw new Error('it goes on for ever');
      expect(pair[out].ended).toMatchObject({ code: 'SC-334', exit: EXIT.wrongCode });
      for (const side of SIDES) {
        const seconds = pair[side].frames.filter((frame) => frame[0] === 0x03);
        expect(new Set(seconds.map((frame) => frame.join())).size).toBeLessThanOrEqual(attempts);
        expect(seconds.length).toBeLessThanOrEqual(attempts * 6);
      }
      const counted = pair[out].notices.filter(({ code }) => code === 'SC-314');
      expect(counted.flatMap(({ detail }) => detail['attempt'] ?? [])).toEqual([1, 2].slice(0, attempts - 1));
      expect(told(pair).filter((code) => BLAME.test(code))).toEqual([]);
      end(pair);
    },
  );
});

it('a connection on which nothing comes is made anew, later each time, and that is told', () => {
  const pair = createPair();
  pair.relay.frame = () => undefined;
  pair.start();
  const joined: number[] = [];
  for (let at = 0; joined.length < 4 && at < 10 * ATTEMPT_TIMEOUT; at += STEP) {
    const joins = pair.left.joins.length;
    pair.advance(STEP);
    if (pair.left.joins.length > joins) joined.push(pair.now);
  }
  const waits = joined.map((at, i) => at - (joined[i - 1] ?? 0));
  expect(waits[0]).toBeGreaterThanOrEqual(ATTEMPT_STILL);
  for (const [i, wait] of waits.entries()) expect(wait).toBeGreaterThan(waits[i - 1] ?? 0);
  expect(pair.left.notices.map(({ code }) => code)).toEqual(['SC-323']);
});
