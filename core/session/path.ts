/**
 * The direct path (protocol.md section 8a): when one is looked for, what of this side is told, and what becomes of the one
 * that is taken. The connections of a try are path-links.ts; the one that is taken is moved to by line.ts, and what is proven
 * over it then is resume.ts. How a dial went is told to nobody.
 *
 *   resting ──▶ gathering ──▶ telling ──▶ asking (A) ──▶ trying ──▶ on ──▶ resting, or off
 */
import type { PathEvent } from '../path-port.js';
import type { CryptoPort, RelayWhy } from '../ports.js';
import { plainCopy } from '../protocol/bytes.js';
import type { Key } from '../protocol/keys.js';
import { pathKey } from '../protocol/path-proof.js';
import { PATH_TOKEN, type PathsRecord } from '../protocol/path-records.js';
import type { Role } from '../protocol/role.js';
import type { ControlSource } from './composer.js';
import type { Host } from './events.js';
import { dialled, offered, type Surroundings } from './path-candidates.js';
import { createPathLinks } from './path-links.js';
import { createTimers, NEVER } from '../timers.js';
import { quick } from '../quick.js';

/** From one try to the next, milliseconds: at least. */
export const PATH_PAUSE = 60_000;
/** It is twice as long after each try that found nothing, up to this. */
export const PATH_PAUSE_LIMIT = 3_600_000;
/** How long a try lasts, and how long somebody listens for it. */
export const PATH_TRY = 30_000;
/** For A's choice, when the relay already says that A has left. */
export const PATH_CHOICE = 3_000;
/** What a round trip may take where that is not known, and where it is, milliseconds. */
const [ROUND_TRIP, ROUND_TRIP_LIMIT] = [100, 400];
/** After so many paths that broke within PATH_PAUSE of being chosen no other one is looked for. */
export const BROKEN_LIMIT = 2;

export interface PathOptions {
  readonly crypto: CryptoPort;
  readonly role: Role;
  /** `resume`: it stays the caller's, and lives as long as this. */
  readonly resume: Key<'resume'>;
  /** This side asked for it, and whether the peer did. */
  readonly asked: boolean;
  readonly peerAsked: boolean;
  /** Whether candidates may be told now: the words are confirmed, and the peer hears over the relay. */
  readonly allowed: () => boolean;
  /** What the relay of the present connection says it sees. */
  readonly observed: () => string | undefined;
  /** Milliseconds to the peer and back, at most; undefined: not known. */
  readonly roundTrip: () => number | undefined;
}

export interface Path {
  /** The record `paths`, when it is due. */
  readonly control: ControlSource;
  /** B has proof of the peer on a connection and waits for its choice: that the peer leaves the relay is no loss. */
  readonly promised: boolean;
  take(record: PathsRecord, now: number): void;
  /** The connection that is to be used from now on, once. */
  handle(event: PathEvent, now: number): number | undefined;
  tick(now: number): 'choice is late' | undefined;
  /** With the peer's choice still to come, the relay says that it has left. */
  hold(now: number): void;
  /** It is heard of again over the relay. */
  release(): void;
  /** The connection that `handle` named was taken: everything else is closed. */
  taken(): void;
  /** The peer has proven itself over the path that was taken. */
  up(): void;
  /** The path that was taken is gone. */
  broke(now: number): void;
  /** No more is looked for, and nobody listens any more. */
  stop(): void;
  wakeAt(): number;
}

type Phase =
  | { readonly at: 'off' }
  | { readonly at: 'resting' }
  | { readonly at: 'gathering'; readonly question: PathsRecord | undefined }
  | {
      readonly at: 'telling';
      readonly around: Surroundings;
      readonly token: Uint8Array;
      readonly question: PathsRecord | undefined;
    }
  | { readonly at: 'asking'; readonly around: Surroundings; readonly token: Uint8Array }
  | { readonly at: 'trying' }
  | { readonly at: 'on'; readonly since: number; readonly address: string };

export function createPath(host: Host, options: PathOptions, start: number): Path {
  const { crypto, role, allowed } = options;
  const timers = createTimers<'next' | 'try' | 'choice'>();
  const links = createPathLinks(host, crypto, role);
  const agreed = options.asked && options.peerAsked;
  let phase: Phase = { at: agreed ? 'resting' : 'off' };
  /** What A asked when it could not be answered: the last one. */
  let kept: { readonly question: PathsRecord; readonly until: number } | undefined;
  let attempt = 0;
  let pause = PATH_PAUSE;
  let broken = 0;
  /** B answers not before this. */
  let answerFrom = start;
  let shown: RelayWhy | undefined;
  /** What is told of a try that finds nothing. */
  let vain: 'none' | 'polling' = 'none';
  if (agreed && role === 'A') timers.set('next', start);
  if (!agreed) show('peer');

  function show(why: RelayWhy): void {
    if (!options.asked || shown === why) return;
    shown = why;
    host.emit({ type: 'show', view: { type: 'path', path: 'relay', why } });
  }

  // -- one try

  function begin(question: PathsRecord | undefined, now: number): void {
    timers.stop('next');
    timers.set('try', now + PATH_TRY);
    attempt += 1;
    phase = { at: 'gathering', question };
    show('trying');
    host.emit({ type: 'path', command: { type: 'gather', attempt } });
  }

  function gathered(around: Surroundings): void {
    if (phase.at !== 'gathering') return;
    vain = around.relay === undefined ? 'polling' : 'none';
    phase = { at: 'telling', around, token: crypto.random(PATH_TOKEN), question: phase.question };
    links.listen();
  }

  function record(): PathsRecord {
    const [token, candidates] =
      phase.at === 'telling'
        ? [phase.token, offered(phase.around, options.observed())]
        : [new Uint8Array(PATH_TOKEN), []];
    return { type: 'paths', token, candidates };
  }

  function sealed(now: number): void {
    if (phase.at !== 'telling') return;
    const { around, token, question } = phase;
    if (question === undefined) phase = { at: 'asking', around, token };
    else trying(around, token, question, now);
  }

  function trying(around: Surroundings, own: Uint8Array, peer: PathsRecord, now: number): void {
    const [a, b] = role === 'A' ? [own, peer.token] : [peer.token, own];
    phase = { at: 'trying' };
    // A begins when it has B's answer: after at most half of what a round trip may take.
    const late = role === 'B' ? Math.min(options.roundTrip() ?? ROUND_TRIP, ROUND_TRIP_LIMIT) / 2 : 0;
    links.begin(pathKey(crypto, options.resume, a, b), dialled(peer.candidates, around), now, late);
  }

  /** Nobody listens any more, and whatever is open or under way is closed. */
  function over(): void {
    forget();
    host.emit({ type: 'path', command: { type: 'stop' } });
  }

  function forget(): void {
    timers.stop('try', 'choice');
    links.forget();
  }

  function rest(why: RelayWhy, now: number): void {
    over();
    phase = { at: 'resting' };
    if (role === 'A') timers.set('next', now + pause);
    show(why);
  }

  /** B: an earlier try gives way, and what was asked longer ago than one lasts is not answered any more. */
  function answer(now: number): void {
    if (kept === undefined || !allowed() || now < answerFrom) return;
    const { question, until } = kept;
    kept = undefined;
    if (now >= until) return;
    if (phase.at !== 'resting') over();
    answerFrom = now + PATH_PAUSE;
    begin(question, now);
  }

  return quick({
    control: {
      due: () => (phase.at === 'telling' && allowed() ? 'paths' : undefined),
      record,
      sealed,
    },

    get promised() {
      return role === 'B' && phase.at === 'trying' && links.verified;
    },

    take(given, now) {
      if (phase.at === 'off') return;
      const copy: PathsRecord = {
        ...given,
        token: plainCopy(given.token),
        candidates: given.candidates.map((each) => ({ ...each, address: plainCopy(each.address) })),
      };
      if (role === 'B') {
        kept = { question: copy, until: now + PATH_TRY };
        answer(now);
      } else if (phase.at === 'asking') trying(phase.around, phase.token, copy, now);
    },

    handle(event, now) {
      if (event.type === 'gathered') {
        if (event.attempt === attempt) gathered(event);
        return undefined;
      }
      const chosen = links.handle(event, now);
      if (chosen === undefined) return undefined;
      forget();
      phase = { at: 'on', since: now, address: chosen.address };
      return chosen.id;
    },

    tick(now) {
      answer(now);
      if (timers.isSet('next') && allowed() && timers.rings('next', now)) begin(undefined, now);
      if (timers.rings('choice', now)) return 'choice is late';
      if (timers.rings('try', now)) {
        rest(vain, now);
        pause = Math.min(pause * 2, PATH_PAUSE_LIMIT);
      }
      links.tick(now);
      return undefined;
    },

    hold(now) {
      if (!timers.isSet('choice')) timers.set('choice', now + PATH_CHOICE);
    },

    release: () => timers.stop('choice'),

    taken: () => host.emit({ type: 'path', command: { type: 'stop' } }),

    up() {
      if (phase.at !== 'on') return;
      pause = PATH_PAUSE;
      shown = undefined;
      host.emit({ type: 'show', view: { type: 'path', path: 'direct', address: phase.address } });
    },

    broke(now) {
      if (phase.at !== 'on') return;
      if (now < phase.since + PATH_PAUSE) broken += 1;
      rest('broke', now);
      if (broken < BROKEN_LIMIT) return;
      phase = { at: 'off' };
      timers.stopAll();
      show('unstable');
    },

    stop() {
      if (phase.at === 'off') return;
      over();
      timers.stopAll();
      kept = undefined;
      phase = { at: 'off' };
    },

    wakeAt() {
      if (phase.at === 'off') return NEVER;
      const waits = !allowed();
      const next = phase.at === 'resting' && waits ? NEVER : timers.next();
      const answering = kept === undefined || waits ? NEVER : answerFrom;
      return Math.min(next, answering, links.wakeAt());
    },
  });
}
