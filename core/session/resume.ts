/**
 * Getting the connection to the peer back (protocol.md section 7, "Resume", and section 4, "Established"): which room, the
 * turns of a provisional side, the proofs, giving up. What a proof says is protocol/resume.ts; what was missed in between
 * is sent again by channel.ts. No record and no text may be in this file.
 */
import type { CryptoPort } from '../ports.js';
import { base64url } from '../protocol/bytes.js';
import type { Key } from '../protocol/keys.js';
import { createProof, type Position, type Proof, type Prover, RESUME_TYPE, resumeRoom } from '../protocol/resume.js';
import type { Role } from '../protocol/role.js';
import type { AttemptEvent, Attempts } from './attempts.js';
import { createBackoff } from './backoff.js';
import type { Host } from './events.js';
import type { Line, LineEvent, Place } from './line.js';
import { createTimers, NEVER } from '../timers.js';
import { quick } from '../quick.js';

/** From `connect` to an open connection. */
export const RESUME_OPEN_TIMEOUT = 10_000;
/** From a pairing to the peer's proof. */
export const PROOF_TIMEOUT = 10_000;
/** The same over a direct path that was just taken (section 8a): then the relay it is again. */
export const MOVE_TIMEOUT = 3_000;
/** Alone in the resume room: a connection that died unnoticed, or another machine of the relay, is left after this long. */
export const ALONE_TIMEOUT = 30_000;
/** The same while the peer may be in the other room (section 4, "Established"); half as much more each time. */
export const ALONE_TURN = 2_000;
/** A visit without progress. */
export const VISIT_TIMEOUT = 10_000;
/** The same with a new attempt. */
export const VISIT_ATTEMPT_TIMEOUT = 30_000;
/** Proofs that fail are told after this many. */
export const PROOFS_TOLD_AFTER = 3;

export interface ResumeOptions {
  readonly crypto: CryptoPort;
  readonly role: Role;
  /** `resume`, 32 bytes: it stays the caller's, and lives as long as this. */
  readonly resume: Key<'resume'>;
  readonly prover: Prover;
  /** Where this side stands now. */
  readonly position: () => Position;
  /** Given up after this many milliseconds without a connection to the peer. */
  readonly timeout: number;
  /** The rendezvous room, for the visits of a provisional side. */
  readonly rendezvous: () => Place;
  readonly attempts: Attempts;
}

export type ResumeEvent =
  /** For the channel. */
  | { readonly type: 'frame'; readonly frame: Uint8Array }
  /** The peer has proven itself: frames may be sent and opened. */
  | { readonly type: 'proven'; readonly peer: Position }
  /** In a visit: the peer has what it needs to establish; frames may be sent, from number 0, and opened. */
  | { readonly type: 'found' }
  /** In a visit: what a new attempt came to. */
  | Extract<AttemptEvent, { type: 'established' | 'end' }>
  | { readonly type: 'given up' };

export interface Resume {
  /** Frames may be sent and opened. */
  readonly up: boolean;
  /** A direct path was taken, and the peer has not proven itself over it yet. */
  readonly moving: boolean;
  /** A provisional side is in the rendezvous room, or on the way to it: attempts have their say. */
  readonly visiting: boolean;
  /** The peer holds the keys: only the resume room is tried from now on. */
  settled(): void;
  /** Nobody waits any more for a peer that may be elsewhere. */
  hurry(): void;
  /** The current pairing leads nowhere: close, back off, retry. */
  retry(now: number): undefined;
  handle(event: LineEvent, now: number): ResumeEvent | undefined;
  /** An attempt beside the one that is held had something due. */
  visited(event: AttemptEvent | undefined, now: number): ResumeEvent | undefined;
  /** A frame of the peer has opened: the connection works. */
  progress(now: number): void;
  tick(now: number): ResumeEvent | undefined;
  wakeAt(): number;
}

/** All but a direct path. */
type RelayEvent = Exclude<LineEvent, { type: 'moved' }>;

type Phase =
  /** Proven, or still the connection of the handshake. */
  | { readonly at: 'up'; readonly room: 'rendezvous' | 'resume' }
  /** In the resume room, or on the way to it; alone. */
  | { readonly at: 'seeking' }
  | { readonly at: 'proving'; readonly proof: Proof; readonly moving: boolean }
  /** Provisional, in the rendezvous room or on the way to it. `found`: frames are sent and taken. */
  | { readonly at: 'visiting'; readonly found: boolean };

export function createResume(host: Host, line: Line, options: ResumeOptions): Resume {
  const { crypto, role, attempts } = options;
  const { room, seat } = resumeRoom(crypto, options.resume, role);
  const place: Place = {
    join: { room: base64url(room), seat: base64url(seat), mode: 'join' },
    openTimeout: RESUME_OPEN_TIMEOUT,
    meeting: false,
  };
  room.fill(0);
  seat.fill(0);
  const turns = createBackoff(crypto, ALONE_TURN);
  const timers = createTimers<'give up' | 'turn' | 'proof'>();
  let phase: Phase = { at: 'up', room: 'rendezvous' };
  let provisional = role === 'A';
  let hurried = false;
  let proofsFailed = 0;

  const isUp = (): boolean => phase.at === 'up';

  function down(now: number): void {
    if (!timers.isSet('give up')) timers.set('give up', now + options.timeout);
    timers.stop('turn', 'proof');
  }

  /** The other room, where there is one to be tried; else the resume room after a while. */
  function retry(now: number, atLeast = 0): undefined {
    const visit = phase.at === 'seeking' || phase.at === 'proving';
    down(now);
    if (phase.at === 'visiting') attempts.unpaired(now);
    // Words were refused, or nobody waits any more: a new handshake would not change that.
    if (visit && provisional && !hurried) {
      phase = { at: 'visiting', found: false };
      line.seek(options.rendezvous(), now, atLeast);
      return undefined;
    }
    phase = { at: 'seeking' };
    line.seek(place, now, Math.max(line.delay(), atLeast));
  }

  function alone(now: number): undefined {
    down(now);
    phase = { at: 'seeking' };
    timers.set('turn', now + (provisional ? turns.next() : ALONE_TIMEOUT));
  }

  /** Each pairing event draws a fresh nonce and sends resume-1 once. */
  function pair(now: number, moving = false): undefined {
    down(now);
    const proof = createProof(crypto, role, options.resume, options.prover);
    phase = { at: 'proving', proof, moving };
    timers.set('proof', now + (moving ? MOVE_TIMEOUT : PROOF_TIMEOUT));
    if (!line.say(proof.first)) retry(now);
  }

  function proofFailed(now: number): undefined {
    proofsFailed += 1;
    if (proofsFailed === PROOFS_TOLD_AFTER) host.notice('SC-324');
    retry(now);
  }

  function prove(proof: Proof, bytes: Uint8Array, now: number): ResumeEvent | undefined {
    const step = proof.handle(bytes, options.position());
    switch (step.type) {
      case 'dropped':
        return undefined;
      case 'send':
        return line.say(step.message) ? undefined : retry(now);
      case 'failed':
        return proofFailed(now);
      case 'proven':
        timers.stop('turn', 'proof');
        phase = { at: 'up', room: 'resume' };
        return { type: 'proven', peer: step.peer };
    }
  }

  function frame(bytes: Uint8Array, now: number): ResumeEvent | undefined {
    if (phase.at === 'proving') return prove(phase.proof, bytes, now);
    if (phase.at !== 'up') return undefined;
    // A second resume-1 in a pairing closes the connection.
    if (phase.room === 'resume' && bytes[0] === RESUME_TYPE.one) return proofFailed(now);
    return { type: 'frame', frame: bytes };
  }

  /** Why it takes so long, once. */
  function troubled(why: string, now: number, atLeast = 0): undefined {
    line.trouble(why);
    retry(now, atLeast);
  }

  function lost(event: Extract<LineEvent, { type: 'lost' }>, now: number): undefined {
    if (event.age === undefined) troubled(event.why, now);
    else retry(now);
  }

  /** In the rendezvous room, where the keys were agreed on: it cannot be repaired, only left for the resume room. */
  function first(event: RelayEvent, now: number): ResumeEvent | undefined {
    if (event.type === 'frame') return frame(event.frame, now);
    if (event.type === 'alone' || event.type === 'lost') retry(now);
    return undefined;
  }

  function inRoom(event: RelayEvent, now: number): ResumeEvent | undefined {
    switch (event.type) {
      case 'joined':
        return event.peer ? pair(now) : alone(now);
      case 'paired':
        return pair(now);
      case 'alone':
        return alone(now);
      case 'frame':
        return frame(event.frame, now);
      case 'nonsense':
        // Noise of the relay: a connection that is up does not end for it.
        return isUp() ? undefined : retry(now);
      case 'refused':
        return isUp() ? undefined : troubled(event.code, now, event.retryAfterMs);
      case 'lost':
        return lost(event, now);
      case 'closed':
      case 'drain':
        return undefined;
    }
  }

  function visit(event: RelayEvent, now: number): ResumeEvent | undefined {
    switch (event.type) {
      case 'joined':
        if (event.peer) return visitors(now);
        timers.set('turn', now + turns.next());
        return undefined;
      case 'paired':
        return visitors(now);
      case 'alone':
        // For a provisional side that is a lost connection; it never was one to the peer.
        return retry(now);
      case 'frame': {
        const found = phase.at === 'visiting' && phase.found;
        const result = visited(attempts.message(event.frame, now), now);
        return result ?? (found && phase.at === 'visiting' ? { type: 'frame', frame: event.frame } : undefined);
      }
      case 'nonsense':
        return retry(now);
      case 'refused':
        return troubled(event.code, now, event.retryAfterMs);
      case 'lost':
        return lost(event, now);
      case 'closed':
      case 'drain':
        return undefined;
    }
  }

  function visitors(now: number): ResumeEvent | undefined {
    phase = { at: 'visiting', found: false };
    timers.set('turn', now + VISIT_TIMEOUT);
    return visited(attempts.paired(now), now);
  }

  function visited(event: AttemptEvent | undefined, now: number): ResumeEvent | undefined {
    switch (event?.type) {
      case undefined:
        return undefined;
      case 'met':
        phase = { at: 'visiting', found: true };
        timers.set('turn', now + VISIT_TIMEOUT);
        return { type: 'found' };
      case 'begun':
        timers.set('turn', now + VISIT_ATTEMPT_TIMEOUT);
        return undefined;
      case 'over':
      case 'wrong':
      case 'stuck':
        return retry(now);
      case 'established':
      case 'end':
        return event;
    }
  }

  return quick({
    get up() {
      return phase.at === 'up' || (phase.at === 'visiting' && phase.found);
    },

    get moving() {
      return phase.at === 'proving' && phase.moving;
    },

    get visiting() {
      return phase.at === 'visiting';
    },

    settled() {
      provisional = false;
      // A visit that has led to the peer is the connection from now on.
      if (phase.at === 'visiting' && phase.found) phase = { at: 'up', room: 'rendezvous' };
      timers.stop('turn');
    },

    hurry() {
      hurried = true;
    },

    retry,

    handle(event, now) {
      if (event.type === 'moved') return pair(now, true);
      if (phase.at === 'visiting') return visit(event, now);
      if (phase.at === 'up' && phase.room === 'rendezvous') return first(event, now);
      return inRoom(event, now);
    },

    visited,

    progress(now) {
      if (!isUp()) return;
      timers.stop('give up');
      line.worked(now);
    },

    tick(now) {
      if (!isUp() && timers.rings('give up', now)) return { type: 'given up' };
      if (timers.rings('proof', now)) proofFailed(now);
      if (timers.rings('turn', now)) retry(now);
      return undefined;
    },

    wakeAt: () => (isUp() ? NEVER : timers.next()),
  });
}
