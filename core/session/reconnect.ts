/**
 * Getting the line back (protocol.md section 7, "Resume"): joins of the resume room, pairings, proofs, back-off, giving
 * up. What a proof says is protocol/resume.ts; what was missed in between is sent again by channel.ts. No record and no
 * text may be in this file.
 */
import type { CryptoPort, TransportEvent } from '../ports.js';
import { base64url } from '../protocol/bytes.js';
import type { Key } from '../protocol/keys.js';
import { createProof, type Position, type Proof, type Prover, RESUME_TYPE, resumeRoom } from '../protocol/resume.js';
import type { Role } from '../protocol/role.js';
import { checkRelayMessage, type Join, type RelayMessage } from '../wire/control.js';
import { BACKOFF_MAX, createBackoff } from './backoff.js';
import type { Host } from './events.js';
import { createTicketWork, TICKET_TIMEOUT } from './ticket-work.js';

/** From `connect` to an open connection, milliseconds. */
export const RESUME_OPEN_TIMEOUT = 10_000;
/** From an open connection to the relay's answer to the join. */
export const RESUME_JOIN_TIMEOUT = 10_000;
/** From a pairing to the peer's proof. */
export const PROOF_TIMEOUT = 10_000;
/** Alone in the resume room: a line that died unnoticed, or another machine of the relay, is left after this long. */
export const ALONE_TIMEOUT = 30_000;
/** The same while the peer may be in the rendezvous room instead (section 4, "provisional"). */
export const ALONE_TURN = 2_000;
/** Proofs that fail are told after this many. */
export const PROOFS_TOLD_AFTER = 3;

export interface ReconnectOptions {
  readonly crypto: CryptoPort;
  readonly role: Role;
  /** `resume`, 32 bytes: it stays the caller's, and lives as long as this. */
  readonly resume: Key<'resume'>;
  readonly prover: Prover;
  /** Where this side stands now. */
  readonly position: () => Position;
  /** Given up after this many milliseconds without a line. */
  readonly timeout: number;
  /** The peer has proven itself: frames may be sent and opened. */
  readonly resumed: (peer: Position, now: number) => void;
  /** The line that was up is not: nothing may be sent. */
  readonly interrupted: (now: number) => void;
  readonly givenUp: (now: number) => void;
  /** The peer may still be in the rendezvous room. */
  readonly provisional: () => boolean;
  /** Asked when a try has failed: true when the connection is now used elsewhere, until `resumeTurn` is called. */
  readonly elsewhere: (now: number) => boolean;
}

export interface Reconnect {
  /** The connection of the rendezvous is gone, or must go. */
  begin(now: number): void;
  /** The current pairing leads nowhere: close, back off, retry. */
  retry(now: number): void;
  /** The same for a line that brought what is not the peer's: the next one must last before it is believed in. */
  distrust(now: number): void;
  /** The connection is this file's again. */
  resumeTurn(now: number): void;
  /** True when the event was for this file; false for a frame of a line that is up. */
  transport(event: TransportEvent, now: number): boolean;
  /** A frame of the peer has opened: the line works. */
  progress(now: number): void;
  tick(now: number): void;
  wakeAt(): number;
}

/** `up`: proven, or still the rendezvous. `away`: the connection is used elsewhere. */
type Phase = 'up' | 'backoff' | 'opening' | 'joining' | 'alone' | 'proving' | 'away';

const NEVER = Number.POSITIVE_INFINITY;

export function createReconnect(host: Host, options: ReconnectOptions): Reconnect {
  const { crypto, role } = options;
  const backoff = createBackoff(crypto);
  const ticketWork = createTicketWork(crypto);
  const { room, seat } = resumeRoom(crypto, options.resume, role);
  const join: Join = { room: base64url(room), seat: base64url(seat), mode: 'join' };
  room.fill(0);
  seat.fill(0);
  let phase: Phase = 'up';
  let deadline = NEVER;
  let giveUpAt = NEVER;
  /** The connection is one to the resume room. */
  let inRoom = false;
  let proof: Proof | undefined;
  let proofsFailed = 0;
  let told = false;
  let upSince = 0;
  /** Whoever can forge one frame can end each line at once: the waits then grow as if none had come up. */
  let distrusted = false;

  function enter(to: Phase, until: number): void {
    phase = to;
    deadline = until;
  }

  function down(now: number): void {
    if (giveUpAt === NEVER) giveUpAt = now + options.timeout;
    if (phase === 'up') options.interrupted(now);
  }

  function retry(now: number, atLeast = 0): void {
    down(now);
    proof = undefined;
    ticketWork.reset();
    if (phase !== 'backoff') host.emit({ type: 'disconnect' });
    inRoom = false;
    if (phase !== 'up' && options.elsewhere(now)) return enter('away', NEVER);
    enter('backoff', now + Math.max(backoff.next(), atLeast));
  }

  function connect(now: number): void {
    inRoom = true;
    enter('opening', now + RESUME_OPEN_TIMEOUT);
    host.emit({ type: 'connect', join });
  }

  function alone(now: number): void {
    down(now);
    proof = undefined;
    ticketWork.stop();
    enter('alone', now + (options.provisional() ? ALONE_TURN : ALONE_TIMEOUT));
  }

  /** Each pairing event draws a fresh nonce and sends resume-1 once. */
  function pair(now: number): void {
    down(now);
    ticketWork.stop();
    proof = createProof(crypto, role, options.resume, options.prover);
    enter('proving', now + PROOF_TIMEOUT);
    host.emit({ type: 'transmit', frame: proof.first });
  }

  function proofFailed(now: number): void {
    proofsFailed += 1;
    if (proofsFailed === PROOFS_TOLD_AFTER) host.notice('SC-324');
    retry(now);
  }

  function refused(message: Extract<RelayMessage, { type: 'error' }>, now: number): void {
    tellOnce(message.code);
    retry(now, message.retryAfterMs);
  }

  /** Why it takes so long, once for each time the line is down. */
  function tellOnce(why: string): void {
    if (told) return;
    told = true;
    host.notice('SC-325', { why });
  }

  function control(message: RelayMessage | undefined, now: number): void {
    switch (message?.type) {
      case undefined:
        // Noise of the relay: a line that is up does not end for it.
        return phase === 'up' ? undefined : retry(now);
      case 'joined':
        return message.peer ? pair(now) : alone(now);
      case 'peer-joined':
        return pair(now);
      case 'peer-left':
        return alone(now);
      case 'error':
        if (phase === 'joining' && ticketWork.begin(message.ticket, now)) return enter('joining', now + TICKET_TIMEOUT);
        return refused(message, now);
    }
  }

  function frame(bytes: Uint8Array, now: number): boolean {
    if (phase === 'up') {
      // A second resume-1 in a pairing closes the connection.
      const again = inRoom && bytes[0] === RESUME_TYPE.one;
      if (again) proofFailed(now);
      return again;
    }
    const step = proof?.handle(bytes, options.position());
    switch (step?.type) {
      case 'send':
        host.emit({ type: 'transmit', frame: step.message });
        break;
      case 'failed':
        proofFailed(now);
        break;
      case 'proven':
        proof = undefined;
        told = false;
        upSince = now;
        enter('up', NEVER);
        options.resumed(step.peer, now);
        break;
      default:
        break;
    }
    return true;
  }

  return {
    begin: retry,
    retry,

    distrust(now) {
      distrusted = true;
      retry(now);
    },

    resumeTurn(now) {
      if (phase === 'away') enter('backoff', now + backoff.next());
    },

    transport(event, now) {
      if (!inRoom) {
        // The connection of the rendezvous: it cannot be repaired, only left for the resume room.
        const left = event.type === 'control' && checkRelayMessage(event.message)?.type === 'peer-left';
        if (phase !== 'up') return true;
        if (left || event.type === 'closed') retry(now);
        return event.type !== 'frame';
      }
      switch (event.type) {
        case 'open':
          enter('joining', now + RESUME_JOIN_TIMEOUT);
          return true;
        case 'control':
          control(checkRelayMessage(event.message), now);
          return true;
        case 'frame':
          return frame(event.frame, now);
        case 'drain':
          return true;
        case 'closed':
          if (phase === 'opening' || phase === 'joining') tellOnce(event.reason);
          retry(now);
          return true;
      }
    },

    progress(now) {
      if (phase !== 'up') return;
      giveUpAt = NEVER;
      if (distrusted && now - upSince < BACKOFF_MAX) return;
      distrusted = false;
      backoff.reset();
    },

    tick(now) {
      if (phase !== 'up' && now >= giveUpAt) return options.givenUp(now);
      const ticket = ticketWork.work(now);
      if (ticket !== undefined) {
        enter('joining', now + RESUME_JOIN_TIMEOUT);
        host.emit({ type: 'join', join: { ...join, ticket } });
      }
      if (now < deadline) return;
      if (phase === 'backoff') return connect(now);
      if (phase === 'proving') return proofFailed(now);
      retry(now);
    },

    wakeAt: () => (phase === 'up' ? NEVER : Math.min(deadline, giveUpAt, ticketWork.wakeAt())),
  };
}
