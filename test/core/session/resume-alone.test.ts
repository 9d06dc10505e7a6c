/**
 * Getting the connection back without a session (protocol.md section 7, "Resume", and section 4, "Established"): which room is
 * tried when, what a pairing leads to, and how long anything is waited for.
 */
import { describe, expect, it } from 'vitest';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import { asKey } from '../../../core/protocol/keys.js';
import { createProof, type Proof } from '../../../core/protocol/resume.js';
import { other, type Role } from '../../../core/protocol/role.js';
import type { AttemptEvent, Attempts } from '../../../core/session/attempts.js';
import { BACKOFF_FACTOR } from '../../../core/session/backoff.js';
import type { Line, LineEvent, Place } from '../../../core/session/line.js';
import {
  ALONE_TIMEOUT,
  ALONE_TURN,
  createResume,
  MOVE_TIMEOUT,
  PROOF_TIMEOUT,
  PROOFS_TOLD_AFTER,
  VISIT_ATTEMPT_TIMEOUT,
  VISIT_TIMEOUT,
} from '../../../core/session/resume.js';
import { NEVER } from '../../../core/timers.js';
import { createStage } from '../../support/stage.js';

const TIMEOUT = 100_000;
const DELAY = 70;
/** The least of what is drawn. */
const TURN = ALONE_TURN / 2;
const RENDEZVOUS = { join: { room: 'rendezvous' } } as Place;
const HERE = { expected: 3, next: 7 };
const THERE = { expected: 7, next: 3 };
const LOST: LineEvent = { type: 'lost', code: 'SC-108', why: 'why', age: 9 };
const FRAME: LineEvent = { type: 'frame', frame: Uint8Array.of(0x10, 1) };
const frame = (bytes: Uint8Array | undefined): LineEvent => ({ type: 'frame', frame: bytes ?? new Uint8Array(0) });

function made(role: Role) {
  const stage = createStage();
  const crypto = createTweetnaclCrypto({ random: (n) => new Uint8Array(n) });
  const key = <K extends 'resume' | 'resume proof'>(byte: number) =>
    asKey<K>(crypto.take(new Uint8Array(32).fill(byte)));
  const prover = { epoch: 0, proof: () => key<'resume proof'>(2) };
  const sought: [string, number][] = [];
  const said: Uint8Array[] = [];
  const done: string[] = [];
  const room = { left: true };
  const line = {
    seek: ({ join }: Place, now: number, after = 0) =>
      void sought.push([join.room === 'rendezvous' ? 'rendezvous' : 'resume', now + after]),
    delay: () => DELAY,
    trouble: (why: string) => void done.push(`trouble ${why}`),
    worked: () => void done.push('worked'),
    say(message: Uint8Array) {
      if (room.left) said.push(message);
      return room.left;
    },
  };
  const attempt: { next: AttemptEvent | undefined } = { next: undefined };
  const attempts = {
    paired: () => attempt.next,
    message: () => attempt.next,
    unpaired: () => void done.push('unpaired'),
  };
  const resume = createResume(stage.host, line as unknown as Line, {
    crypto,
    role,
    resume: key<'resume'>(1),
    prover,
    position: () => HERE,
    timeout: TIMEOUT,
    rendezvous: () => RENDEZVOUS,
    attempts: attempts as unknown as Attempts,
  });
  const theirs = createTweetnaclCrypto();
  return {
    ...{ resume, stage, room, attempt },
    sought: () => sought.splice(0),
    said: () => said.splice(0),
    done: () => done.splice(0),
    /** The peer of one pairing. */
    peer: (): Proof =>
      createProof(theirs, other(role), asKey<'resume'>(theirs.take(new Uint8Array(32).fill(1))), {
        epoch: 0,
        proof: () => asKey<'resume proof'>(theirs.take(new Uint8Array(32).fill(2))),
      }),
  };
}

type Made = ReturnType<typeof made>;

/** B, whose connection is lost and who is paired in the resume room. */
function paired(role: Role = 'B'): Made {
  const one = made(role);
  one.resume.handle(LOST, 0);
  one.resume.handle({ type: 'joined', peer: true }, 0);
  one.sought();
  return one;
}

/** Both have proven themselves. */
function proven(role: Role = 'B'): Made {
  const one = paired(role);
  const peer = one.peer();
  const [first] = one.said();
  one.resume.handle(frame(peer.first), 0);
  const [answer] = one.said();
  if (first === undefined || answer === undefined) throw new Error('a proof expected');
  const step = peer.handle(first, THERE);
  expect(peer.handle(answer, THERE)).toEqual({ type: 'proven', peer: HERE });
  const event = one.resume.handle(frame(step.type === 'send' ? step.message : undefined), 0);
  expect(event).toEqual({ type: 'proven', peer: THERE });
  return one;
}

/** A provisional side in the rendezvous room. */
function visiting(): Made {
  const one = made('A');
  one.resume.handle(LOST, 0);
  one.resume.handle(LOST, 0);
  expect(one.sought()).toEqual([
    ['resume', DELAY],
    ['rendezvous', 0],
  ]);
  expect(one.resume.visiting).toBe(true);
  return one;
}

describe('the connection of the handshake', () => {
  it('is up; it cannot be repaired, only left for the resume room', () => {
    for (const event of [LOST, { type: 'alone' }] as const) {
      const { resume, sought } = made('B');
      expect([resume.up, resume.moving, resume.visiting, resume.wakeAt()]).toEqual([true, false, false, NEVER]);
      expect(resume.handle(FRAME, 0)).toEqual(FRAME);
      for (const type of ['paired', 'nonsense', 'drain'] as const) expect(resume.handle({ type }, 0)).toBeUndefined();
      expect([resume.up, sought()]).toEqual([true, []]);
      resume.handle(event, 100);
      expect([resume.up, sought(), resume.wakeAt()]).toEqual([false, [['resume', 100 + DELAY]], 100 + TIMEOUT]);
      expect(resume.handle(FRAME, 100)).toBeUndefined();
    }
  });

  it('a message of a resume is a frame there', () => {
    const { resume, peer } = made('B');
    const { first } = peer();
    expect(resume.handle(frame(first), 0)).toEqual(frame(first));
  });
});

describe('in the resume room', () => {
  it('a pairing is a proof of both, with its time', () => {
    const { resume, said } = paired();
    expect([resume.up, resume.wakeAt(), said().length]).toEqual([false, PROOF_TIMEOUT, 1]);
    expect(resume.handle(FRAME, 0)).toBeUndefined();
    const up = proven();
    expect([up.resume.up, up.resume.wakeAt()]).toEqual([true, NEVER]);
    expect(up.resume.handle(FRAME, 0)).toEqual(FRAME);
    up.resume.progress(1);
    expect(up.done()).toEqual(['worked']);
    up.resume.tick(TIMEOUT);
    expect([up.sought(), up.resume.up]).toEqual([[], true]);
  });

  it('a proof that does not come, or fails, is tried again; some are told, once', () => {
    const one = paired();
    for (let n = 1; n <= PROOFS_TOLD_AFTER + 1; n++) {
      one.resume.handle({ type: 'paired' }, 0);
      if (n === 1) {
        one.resume.tick(PROOF_TIMEOUT - 1);
        expect(one.sought()).toEqual([]);
        one.resume.tick(PROOF_TIMEOUT);
        expect(one.sought()).toEqual([['resume', PROOF_TIMEOUT + DELAY]]);
      } else {
        one.resume.handle(frame(new Uint8Array(one.peer().first).fill(5, 1)), 0);
        expect(one.sought()).toEqual([['resume', DELAY]]);
      }
      expect(one.stage.codes()).toEqual(n < PROOFS_TOLD_AFTER ? [] : ['SC-324']);
    }
  });

  it('a peer that is there anew proves itself anew; one that left is waited for', () => {
    const one = proven();
    one.resume.handle({ type: 'paired' }, 100);
    expect([one.resume.up, one.said().length, one.resume.wakeAt()]).toEqual([false, 1, 100 + PROOF_TIMEOUT]);
    const alone = proven();
    alone.resume.handle({ type: 'alone' }, 100);
    expect([alone.resume.up, alone.sought(), alone.resume.wakeAt()]).toEqual([false, [], 100 + ALONE_TIMEOUT]);
  });

  it('a second hello on a connection that is up closes it; noise does not, nor a refusal', () => {
    const one = proven();
    const { first } = one.peer();
    for (const event of [{ type: 'nonsense' }, { type: 'closed' }, { type: 'drain' }] as const)
      one.resume.handle(event, 0);
    one.resume.handle({ type: 'refused', code: 'busy', retryAfterMs: 5, age: 1 }, 0);
    expect([one.resume.up, one.sought(), one.done()]).toEqual([true, [], []]);
    expect(one.resume.handle(frame(first), 0)).toBeUndefined();
    expect([one.resume.up, one.sought()]).toEqual([false, [['resume', DELAY]]]);
  });

  it('noise and a refusal end one that is not; why it takes so long is told where there was no seat', () => {
    const one = paired();
    one.resume.handle({ type: 'nonsense' }, 0);
    expect([one.sought(), one.done()]).toEqual([[['resume', DELAY]], []]);
    one.resume.handle({ type: 'refused', code: 'busy', retryAfterMs: 5_000, age: undefined }, 0);
    expect([one.sought(), one.done()]).toEqual([[['resume', 5_000]], ['trouble busy']]);
    one.resume.handle({ ...LOST, age: undefined }, 0);
    expect([one.sought(), one.done()]).toEqual([[['resume', DELAY]], ['trouble why']]);
    one.resume.handle(LOST, 0);
    expect([one.sought(), one.done()]).toEqual([[['resume', DELAY]], []]);
  });

  it('alone, it is left after a while; a proof that is under way is over', () => {
    const one = paired();
    one.resume.handle({ type: 'alone' }, 500);
    expect(one.resume.wakeAt()).toBe(500 + ALONE_TIMEOUT);
    one.resume.tick(500 + ALONE_TIMEOUT);
    expect(one.sought()).toEqual([['resume', 500 + ALONE_TIMEOUT + DELAY]]);
    one.resume.handle({ type: 'joined', peer: false }, 40_000);
    expect(one.resume.wakeAt()).toBe(40_000 + ALONE_TIMEOUT);
  });

  it('what cannot be handed over closes the pairing', () => {
    const one = made('B');
    one.resume.handle(LOST, 0);
    one.room.left = false;
    one.sought();
    one.resume.handle({ type: 'paired' }, 0);
    expect(one.sought()).toEqual([['resume', DELAY]]);
    const answering = paired();
    answering.room.left = false;
    answering.resume.handle(frame(answering.peer().first), 0);
    expect(answering.sought()).toEqual([['resume', DELAY]]);
  });

  it('it is given up in time, counted from the last connection that worked', () => {
    const one = paired();
    expect([one.resume.tick(TIMEOUT - 1), one.resume.tick(TIMEOUT)]).toEqual([undefined, { type: 'given up' }]);
    // A proof is not enough: a frame has to open.
    const up = proven();
    up.resume.handle(LOST, 50_000);
    expect(up.resume.tick(TIMEOUT)).toEqual({ type: 'given up' });
    const worked = proven();
    worked.resume.progress(40_000);
    worked.resume.handle(LOST, 50_000);
    worked.resume.progress(60_000);
    expect(worked.done()).toEqual(['worked']);
    expect([worked.resume.tick(TIMEOUT), worked.resume.tick(50_000 + TIMEOUT)]).toEqual([
      ...[undefined, { type: 'given up' }],
    ]);
  });

  it('over a direct path the proof has less time, and is left for the relay', () => {
    const one = proven();
    one.resume.handle({ type: 'moved' }, 1_000);
    expect([one.resume.moving, one.resume.up, one.resume.wakeAt()]).toEqual([true, false, 1_000 + MOVE_TIMEOUT]);
    one.resume.tick(1_000 + MOVE_TIMEOUT);
    expect([one.resume.moving, one.sought()]).toEqual([false, [['resume', 1_000 + MOVE_TIMEOUT + DELAY]]]);
    expect(paired().resume.moving).toBe(false);
  });
});

describe('a provisional side', () => {
  it('looks in both rooms in turn, alone longer and longer', () => {
    const { resume, sought, done } = made('A');
    resume.handle(LOST, 0);
    expect(sought()).toEqual([['resume', DELAY]]);
    resume.handle({ type: 'joined', peer: false }, 0);
    expect(resume.wakeAt()).toBe(TURN);
    resume.tick(TURN);
    expect([sought(), resume.visiting, resume.up]).toEqual([[['rendezvous', TURN]], true, false]);
    resume.handle({ type: 'joined', peer: false }, 2_000);
    expect(resume.wakeAt()).toBe(2_000 + TURN * BACKOFF_FACTOR);
    expect(done()).toEqual([]);
    resume.tick(2_000 + TURN * BACKOFF_FACTOR);
    expect([sought(), resume.visiting]).toEqual([[['resume', 2_000 + TURN * BACKOFF_FACTOR + DELAY]], false]);
    expect(done()).toEqual(['unpaired']);
  });

  it('once it is settled, or nobody waits for it, only the resume room is tried', () => {
    for (const what of ['settled', 'hurry'] as const) {
      const { resume, sought } = made('A');
      resume.handle(LOST, 0);
      resume[what]();
      resume.handle(LOST, 0);
      expect(sought().map(([room]) => room)).toEqual(['resume', 'resume']);
    }
    const { resume } = made('A');
    resume.handle(LOST, 0);
    resume.handle({ type: 'joined', peer: false }, 0);
    resume.settled();
    expect(resume.wakeAt()).toBe(TIMEOUT);
    resume.handle({ type: 'joined', peer: false }, 0);
    expect(resume.wakeAt()).toBe(ALONE_TIMEOUT);
  });

  it.each(['paired', 'joined'] as const)('in a visit that is %s the attempts have their say', (type) => {
    const event: LineEvent = type === 'joined' ? { type, peer: true } : { type };
    const one = visiting();
    expect(one.resume.handle(event, 0)).toBeUndefined();
    expect([one.resume.up, one.resume.wakeAt()]).toEqual([false, VISIT_TIMEOUT]);
    one.attempt.next = { type: 'begun' };
    expect(one.resume.handle(FRAME, 0)).toBeUndefined();
    expect(one.resume.wakeAt()).toBe(VISIT_ATTEMPT_TIMEOUT);
    one.attempt.next = { type: 'met' };
    expect(one.resume.handle(FRAME, 1_000)).toEqual({ type: 'found' });
    expect([one.resume.up, one.resume.visiting, one.resume.wakeAt()]).toEqual([true, true, 1_000 + VISIT_TIMEOUT]);
    // The frame that led there is none of the channel; the next one is.
    one.attempt.next = undefined;
    expect(one.resume.handle(FRAME, 1_000)).toEqual(FRAME);
    one.resume.settled();
    expect([one.resume.up, one.resume.visiting, one.resume.handle(FRAME, 1_000)]).toEqual([true, false, FRAME]);
  });

  it('before it has found the peer nothing is a frame, and a visit that was settled is none', () => {
    const one = visiting();
    one.resume.handle({ type: 'paired' }, 0);
    expect(one.resume.handle(FRAME, 0)).toBeUndefined();
    one.resume.settled();
    expect(one.resume.up).toBe(false);
    const again = visiting();
    again.attempt.next = { type: 'met' };
    expect(again.resume.handle({ type: 'paired' }, 0)).toEqual({ type: 'found' });
    // Another pairing has found nobody yet.
    again.attempt.next = undefined;
    again.resume.handle({ type: 'paired' }, 0);
    expect(again.resume.up).toBe(false);
  });

  it('what an attempt came to is told', () => {
    const one = visiting();
    const end = { type: 'end', code: 'SC-401', detail: {} } as const;
    expect(one.resume.visited(end, 0)).toBe(end);
    expect(one.resume.visited(undefined, 0)).toBeUndefined();
    expect(one.sought()).toEqual([]);
  });

  it.each([
    ['an attempt that is over', undefined, { type: 'over', after: 0 }],
    ['a wrong one', undefined, { type: 'wrong', attempt: 1, attempts: 3 }],
    ['one that is stuck', undefined, { type: 'stuck' }],
    ['nobody there any more', { type: 'alone' }, undefined],
    ['noise', { type: 'nonsense' }, undefined],
    ['a loss', LOST, undefined],
    ['a refusal', { type: 'refused', code: 'busy', retryAfterMs: 20, age: undefined }, undefined],
  ] as const)('a visit ends with %s', (_what, event, verdict) => {
    const one = visiting();
    one.resume.handle({ type: 'paired' }, 0);
    for (const type of ['drain', 'closed'] as const) one.resume.handle({ type }, 0);
    expect(one.sought()).toEqual([]);
    if (event !== undefined) one.resume.handle(event, 0);
    else one.resume.visited(verdict, 0);
    expect([one.sought(), one.resume.visiting]).toEqual([[['resume', DELAY]], false]);
    expect(one.done()).toEqual(event?.type === 'refused' ? ['trouble busy', 'unpaired'] : ['unpaired']);
  });

  it('a visit without progress is over in time, and a delay that the relay names is kept', () => {
    const one = visiting();
    one.resume.handle({ type: 'paired' }, 0);
    one.resume.tick(VISIT_TIMEOUT);
    expect(one.sought()).toEqual([['resume', VISIT_TIMEOUT + DELAY]]);
    one.resume.handle({ type: 'refused', code: 'busy', retryAfterMs: 9_000, age: undefined }, 20_000);
    expect(one.sought()).toEqual([['rendezvous', 29_000]]);
  });

  it('that proves itself there stays: a proof that fails leads to a visit', () => {
    const one = paired('A');
    one.resume.handle(frame(new Uint8Array(one.peer().first).fill(5, 1)), 0);
    expect(one.sought()).toEqual([['rendezvous', 0]]);
    expect(proven('A').resume.up).toBe(true);
  });
});
