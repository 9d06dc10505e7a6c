/**
 * The state machine under any sequence of events: it never throws, never leaves `destroyed`, never shows text outside
 * `active`, and holds no key after the end. And over any schedule of an honest relay, what one side sent is what the
 * other showed.
 */
import { describe, expect, it } from 'vitest';
import type { UiEvent } from '../../../core/ports.js';
import { next, rows } from '../../../core/session/transitions.js';
import { fc, runs } from '../../support/chance.js';
import { createPair, opposite, type Pair, SIDES, type Side, utf8 } from '../../support/pair.js';

const side = fc.constantFrom<Side>('left', 'right');
const uiEvent: fc.Arbitrary<() => UiEvent> = fc.oneof(
  fc.string({ maxLength: 300 }).map((text) => () => ({ type: 'send' as const, text: utf8(text) })),
  fc.boolean().map((match) => () => ({ type: 'confirm' as const, match })),
  fc.constantFrom('quit', 'end-of-input', 'interrupt', 'gone').map((type) => () => ({ type }) as const),
  fc.constant(() => ({ type: 'malformed' as const, why: 'x' })),
);
const control = fc.constantFrom<unknown>(
  { type: 'joined', peer: true },
  { type: 'joined', peer: false },
  { type: 'peer-joined' },
  { type: 'peer-left' },
  { type: 'error', code: 'busy' },
  { type: 'error', code: 'room-taken' },
  {},
  null,
);

type Action = (pair: Pair) => void;
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.tuple(side, uiEvent).map(
    ([at, event]): Action =>
      (pair) =>
        pair.ui(at, event()),
  ),
  fc.tuple(side, control).map(
    ([at, message]): Action =>
      (pair) => (pair.control(at, message), pair.settle()),
  ),
  fc.tuple(side, fc.uint8Array({ maxLength: 300 })).map(
    ([at, junk]): Action =>
      (pair) =>
        pair.deliver(at, junk),
  ),
  fc.tuple(side, fc.nat(30), side).map(
    ([from, index, to]): Action =>
      (pair) => {
        const frame = pair[from].frames.at(-1 - index);
        if (frame !== undefined) pair.deliver(to, frame);
      },
  ),
  side.map(
    (at): Action =>
      (pair) => (pair.cut(at), pair.settle()),
  ),
  fc.constantFrom(1, 60, 1000, 5000, 40_000).map(
    (ms): Action =>
      (pair) =>
        pair.advance(ms),
  ),
);

describe('the session under any sequence of events', () => {
  it('never throws, never leaves destroyed, shows text only in active, keeps no key', () => {
    const form = fc.constantFrom('generated', 'chosen', 'none' as const);
    fc.assert(
      fc.property(form, fc.boolean(), fc.array(action, { maxLength: 40 }), (codeForm, verify, actions) => {
        const secret = codeForm === 'none' ? '' : 'a-b-c';
        const pair = createPair({ left: { form: codeForm, secret, verify }, right: { form: codeForm, secret } });
        pair.start();
        for (const act of actions) act(pair);
        for (const each of SIDES) {
          const person = pair[each];
          const end = person.states.indexOf('destroyed');
          if (end === -1) continue;
          expect(end).toBe(person.states.length - 1);
          expect(person.ended).toBeDefined();
          expect(person.crypto.live).toBe(0);
          expect(person.ended?.code).not.toBe('SC-501');
        }
      }),
      { numRuns: runs(40, 400) },
    );
  });

  it('what was sent is what was shown, in order and once, whatever the timing', () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.tuple(fc.constant('send' as const), side, fc.nat(2000)) },
      { weight: 1, arbitrary: fc.tuple(fc.constant('wait' as const), side, fc.nat(7000)) },
      { weight: 4, arbitrary: fc.tuple(fc.constant('pass' as const), side, fc.nat(4)) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const pair = createPair();
        pair.start();
        const way: Record<Side, Uint8Array[]> = { left: [], right: [] };
        pair.relay.frame = (frame, from) => way[from].push(frame);
        const sent: Record<Side, string[]> = { left: [], right: [] };
        const pass = (from: Side, count: number): void => {
          for (const frame of way[from].splice(0, count)) pair.deliver(opposite(from), frame);
          pair.settle();
        };
        for (const [what, at, amount] of steps) {
          if (what === 'send') {
            const text = `${sent[at].length} `.padEnd(amount, 'x');
            sent[at].push(text);
            pair.send(at, text);
          } else if (what === 'wait') pair.advance(amount);
          else pass(at, amount);
        }
        for (let i = 0; i < 20; i++) {
          for (const each of SIDES) pass(each, 1000);
          pair.advance(100);
        }
        for (const each of SIDES) {
          const { ended } = pair[each];
          if (ended === undefined) expect(pair[opposite(each)].messages).toEqual(sent[each]);
          else expect(ended.code).toBe('SC-304');
        }
      }),
      { numRuns: runs(20, 150) },
    );
  });
});

describe('the transition table', () => {
  it('has no way out of destroyed, and an end from everywhere else', () => {
    const states = new Set(rows().map(([from]) => from));
    expect(states.has('destroyed')).toBe(false);
    for (const state of states) expect(next(state, 'end')).toBe('destroyed');
  });

  it('is this', () => {
    expect(rows().map((row) => row.join(' '))).toEqual([
      'idle start searching',
      'idle end destroyed',
      'searching paired handshaking',
      'searching end destroyed',
      'handshaking paired handshaking',
      'handshaking unpaired searching',
      'handshaking keysConfirmed active',
      'handshaking keysUnverified confirming',
      'handshaking end destroyed',
      'confirming wordsMatch active',
      'confirming wordsDiffer closing',
      'confirming leave closing',
      'confirming peerLeft closing',
      'confirming lost reconnecting',
      'confirming end destroyed',
      'active wordsMatch active',
      'active wordsDiffer closing',
      'active leave closing',
      'active peerLeft closing',
      'active lost reconnecting',
      'active end destroyed',
      'reconnecting resumed active',
      'reconnecting resumedUnverified confirming',
      'reconnecting resumedLeaving closing',
      'reconnecting paired reconnecting',
      'reconnecting lost reconnecting',
      'reconnecting unpaired reconnecting',
      'reconnecting keysConfirmed active',
      'reconnecting keysUnverified confirming',
      'reconnecting wordsMatch reconnecting',
      'reconnecting wordsDiffer reconnecting',
      'reconnecting end destroyed',
      'closing peerLeft closing',
      'closing lost reconnecting',
      'closing end destroyed',
    ]);
  });
});
