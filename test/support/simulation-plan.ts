/**
 * What a simulation is asked to do, and what must hold at its end. Both follow from the seed and from what happened;
 * nothing of the network may be in this file.
 */
import type { Code, ExitStatus } from '../../core/errors.js';
import type { CryptoPort, MessageStatus, State } from '../../core/ports.js';
import type { Session } from '../../core/session/session.js';
import { sequence } from '../../plugins/testing/network.js';
import { DEPTH } from './chance.js';
import { opposite, SIDES, type Side } from './pair.js';

/** A seed to run again and to tell the story of, instead of the many. */
export const ONE = process.env['ONE'];
/** On a busy machine the many take long; the night has more still. */
export const BUSY = DEPTH === 'nightly' ? {} : { timeout: 3_600_000 };

/** A side dies before it is established, without a goodbye, and a new session with the same code starts later. */
export interface Restart {
  readonly side: Side;
  /** After so many frames of its own: none yet, M0, M1 or M2. */
  readonly said: number;
  /** And so many milliseconds. */
  readonly later: number;
  /** Its connection goes silent, rather than closes: the relay notices late. */
  readonly quiet: boolean;
  /** Milliseconds until the new session starts. */
  readonly down: number;
}

export interface Plan {
  readonly seed: number;
  /** Messages of each side. */
  readonly messages: number;
  /** Faults happen from the start, before there are keys. */
  readonly early: boolean;
  /** Faults go on until then, milliseconds; afterwards the network is whole. */
  readonly healAt: number;
  /** How many cuts, restarts and sleeps. */
  readonly faults: number;
  /** The share of frames that the relay loses, doubles or delays. */
  readonly noise: number;
  readonly restarts: readonly Restart[];
  /** Sides that ask for cover. */
  readonly cover?: Readonly<Record<Side, boolean>> | undefined;
  /** Both ask for a direct path; paths are there or not, break, and fall silent. */
  readonly direct: boolean;
  /** When a side says goodbye; infinity: only the other one does. */
  readonly quitAt: Readonly<Record<Side, number>>;
}

export interface Actor {
  readonly side: Side;
  readonly crypto: CryptoPort;
  readonly session: Session;
  readonly sent: string[];
  readonly shown: string[];
  readonly states: State[];
  readonly notices: Code[];
  /** Notices of attempts that counted. */
  attempts: number;
  /** How often it went over a direct path. */
  moved: number;
  readonly statuses: Map<number, MessageStatus>;
  /** The safety words shown last. */
  words: string;
  ended: { readonly code: Code; readonly exit: ExitStatus; readonly count: number; readonly at: number } | undefined;
}

export interface Simulation {
  readonly plan: Plan;
  readonly left: Actor;
  readonly right: Actor;
  /** What happened, for the eye: filled when `trace` is asked for. */
  readonly log: string[];
  /** All that the relay can see, as it comes to it: time, side, and size or what happened. */
  readonly seen: readonly string[];
  /** How often each kind of fault struck. */
  readonly struck: Map<string, number>;
  /** How often each side died, and in how many attempts that may have been counted: it had said M1 or M2. */
  readonly died: Readonly<Record<Side, number>>;
  readonly abandoned: Readonly<Record<Side, number>>;
}

/** It has, or had, keys that somebody may hold too. */
export function establishedOnce({ states }: Actor): boolean {
  return states.includes('active');
}

/** A plan that the seed alone decides. */
export function planOf(seed: number): Plan {
  const draw = sequence(seed * 2 + 1);
  const early = draw() < 0.2;
  const healAt = 5_000 + draw() * 120_000;
  const faults = Math.floor(draw() * 8);
  const noise = draw() < 0.3 ? draw() * 0.05 : 0;
  const orderly = draw() < 0.6;
  const quit = orderly ? healAt + 60_000 : draw() * (healAt + 30_000);
  const both = draw();
  const gap = draw() < 0.5 ? 0 : draw() * 200;
  return {
    seed,
    messages: Math.floor(draw() * 30),
    early,
    healAt,
    faults,
    noise,
    restarts: [],
    direct: false,
    quitAt: {
      left: both < 0.66 ? quit : Number.POSITIVE_INFINITY,
      right: both > 0.33 ? quit + gap : Number.POSITIVE_INFINITY,
    },
  };
}

/** A plan of a chat with cover, or of silence: the same network and the same faults. */
export function coverPlanOf(seed: number, messages: number): Plan {
  const { healAt, faults, noise } = planOf(seed);
  const who = seed % 3;
  const end = healAt + 60_000;
  return {
    ...{ seed, messages, early: seed % 4 === 0, healAt, faults: 1 + faults, noise: noise / 4, restarts: [] },
    cover: { left: who !== 0, right: who !== 1 },
    direct: false,
    quitAt: { left: end, right: end },
  };
}

/** The same with paths that come and go; most faults are of paths, and there is time for some. */
export function directPlanOf(seed: number): Plan {
  const plan = planOf(seed);
  const healAt = plan.healAt * 4;
  const late = healAt - plan.healAt;
  const { left, right } = plan.quitAt;
  return {
    ...plan,
    ...{ direct: true, early: false, faults: plan.faults * 3, noise: plan.noise / 10, healAt },
    quitAt: { left: left + late, right: right + late },
  };
}

/** Counted attempts that burn a code of the generated form. */
const ATTEMPTS = 3;

/** A plan in which sides start again during the handshake, on a network that is whole after a while. */
export function restartPlanOf(seed: number): Plan {
  const draw = sequence(seed * 2 + 1);
  const early = draw() < 0.4;
  const one: Side = draw() < 0.5 ? 'left' : 'right';
  // One dies again and again when it has said M1 or M2; otherwise mostly the same side, whose peer goes on with its count.
  const stubborn = draw() < 0.25;
  const restarts = Array.from({ length: stubborn ? 5 : 1 + Math.floor(draw() * 4) }, () => ({
    side: stubborn || draw() < 0.8 ? one : opposite(one),
    said: stubborn ? 2 : Math.min(2, Math.floor(draw() * 5)),
    later: draw() < 0.5 ? 0 : draw() * 100,
    quiet: !stubborn && draw() < 0.25,
    down: draw() * (draw() < 0.5 ? 1_000 : 30_000),
  }));
  const quit = 600_000;
  return {
    seed,
    messages: Math.floor(draw() * 10),
    early,
    healAt: 5_000 + draw() * 30_000,
    faults: early ? Math.floor(draw() * 4) : 0,
    noise: early && draw() < 0.3 ? draw() * 0.05 : 0,
    restarts,
    direct: false,
    quitAt: { left: quit, right: quit + draw() * 200 },
  };
}

/**
 * What must hold besides when sides started again: they meet, unless one has spent its attempts on a peer that died. Then
 * the code is told as burnt, or, in a visit, which never burns a code, the peer is waited for in vain.
 */
export function judgeRestarts(simulation: Simulation): string[] {
  const wrong = judge(simulation);
  const late = SIDES.flatMap((side) => simulation[side].notices).filter((code) => code === 'SC-314').length;
  for (const side of SIDES) {
    const { notices, ended } = simulation[side];
    const told = simulation[side].attempts;
    const spent = notices.filter((code) => code === 'SC-331').length;
    if (spent !== Number(told === ATTEMPTS))
      wrong.push(`${side} tells ${told} attempts, and ${spent} times that none is left`);
    if (ended?.code !== 'SC-401' && ended?.code !== 'SC-334') continue;
    if (told !== ATTEMPTS - 1) wrong.push(`${side} tells a burnt code after ${told} other attempts`);
    // An attempt fails with an honest peer where that died in it, or where one of both gave it up.
    if (simulation.abandoned[opposite(side)] + late < ATTEMPTS)
      wrong.push(`${side} tells a burnt code, but its peer did not leave so many attempts`);
  }
  const { left, right } = simulation;
  if (!SIDES.every((side) => establishedOnce(simulation[side]))) {
    if (SIDES.every((side) => simulation.abandoned[side] < ATTEMPTS))
      wrong.push(`they never met: ${left.ended?.code}, ${right.ended?.code}`);
    const told = SIDES.some(
      (side) =>
        ['SC-401', 'SC-334'].includes(simulation[side].ended?.code ?? '') ||
        simulation[side].notices.includes('SC-331'),
    );
    if (!told) wrong.push('they never met, and nobody was told why');
    return wrong;
  }
  if (left.words !== right.words) wrong.push(`established in different attempts: ${left.words}, ${right.words}`);
  for (const side of SIDES) {
    const { ended } = simulation[side];
    if (ended?.exit !== 0) wrong.push(`${side} lost its session: ${ended?.code}`);
  }
  return wrong;
}

/** What must hold at the end, whatever happened: an empty list when it does. */
export function judge({ plan, ...actors }: Simulation): string[] {
  const wrong: string[] = [];
  for (const side of SIDES) {
    const own = actors[side];
    const peer = actors[opposite(side)];
    const { ended, sent } = own;
    if (ended === undefined) continue;
    if (own.crypto.live !== 0) wrong.push(`${side} keeps ${own.crypto.live} secrets`);
    if (own.session.state !== 'destroyed') wrong.push(`${side} is ${own.session.state}`);
    // What was shown is what was sent, in order, once, with nothing left out but at the end.
    if (peer.shown.some((text, index) => text !== sent[index])) wrong.push(`${side} was shown wrongly`);
    const met = SIDES.every((one) => actors[one].states.includes('active'));
    const missing = sent.length - peer.shown.length;
    if (ended.exit === 0 && missing > 0) wrong.push(`${side} ended with 0, but ${missing} messages are missing`);
    if (met && missing > ended.count)
      wrong.push(`${side} told ${ended.count} of ${missing} missing messages (${ended.code})`);
    const unsure = [...own.statuses.values()].filter((status) => status === 'held');
    if (unsure.length > 0) wrong.push(`${side} leaves ${unsure.length} messages held`);
    // Who quits in time, after the network has healed, leaves nothing behind.
    const orderly = SIDES.every((one) => plan.quitAt[one] >= plan.healAt + 50_000);
    if (orderly && met && !plan.early && ended.exit !== 0) wrong.push(`${side} lost its session: ${ended.code}`);
    const allowed: readonly Code[] = ['SC-316', 'SC-317', 'SC-306', 'SC-304', ...(met ? [] : BEFORE)];
    if (!allowed.includes(ended.code) && !(plan.restarts.length > 0 && ended.code === 'SC-401'))
      wrong.push(`${side} ended with ${ended.code}`);
  }
  return wrong;
}

/** How a session may end when the peers never met. */
const BEFORE: readonly Code[] = ['SC-101', 'SC-107', 'SC-108', 'SC-307', 'SC-310', 'SC-334'];
