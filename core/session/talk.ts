/**
 * Two sides that have keys, until the end: the conversation, the connection that comes and goes under it, and the goodbye.
 * Each step returns what it leads to; nothing ends the session here. What is said is conversation.ts, over which connection
 * resume.ts, how it ends goodbye.ts.
 */
import type { Code } from '../errors.js';
import type { CryptoPort, PathEvent } from '../ports.js';
import { FEATURE_DIRECT } from '../protocol/caps.js';
import type { Established } from '../protocol/handshake-keys.js';
import type { Transfers } from './transfers.js';
import { createConversation } from './conversation.js';
import type { Host } from './events.js';
import type { Ending, Goodbye, Standing } from './goodbye.js';
import type { Line, LineEvent } from './line.js';
import type { Meeting, MeetingEvent } from './meeting.js';
import type { Outgoing } from './outgoing.js';
import { createPath } from './path.js';
import { createResume, type ResumeEvent } from './resume.js';

/** Frames that were lost, reordered or forged on the way are told after this many. */
export const GAPS_TOLD_AFTER = 3;

export interface TalkOptions {
  readonly crypto: CryptoPort;
  readonly established: Established;
  /** The rendezvous room, for a side that is provisional. */
  readonly meeting: Meeting;
  readonly sender: Outgoing;
  readonly goodbye: Goodbye;
  readonly transfers: Transfers;
  /** Frames that were not the next ones, of the whole session. */
  readonly gaps: { count: number };
  readonly resumeTimeout: number;
  readonly words: readonly string[];
  readonly name: Uint8Array;
  readonly receipts: boolean;
  /** A frame on each beat, whatever there is to say; so also if the peer wants it. */
  readonly cover?: boolean | undefined;
  /** A direct path may be looked for. */
  readonly direct?: boolean | undefined;
}

export interface Talk {
  handle(event: LineEvent, now: number): MeetingEvent | undefined;
  /** Something happened to a direct path that is looked for. */
  path(event: PathEvent, now: number): MeetingEvent | undefined;
  tick(now: number): MeetingEvent | undefined;
  /** What the person has said about the words. False: there is nothing to be said now. */
  confirm(match: boolean, now: number): boolean;
  /** The person asks for safety words of the present. False: not now. */
  compareAgain(now: number): boolean;
  /** The person wants to leave. */
  leave(code: Code, now: number): undefined;
  /** This process slept: whatever the connection says, it is not believed to be up. */
  slept(now: number): void;
  wakeAt(now: number): number;
  /** A last word to the peer after its protocol error. */
  abort(now: number): void;
  wipe(): void;
}

export function createTalk(host: Host, line: Line, options: TalkOptions, start: number): Talk {
  const { crypto, established, meeting, sender, goodbye, gaps } = options;
  const { role } = established;
  const { attempts } = meeting;
  let proven = false;
  const resume = createResume(host, line, {
    crypto,
    role,
    resume: established.resume,
    prover: established.ratchet,
    position: () => conversation.channel.position,
    timeout: options.resumeTimeout,
    rendezvous: () => meeting.place,
    attempts,
  });
  const path = createPath(
    host,
    {
      crypto,
      role,
      resume: established.resume,
      asked: options.direct === true,
      peerAsked: (established.peer.features & FEATURE_DIRECT) !== 0,
      allowed: () => proven && resume.up && !line.direct && conversation.settled,
      observed: () => line.observed,
    },
    start,
  );
  const { compares: compare, secretless } = meeting;
  const conversation = createConversation(host, line, { ...options, compare, secretless, path }, start);
  if (role === 'B') prove();
  if (goodbye.refused) conversation.confirm(false);

  /** The peer holds the keys. */
  function prove(): void {
    if (proven) return;
    proven = true;
    meeting.settled();
    resume.settled();
  }

  function standing(): Standing {
    const { trusted, up } = conversation;
    return { up, undelivered: sender.undelivered, trusted };
  }

  const ended = (ending: Ending): MeetingEvent => ({ type: 'end', ...ending });

  function resumed(event: ResumeEvent | undefined, now: number): MeetingEvent | undefined {
    if (!line.direct) path.broke(now);
    if (!resume.up && conversation.interrupt(now, line.direct)) goodbye.interrupted(standing(), now);
    switch (event?.type) {
      case undefined:
        return undefined;
      case 'frame':
        return frame(event.frame, now);
      case 'proven':
        conversation.resume(event.peer, now);
        if (line.direct) path.up();
        prove();
        goodbye.resumed(false);
        // What waited for the connection, a goodbye too, does not wait for a frame of the peer.
        return progress(now);
      case 'found':
        conversation.restart(now);
        return undefined;
      case 'established':
      case 'end':
        return event;
      case 'given up':
        return ended(goodbye.lost(sender.undelivered));
    }
  }

  function frame(bytes: Uint8Array, now: number): MeetingEvent | undefined {
    const received = conversation.frame(bytes, now);
    if (received === 'ignored') return undefined;
    if (received === 'gap') return resync(now);
    prove();
    resume.progress(now);
    if (received === 'more') goodbye.progress(now);
    // What it asks for goes out with whatever else is due at this moment: `wakeAt` is now.
    return goodbye.phase === 'none' ? undefined : progress(now);
  }

  /** Frames were lost, reordered or forged: the connection is given up and made anew, and they are asked for again. */
  function resync(now: number): MeetingEvent | undefined {
    gaps.count += 1;
    if (gaps.count === GAPS_TOLD_AFTER) host.notice('SC-405');
    line.distrust();
    resume.retry(now);
    return resumed(undefined, now);
  }

  function progress(now: number): MeetingEvent | undefined {
    const first = farewell(now);
    if (first !== undefined || goodbye.phase === 'flushing') return first;
    if (goodbye.phase !== 'none') path.stop();
    if (proven) conversation.carry();
    conversation.channel.tick(now);
    return farewell(now);
  }

  /** Does what the goodbye asks for, as far as that is possible now. */
  function farewell(now: number): MeetingEvent | undefined {
    for (;;) {
      switch (goodbye.next(standing(), now)) {
        case undefined:
          return undefined;
        case 'tell':
          host.notice('SC-328', { count: sender.undelivered });
          break;
        case 'say':
          if (!conversation.sayGoodbye(now)) return undefined;
          goodbye.said(now);
          break;
        case 'answer':
          if (!conversation.answerGoodbye(now)) return undefined;
          goodbye.answered();
          break;
        case 'last word':
          if (conversation.sayGoodbye(now)) goodbye.said(now);
          return flush(now);
        case 'flush':
          return flush(now);
        case 'end':
          return ended(goodbye.ending(sender.undelivered));
      }
    }
  }

  function flush(now: number): undefined {
    goodbye.flushing(goodbye.ending(sender.undelivered), now);
    line.finish();
  }

  return {
    handle(event, now) {
      if (event.type === 'drain') return goodbye.phase === 'flushing' ? undefined : progress(now);
      // It has moved to a direct path, and says so on it.
      if (event.type === 'alone' && path.promised && resume.up) {
        path.hold(now);
        return undefined;
      }
      path.release();
      if (goodbye.phase !== 'flushing') return resumed(resume.handle(event, now), now);
      return event.type === 'closed' ? ended(goodbye.ending(sender.undelivered)) : undefined;
    },

    path(event, now) {
      const id = path.handle(event, now);
      if (id === undefined) return undefined;
      const moved = line.take(id, now);
      path.taken();
      return resumed(resume.handle(moved, now), now);
    },

    tick(now) {
      if (goodbye.phase === 'flushing') return farewell(now);
      if (path.tick(now) === 'choice is late') resume.retry(now);
      if (conversation.channel.silent(now)) resume.retry(now);
      const visited = resume.visiting ? resume.visited(attempts.tick(now), now) : undefined;
      const event = resumed(visited, now) ?? resumed(resume.tick(now), now);
      if (event !== undefined) return event;
      return progress(now);
    },

    confirm(match, now) {
      // A yes is given once; a no is heard also after it.
      if (goodbye.refused || (match && conversation.compared)) return false;
      conversation.confirm(match);
      if (match) return true;
      goodbye.refuse(standing(), now);
      // A new handshake would not change that.
      resume.hurry();
      return true;
    },

    compareAgain: (now) => conversation.compareAgain(now),

    leave(code, now) {
      goodbye.ask(code, standing(), now);
    },

    slept(now) {
      if (goodbye.phase === 'flushing') return;
      if (resume.visiting) resume.retry(now);
      else conversation.channel.probe(now);
    },

    wakeAt(now) {
      if (goodbye.phase === 'flushing') return goodbye.wakeAt();
      const due = [goodbye.wakeAt(), resume.wakeAt(), path.wakeAt(), conversation.channel.wakeAt(now)];
      if (conversation.more) due.push(now);
      if (resume.visiting) due.push(attempts.wakeAt());
      return Math.min(...due);
    },

    abort: conversation.abort,

    wipe() {
      try {
        path.stop();
        conversation.wipe();
      } finally {
        established.resume.wipe();
      }
    },
  };
}
