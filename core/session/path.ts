/**
 * The direct path (protocol.md section 8a): when it is looked for, who may be at the other end of each connection, and which
 * one is taken. It says which; the connection itself is moved by line.ts, and what is proven over it then by resume.ts. No
 * socket may be in this file, and how a dial went is told to nobody.
 *
 *   resting ──▶ gathering ──▶ telling ──▶ asking (A) ──▶ trying ──▶ on ──▶ resting, or off
 */
import type { CryptoPort, PathEvent, PathWhy } from '../ports.js';
import type { Key } from '../protocol/keys.js';
import { plainCopy } from '../protocol/bytes.js';
import { createPathProof, pathKey, type PathProof } from '../protocol/path-proof.js';
import { PATH_TOKEN, type PathCandidate, type PathsRecord } from '../protocol/path-records.js';
import type { Role } from '../protocol/role.js';
import { fraction } from './backoff.js';
import type { ControlSource } from './composer.js';
import type { Host } from './events.js';
import { dialled, offered, type Surroundings } from './path-candidates.js';
import { createTimers, NEVER } from './timers.js';

/** From one try to the next, milliseconds: at least. */
export const PATH_PAUSE = 60_000;
/** It is twice as long after each try that found nothing, up to this. */
export const PATH_PAUSE_LIMIT = 3_600_000;
/** How long a try lasts, and how long somebody listens for it. */
export const PATH_TRY = 30_000;
/** From a connection to the proof of the peer. */
export const PATH_PROOF = 5_000;
/** Connections that came in and have proven nothing: the oldest makes room. */
export const UNPROVEN_LIMIT = 16;
/** What the relay saw is dialled so often at most, … */
export const PUNCHES = 20;
/** … from one dial to the next, milliseconds. */
export const PUNCH_EVERY = 250;
/** … give or take half of this share of it: both sides must knock within the time that a knock takes. */
export const PUNCH_JITTER = 0.5;
/** For A's choice, when the relay already says that A has left. */
export const PATH_CHOICE = 3_000;
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

interface Link {
  readonly dialled: PathCandidate | undefined;
  /** Dials of the same address so far. */
  readonly tries: number;
  /** When it is closed, or dialled again. */
  due: number;
  state: 'dialling' | 'refused' | 'up' | 'verified';
  /** Of the other end, once it is up. */
  address: string;
  proof: PathProof | undefined;
  /** Its first message, which came before the peer's candidates did. */
  early: Uint8Array | undefined;
}

const FRESH = { state: 'dialling', address: '', proof: undefined, early: undefined } as const;

type Phase =
  | { readonly at: 'off' }
  | { readonly at: 'resting' }
  | { readonly at: 'gathering'; readonly peer: PathsRecord | undefined }
  | {
      readonly at: 'telling';
      readonly around: Surroundings;
      readonly token: Uint8Array;
      readonly peer: PathsRecord | undefined;
    }
  | { readonly at: 'asking'; readonly around: Surroundings; readonly token: Uint8Array }
  | { readonly at: 'trying'; readonly key: Key<'path'> }
  | { readonly at: 'on'; readonly since: number; readonly address: string };

export function createPath(host: Host, options: PathOptions, start: number): Path {
  const { crypto, role } = options;
  const timers = createTimers<'next' | 'try' | 'choice'>();
  const links = new Map<number, Link>();
  const agreed = options.asked && options.peerAsked;
  let phase: Phase = { at: agreed ? 'resting' : 'off' };
  /** What the peer sent when it could not be answered: the last one. */
  let kept: { readonly question: PathsRecord; readonly until: number } | undefined;
  let attempt = 0;
  let dials = 0;
  let pause = PATH_PAUSE;
  let broken = 0;
  /** B: an earlier question is not answered. */
  let answerFrom = 0;
  let shown: string | undefined;
  if (agreed && role === 'A') timers.set('next', start);
  if (!agreed) show('peer');

  function show(why: PathWhy): void {
    if (!options.asked || shown === why) return;
    shown = why;
    host.emit({ type: 'show', view: { type: 'path', path: 'relay', why } });
  }

  // -- one try

  function begin(peer: PathsRecord | undefined, now: number): void {
    timers.stop('next');
    timers.set('try', now + PATH_TRY);
    attempt += 1;
    phase = { at: 'gathering', peer };
    show('trying');
    host.emit({ type: 'path', command: { type: 'gather', attempt } });
  }

  /** Nobody listens any more, and whatever is open or under way is closed. */
  function over(): void {
    forget();
    host.emit({ type: 'path', command: { type: 'stop' } });
  }

  function forget(): void {
    if (phase.at === 'trying') phase.key.wipe();
    timers.stop('try', 'choice');
    links.clear();
  }

  function rest(why: PathWhy, now: number): void {
    over();
    phase = { at: 'resting' };
    if (role === 'A') timers.set('next', now + pause);
    show(why);
  }

  function trying(around: Surroundings, own: Uint8Array, peer: PathsRecord, now: number): void {
    const [a, b] = role === 'A' ? [own, peer.token] : [peer.token, own];
    phase = { at: 'trying', key: pathKey(crypto, options.resume, a, b) };
    for (const candidate of dialled(peer.candidates, around)) dial(candidate, 1, now);
    for (const [id, { early }] of links) if (early !== undefined) message(id, early, now);
  }

  function dial(candidate: PathCandidate, tries: number, now: number): void {
    dials += 1;
    const due = candidate.observed
      ? now + PUNCH_EVERY * (1 - PUNCH_JITTER / 2 + PUNCH_JITTER * fraction(crypto))
      : NEVER;
    links.set(dials, { ...FRESH, dialled: candidate, tries, due });
    const { address, port, observed } = candidate;
    host.emit({ type: 'path', command: { type: 'dial', id: dials, address, port, punch: observed } });
  }

  function close(id: number): void {
    links.delete(id);
    host.emit({ type: 'path', command: { type: 'drop', id } });
  }

  function say(id: number, messages: readonly Uint8Array[]): void {
    for (const bytes of messages) host.emit({ type: 'path', command: { type: 'send', id, bytes } });
  }

  function connected(id: number, address: string, now: number): undefined {
    const accepted = { ...FRESH, dialled: undefined, tries: 0, due: NEVER };
    const link = id < 0 && isOpen() ? accepted : links.get(id);
    if (link === undefined) return;
    links.set(id, link);
    link.state = 'up';
    link.address = address;
    link.due = now + PATH_PROOF;
    if (link.dialled === undefined) makeRoom();
    const { first } = proofOf(link) ?? {};
    if (first !== undefined) say(id, [first]);
  }

  /** Somebody may come before the peer's candidates do: those go by the relay. */
  function isOpen(): boolean {
    return phase.at === 'telling' || phase.at === 'asking' || phase.at === 'trying';
  }

  function makeRoom(): void {
    const unproven = [...links].filter(([, link]) => link.dialled === undefined && link.state === 'up');
    if (unproven.length > UNPROVEN_LIMIT && unproven[0] !== undefined) close(unproven[0][0]);
  }

  function proofOf(link: Link): PathProof | undefined {
    if (phase.at !== 'trying') return undefined;
    return (link.proof ??= createPathProof(crypto, role, phase.key, link.dialled !== undefined));
  }

  function message(id: number, bytes: Uint8Array, now: number): number | undefined {
    const link = links.get(id);
    if (link === undefined) return undefined;
    const proof = proofOf(link);
    if (proof === undefined && link.early === undefined) {
      link.early = bytes;
      return undefined;
    }
    const step = proof?.handle(bytes);
    switch (step?.type) {
      case 'send':
        say(id, step.messages);
        return undefined;
      case 'verified':
        link.state = 'verified';
        link.due = NEVER;
        if (role === 'B' || proof === undefined) return undefined;
        say(id, [proof.choose()]);
        return choose(id, link, now);
      case 'chosen':
        return choose(id, link, now);
      case 'failed':
      case undefined:
        close(id);
        return undefined;
    }
  }

  function choose(id: number, { address }: Link, now: number): number {
    forget();
    phase = { at: 'on', since: now, address };
    return id;
  }

  // -- candidates

  function gathered(around: Surroundings, now: number): void {
    if (phase.at !== 'gathering') return;
    phase = { at: 'telling', around, token: crypto.random(PATH_TOKEN), peer: phase.peer };
    if (!options.allowed()) rest('none', now);
  }

  function record(): PathsRecord {
    if (phase.at !== 'telling') return { type: 'paths', token: new Uint8Array(PATH_TOKEN), candidates: [] };
    return { type: 'paths', token: phase.token, candidates: offered(phase.around, options.observed()) };
  }

  function sealed(now: number): void {
    if (phase.at !== 'telling') return;
    const { around, token, peer } = phase;
    if (peer === undefined) phase = { at: 'asking', around, token };
    else trying(around, token, peer, now);
  }

  /** B: a question of A. */
  function questioned(question: PathsRecord, now: number): void {
    kept = { question, until: now + PATH_TRY };
    answer(now);
  }

  /** It is not asked any more after the time of a try. */
  function answer(now: number): void {
    if (kept === undefined || !options.allowed() || now < answerFrom) return;
    const { question, until } = kept;
    kept = undefined;
    if (now >= until) return;
    if (phase.at !== 'resting') over();
    answerFrom = now + PATH_PAUSE;
    begin(question, now);
  }

  function dueLinks(now: number): void {
    for (const [id, link] of links) {
      if (now < link.due) continue;
      if (link.state === 'up') close(id);
      else if (link.state === 'refused' && link.dialled !== undefined) again(id, link.dialled, link.tries, now);
      else link.due = NEVER;
    }
  }

  function again(id: number, candidate: PathCandidate, tries: number, now: number): void {
    links.delete(id);
    if (tries < PUNCHES) dial(candidate, tries + 1, now);
  }

  return {
    control: {
      due: () => (phase.at === 'telling' && options.allowed() ? 'paths' : undefined),
      record,
      sealed,
    },

    get promised() {
      return role === 'B' && phase.at === 'trying' && [...links.values()].some(({ state }) => state === 'verified');
    },

    take(given, now) {
      if (!agreed) return;
      const copy: PathsRecord = {
        ...given,
        token: plainCopy(given.token),
        candidates: given.candidates.map((each) => ({ ...each, address: plainCopy(each.address) })),
      };
      if (role === 'B' && phase.at !== 'off') questioned(copy, now);
      else if (phase.at === 'asking') trying(phase.around, phase.token, copy, now);
    },

    handle(event, now) {
      switch (event.type) {
        case 'gathered':
          if (event.attempt === attempt) gathered(event, now);
          return undefined;
        case 'up':
          return connected(event.id, event.address, now);
        case 'message':
          return message(event.id, event.bytes, now);
        case 'down': {
          const link = links.get(event.id);
          // What was never up may be refused now and be taken in a moment: both sides knock until both have.
          if (link?.dialled?.observed === true && link.state === 'dialling') {
            link.state = 'refused';
            link.due = link.due === NEVER ? now : link.due;
          } else links.delete(event.id);
          return undefined;
        }
      }
    },

    tick(now) {
      answer(now);
      if (timers.isSet('next') && options.allowed() && timers.rings('next', now)) begin(undefined, now);
      if (timers.rings('choice', now)) return 'choice is late';
      if (timers.rings('try', now)) {
        rest('none', now);
        pause = Math.min(pause * 2, PATH_PAUSE_LIMIT);
      }
      dueLinks(now);
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
      const waits = !options.allowed();
      const next = phase.at === 'resting' && waits ? NEVER : timers.next();
      const answering = kept === undefined || waits ? NEVER : answerFrom;
      const due = [...links.values()].map((link) => link.due);
      return Math.min(next, answering, ...due);
    },
  };
}
