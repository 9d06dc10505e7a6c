/**
 * The code and docs/models/delivery.pml do the same: what two sessions did on a network that breaks is accepted by the
 * model, step by step; a run with one thing wrong in it is not; and the code stands what people and the network do in
 * runs that spin draws from the model. Needs spin and gcc, as `npm run check:model` does. No rule of the protocol may be
 * in this file.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSodiumCrypto } from '../../adapters/crypto/sodium.js';
import { DEPTH, runs, SEED } from '../support/chance.js';
import {
  createMonitor,
  createRecorder,
  EVENT,
  KIND,
  type Monitor,
  type Move,
  movesOf,
  SPIN,
  type Trace,
  type TraceEvent,
} from '../support/model-traces.js';
import { createPair, opposite, SIDES, type Side } from '../support/pair.js';
import { simulate } from '../support/simulation.js';
import { type Plan, planOf } from '../support/simulation-plan.js';

const SIMULATED = runs(3, 60, 5_000);
const DRAWN = runs(3, 60, 3_000);

const cryptos = { left: await createSodiumCrypto(), right: await createSodiumCrypto() };

/** Short enough for numbers of one byte; the faults begin when both have keys, because the model begins there. */
function plan(seed: number): Plan {
  const { quitAt, healAt, messages, noise, ...rest } = planOf(seed);
  const by = (at: number): number => Math.min(at, 120_000);
  return {
    ...rest,
    early: false,
    messages: Math.min(10, messages),
    noise: noise / 2,
    healAt: Math.min(60_000, healAt),
    quitAt: { left: by(quitAt.left), right: by(quitAt.right) },
  };
}

/** Undefined where one left before they had met. */
function recorded(seed: number): Trace | undefined {
  const recorder = createRecorder(cryptos);
  simulate(plan(seed), recorder.cryptos, false, recorder.told);
  return recorder.trace();
}

const all = (trace: Trace): TraceEvent[] => trace.events.flat();
const has = (event: TraceEvent, kind: number): boolean => (event.numbers[0] & kind) !== 0;

/** One thing made wrong; false where this run has no such thing. */
type Fault = (trace: Trace) => boolean;

function first(trace: Trace, where: (event: TraceEvent) => boolean, change: (event: TraceEvent) => void): boolean {
  const found = all(trace).find(where);
  if (found !== undefined) change(found);
  return found !== undefined;
}

/** In the events of one side, the first time that two like these follow each other. */
function pairOf(trace: Trace, one: number, two: number, change: (own: TraceEvent[], at: number) => void): boolean {
  for (const own of trace.events) {
    const at = own.findIndex(({ what }, index) => what === one && own[index + 1]?.what === two);
    if (at < 0) continue;
    change(own, at);
    return true;
  }
  return false;
}

const swap = (own: TraceEvent[], at: number): void => void own.splice(at, 2, ...own.slice(at, at + 2).toReversed());
const is =
  (what: number, kind?: number) =>
  (event: TraceEvent): boolean =>
    event.what === what && (kind === undefined || has(event, kind));

const FAULTS: Readonly<Record<string, Fault>> = {
  'a frame is opened twice': (trace) =>
    pairOf(trace, EVENT.open, EVENT.seal, (own, at) => void own.splice(at, 0, structuredClone(own[at] as TraceEvent))),
  'two frames are opened in the other order': (trace) => pairOf(trace, EVENT.open, EVENT.open, swap),
  'a text is passed over': (trace) => {
    const own = trace.events.find((each) => each.some(is(EVENT.open, KIND.text)));
    return own !== undefined && own.splice(own.findIndex(is(EVENT.open, KIND.text)), 1).length === 1;
  },
  'a frame is sealed in the next epoch': (trace) =>
    first(trace, is(EVENT.seal), (event) => void (event.numbers[2] += 1)),
  'a number is left out': (trace) => first(trace, is(EVENT.seal, KIND.text), (event) => void (event.numbers[1] += 1)),
  'more is acknowledged than was opened': (trace) =>
    first(trace, is(EVENT.seal), (event) => void (event.numbers[3] += 1)),
  'a rekey is answered that was not offered': (trace) =>
    first(trace, is(EVENT.seal, KIND.offer), (event) => void (event.numbers[0] ^= KIND.offer)),
  'a proof tells of a frame too many': (trace) =>
    first(trace, is(EVENT.answer), (event) => void (event.numbers[1] += 1)),
  'a proof names another epoch': (trace) => first(trace, is(EVENT.hello), (event) => void (event.numbers[2] += 1)),
  'something is sealed before the proof': (trace) => pairOf(trace, EVENT.up, EVENT.seal, swap),
  'goodbye is said before all text': (trace) => {
    const at = trace.events.findIndex((own) => own.some(is(EVENT.seal, KIND.bye)));
    if (at >= 0) trace.texts[at] = (trace.texts[at] ?? 0) + 1;
    return at >= 0;
  },
  'a loss is told that was none': (trace) => first(trace, is(EVENT.end), (event) => void (event.numbers[0] ^= 1)),
};

/** The code is put through what people and the network do in a run of the model. */
function driven(moves: readonly Move[]): {
  readonly trace: Trace | undefined;
  readonly sent: Readonly<Record<Side, string[]>>;
} & {
  readonly pair: ReturnType<typeof createPair>;
} {
  const recorder = createRecorder(cryptos);
  const waiting: Record<Side, Uint8Array[]> = { left: [], right: [] };
  const sent: Record<Side, string[]> = { left: [], right: [] };
  let held = false;
  const options = (side: Side): { crypto: (typeof cryptos)['left']; receipts: boolean } => ({
    crypto: recorder.cryptos[side],
    receipts: false,
  });
  const pair = createPair({
    left: options('left'),
    right: options('right'),
    told: recorder.told,
    relay: {
      frame(frame, from) {
        if (held) waiting[opposite(from)].push(frame);
        else pair.deliver(opposite(from), frame);
      },
    },
  });
  pair.start();
  pair.advance(1_000);
  held = true;
  for (const { what, who } of moves) {
    const side = SIDES[who];
    switch (what) {
      case 'text':
        if (pair[side].ended !== undefined || !pair[side].welcome) break;
        sent[side].push(`${side} ${String(sent[side].length)}`);
        pair.send(side, sent[side].at(-1) ?? '');
        break;
      case 'rekey':
        pair.advance(6_000);
        break;
      case 'quit':
        pair.ui(side, { type: 'quit' });
        break;
      case 'take': {
        const frame = waiting[side].shift();
        if (frame !== undefined) pair.deliver(side, frame);
        break;
      }
      case 'drop':
        waiting[side].shift();
        break;
      case 'cut':
        waiting.left = [];
        waiting.right = [];
        for (const each of SIDES) pair.cut(each);
        break;
    }
    // What is owed at once, and the first try to come back.
    pair.advance(100);
  }
  held = false;
  for (const side of SIDES) for (const frame of waiting[side]) pair.deliver(side, frame);
  pair.advance(60_000);
  for (const side of SIDES) if (pair[side].ended === undefined) pair.ui(side, { type: 'quit' });
  pair.advance(60_000);
  return { trace: recorder.trace(), sent, pair };
}

describe.skipIf(!SPIN)('the code as the model sees it', () => {
  let monitor: Monitor;
  beforeAll(() => {
    monitor = createMonitor();
  }, 600_000);
  afterAll(() => monitor.remove());

  it(`accepts ${String(SIMULATED)} runs over a network that breaks`, () => {
    const seen = new Set<number>();
    for (let seed = SEED; seed < SEED + SIMULATED; seed++) {
      const trace = recorded(seed);
      if (trace === undefined) continue;
      expect(monitor.accepts(trace), `seed ${String(seed)}`).toBe(true);
      for (const { what } of all(trace)) seen.add(what);
    }
    expect([...seen].toSorted()).toEqual(Object.values(EVENT).toSorted());
  });

  it.skipIf(DEPTH === 'quick').each(Object.entries(FAULTS))('refuses a run in which %s', (_, fault) => {
    for (let seed = SEED; seed < SEED + 40; seed++) {
      const trace = recorded(seed);
      if (trace === undefined || !fault(trace)) continue;
      expect(monitor.accepts(trace), `seed ${String(seed)}`).toBe(false);
      return;
    }
    throw new Error('no run has such a thing');
  });

  it(`${String(DRAWN)} runs drawn from the model are stood, and the model accepts what came of them`, () => {
    let whole = 0;
    for (let seed = SEED; seed < SEED + DRAWN; seed++) {
      const { trace, sent, pair } = driven(movesOf(seed));
      let missing = 0;
      for (const side of SIDES) {
        const shown = pair[opposite(side)].messages;
        const told = Number(pair[side].ended?.detail['count'] ?? 0);
        expect(shown).toEqual(sent[side].slice(0, shown.length));
        missing += sent[side].length - shown.length;
        // What was not shown is told as lost.
        expect(sent[side].length - shown.length <= told, `seed ${String(seed)}: ${side}`).toBe(true);
        expect(pair[side].ended, `seed ${String(seed)}: ${side}`).toBeDefined();
      }
      whole += Number(missing === 0);
      expect(trace !== undefined && monitor.accepts(trace), `seed ${String(seed)}`).toBe(true);
    }
    // Who is A and who is B is chance, and a few runs may all be cut short by it.
    expect(whole).toBeGreaterThanOrEqual(Math.floor(DRAWN / 4));
  });
});
