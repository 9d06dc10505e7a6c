/**
 * Endings that a relay, a peer or an impatient person can choose: the reason that matters is told all the same, nothing
 * waits for ever, and a machine that waits does nothing.
 */
import { describe, expect, it } from 'vitest';
import { type Code, EXIT, LocalProtocolError, RemoteProtocolError } from '../../../core/errors.js';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import type { CryptoPort, UiEvent } from '../../../core/ports.js';
import type { Effect } from '../../../core/session/events.js';
import { BYE_TIMEOUT, FLUSH_TIMEOUT } from '../../../core/session/goodbye.js';
import { ATTEMPT_TIMEOUT } from '../../../core/session/attempts.js';
import { ACK_DELAY } from '../../../core/session/liveness.js';
import { SLEPT } from '../../../core/session/session.js';
import type { CodeForm, Nameplate } from '../../../core/room/code.js';
import { connectedPair, createPair, opposite, type Pair, SIDES, type Side, utf8 } from '../../support/pair.js';
import type { PersonOptions } from '../../support/person.js';

const FRAME = 0x10;
const M2 = 0x03;
const M3 = 0x04;
const VERIFY = { left: { verify: true }, right: { verify: true } };

/** B has counted the attempt and sealed M2, which the relay keeps. */
function counted(form: CodeForm, more: PersonOptions = {}): { pair: Pair; B: Side } {
  const pair = createPair({ left: { form, ...more }, right: { form, ...more } });
  let B: Side | undefined;
  pair.relay.frame = (frame, from, { deliver }) => {
    if (frame[0] === M2) B = from;
    if (B === undefined) deliver(opposite(from), frame);
  };
  pair.start();
  if (B === undefined) throw new Error('there was no M2');
  return { pair, B };
}

/** A has sealed M3, which arrives or does not, and nothing of B does. */
function provisional(options: Parameters<typeof createPair>[0], arrives: boolean): { pair: Pair; A: Side } {
  const pair = createPair(options);
  let A: Side | undefined;
  pair.relay.frame = (frame, from, { deliver }) => {
    if (frame[0] === M3) A = from;
    if (A === undefined || (arrives && frame[0] === M3)) deliver(opposite(from), frame);
  };
  pair.start();
  if (A === undefined) throw new Error('there was no M3');
  return { pair, A };
}

function codesIn(effects: readonly Effect[]): Code[] {
  return effects.flatMap((effect) => (effect.type === 'show' && 'code' in effect.view ? effect.view.code : []));
}

describe('a code that is burnt', () => {
  const endings: [string, (pair: Pair, B: Side) => void][] = [
    ['the relay refuses', (pair, B) => pair.control(B, { type: 'error', code: 'bad-request' })],
    ['the relay talks nonsense', (pair, B) => pair.control(B, { type: 'surprise' })],
    ['the relay gives the room up', (pair, B) => pair.cut(B, 'lost', '1000 wait-timeout')],
    ...(['quit', 'interrupt', 'wipe'] as const).map((type): [string, (pair: Pair, B: Side) => void] => [
      type,
      (pair, B) => pair.ui(B, { type }),
    ]),
  ];

  it.each(endings)('is told, although %s', (_name, ending) => {
    const { pair, B } = counted('chosen');
    ending(pair, B);
    pair.settle();
    expect(pair[B].ended).toMatchObject({ code: 'SC-334', exit: EXIT.wrongCode });
    expect(pair[B].crypto.live).toBe(0);
  });

  it('is told, although nobody was at the keyboard for the idle time', () => {
    const { pair, B } = counted('chosen', { idleTimeout: 1_000 });
    pair.advance(1_000);
    expect(pair[B].ended).toMatchObject({ code: 'SC-334' });
  });

  it('is told beside a defect of this side', () => {
    const { pair, B } = counted('chosen');
    const error = new LocalProtocolError('a defect');
    const effects = pair[B].session.handle({ type: 'failed', error }, pair.now);
    expect(codesIn(effects)).toEqual(['SC-334', 'SC-501']);
    const other = counted('chosen');
    const gone = other.pair[other.B].session.handle({ type: 'ui', event: { type: 'gone' } }, other.pair.now);
    expect(codesIn(gone)).toEqual(['SC-334', 'SC-505']);
  });

  it('one attempt of three is told before the end', () => {
    const { pair, B } = counted('generated');
    pair.control(B, { type: 'error', code: 'bad-request' });
    pair.settle();
    expect(pair[B].notices).toContainEqual(
      expect.objectContaining({ code: 'SC-314', detail: { attempt: 1, attempts: 3 } }),
    );
    expect(pair[B].ended).toMatchObject({ code: 'SC-102' });
  });

  it('an attempt that succeeded is none', () => {
    for (const form of ['chosen', 'generated'] as const) {
      const pair = connectedPair({ left: { form }, right: { form } });
      for (const side of SIDES) pair.cut(side);
      pair.relay.join = () => true;
      pair.advance(700_000);
      for (const side of SIDES) {
        expect(pair[side].ended).toMatchObject({ code: 'SC-304' });
        expect(pair[side].notices.filter(({ code }) => /SC-(314|402|409)/.test(code))).toEqual([]);
      }
    }
  });
});

describe('words that do not match', () => {
  const LATER: UiEvent[] = [{ type: 'quit' }, { type: 'interrupt' }, { type: 'end-of-input' }, { type: 'gone' }];

  it.each(LATER)('are the end, whatever the person does then: %j', (event) => {
    const pair = connectedPair(VERIFY);
    pair.relay.frame = () => undefined;
    pair.ui('left', { type: 'confirm', match: false });
    pair.ui('left', event);
    pair.ui('left', event);
    pair.advance(BYE_TIMEOUT + FLUSH_TIMEOUT);
    expect(pair.left.ended).toMatchObject({ code: 'SC-403', exit: EXIT.violation });
  });

  it('are said to the peer although the person left at once', () => {
    const pair = connectedPair(VERIFY);
    for (const side of SIDES) pair.cut(side);
    pair.ui('left', { type: 'confirm', match: false });
    pair.ui('left', { type: 'quit' });
    pair.advance(BYE_TIMEOUT);
    expect(pair.left.ended).toMatchObject({ code: 'SC-403' });
    expect(pair.right.ended).toMatchObject({ code: 'SC-407' });
  });

  it('are the end of all text, also in a chat, and while the line is down', () => {
    const pair = connectedPair({ left: { name: 'Ada' } });
    pair.advance(1_000);
    for (const side of SIDES) pair.cut(side);
    for (const side of SIDES) pair.send(side, 'not for you any more');
    pair.ui('left', { type: 'confirm', match: false });
    pair.advance(BYE_TIMEOUT);
    for (const side of SIDES) {
      expect(pair[side].messages).toEqual([]);
      expect(pair[side].statuses.get(0)).not.toBe('delivered');
    }
    expect(pair.left.ended).toMatchObject({ code: 'SC-403' });
    expect(pair.right.ended).toMatchObject({ code: 'SC-407' });
  });

  it('are heard also after a yes', () => {
    const pair = connectedPair(VERIFY);
    for (const match of [true, false]) pair.ui('left', { type: 'confirm', match });
    pair.advance(10);
    expect(pair.left.ended).toMatchObject({ code: 'SC-403' });
  });

  it('cannot be accepted afterwards', () => {
    const pair = connectedPair(VERIFY);
    pair.relay.frame = () => undefined;
    pair.cut('left');
    pair.ui('left', { type: 'confirm', match: false });
    pair.ui('left', { type: 'confirm', match: true });
    expect(pair.left.notices.map(({ code }) => code)).toContain('SC-312');
    pair.advance(BYE_TIMEOUT);
    expect(pair.left.ended).toMatchObject({ code: 'SC-403' });
  });

  it('are the end also when the peer is found again by a new handshake', () => {
    const { pair, A } = provisional(VERIFY, true);
    // The relay lets nobody resume: A looks in the rendezvous room, where B is not; the visit is under way.
    for (const side of SIDES) pair.cut(side);
    let visits = 0;
    const room = pair[A].joins[0]?.room;
    pair.relay.join = (join, from) => {
      if (from !== A || join.room !== room) return true;
      visits += 1;
      return true;
    };
    while (visits === 0) pair.advance(100);
    pair.ui(A, { type: 'confirm', match: false });
    pair.advance(BYE_TIMEOUT);
    expect(pair[A].ended).toMatchObject({ code: 'SC-403', exit: EXIT.violation });
  });

  it('are told to whoever answers a new handshake that had begun', () => {
    const { pair, A } = provisional(VERIFY, false);
    for (const side of SIDES) pair.cut(side);
    // What ends the new handshake is kept on its way until the person has said no.
    const kept: (() => void)[] = [];
    pair.relay.frame = (frame, from, { deliver }) => {
      if (frame[0] === M2) kept.push(() => deliver(opposite(from), frame));
      else deliver(opposite(from), frame);
    };
    while (kept.length === 0) pair.advance(100);
    delete pair.relay.frame;
    pair.ui(A, { type: 'confirm', match: false });
    for (const go of kept) go();
    pair.advance(BYE_TIMEOUT);
    expect(pair[A].ended).toMatchObject({ code: 'SC-403' });
    expect(pair[opposite(A)].ended).toMatchObject({ code: 'SC-407' });
  });
});

describe('leaving', () => {
  /** The right side's line is up, and it has never heard of anything that the left side says from now on. */
  function deaf(): { pair: Pair; pass: (ms: number) => void } {
    const pair = connectedPair();
    pair.advance(1_000);
    const early: Uint8Array[] = [];
    pair.relay.frame = (frame, from) => (from === 'right' ? void early.push(frame) : undefined);
    for (let i = 0; i < 20; i++) pair.send('right', 'still here');
    const pass = (ms: number): void => {
      for (let left = ms; left > 0; left -= 1_000) {
        const frame = early.shift();
        if (frame !== undefined) pair.deliver('left', frame);
        pair.advance(Math.min(left, 1_000));
      }
    };
    return { pair, pass };
  }
  const told = (pair: Pair): number => pair.left.notices.filter(({ code }) => code === 'SC-328').length;

  it.each(['interrupt', 'gone'] as const)('in a hurry is over soon, whatever is not acknowledged: %s', (type) => {
    const { pair, pass } = deaf();
    pair.send('left', 'never acknowledged');
    pair.ui('left', { type });
    pass(BYE_TIMEOUT - 1);
    expect(pair.left.ended).toBeUndefined();
    pass(1);
    // The goodbye is said all the same.
    expect(pair.left.states).toContain('closing');
    pair.advance(FLUSH_TIMEOUT);
    expect(pair.left.ended?.code).toBe(type === 'gone' ? 'SC-505' : 'SC-311');
  });

  it.each(SIDES)('with nothing owed is over soon, although the relay keeps back all frames of the peer: %s', (side) => {
    const pair = connectedPair();
    pair.advance(1_000);
    for (const each of SIDES) pair.cut(each);
    pair.ui(side, { type: 'quit' });
    pair.relay.frame = (frame, from, { deliver }) => {
      if (from === side || frame[0] !== FRAME) deliver(opposite(from), frame);
    };
    pair.advance(2 * BYE_TIMEOUT);
    expect(pair[side].ended).toMatchObject({ code: 'SC-317' });
  });

  it('that was asked for twice is so after a new handshake, too', () => {
    const { pair, A } = provisional({}, false);
    for (const side of SIDES) pair.cut(side);
    pair.send(A, 'owed');
    const kept: (() => void)[] = [];
    pair.relay.frame = (frame, from, { deliver }) => {
      if (frame[0] === M3) kept.push(() => deliver(opposite(from), frame));
      else deliver(opposite(from), frame);
    };
    while (kept.length === 0) pair.advance(100);
    for (let i = 0; i < 2; i++) pair.ui(A, { type: 'quit' });
    pair.relay.frame = (frame, from, { deliver }) => {
      if (frame[0] !== FRAME) deliver(opposite(from), frame);
    };
    for (const go of kept) go();
    pair.advance(BYE_TIMEOUT + FLUSH_TIMEOUT);
    expect(pair[A].ended).toMatchObject({ code: 'SC-306' });
  });

  it('in a hurry stays so when the peer is found again by a new handshake', () => {
    const { pair, A } = provisional({}, false);
    for (const side of SIDES) pair.cut(side);
    pair.send(A, 'owed');
    const kept: (() => void)[] = [];
    pair.relay.frame = (frame, from, { deliver }) => {
      if (frame[0] === M3) kept.push(() => deliver(opposite(from), frame));
      else deliver(opposite(from), frame);
    };
    while (kept.length === 0) pair.advance(100);
    pair.ui(A, { type: 'end-of-input' });
    pair.ui(A, { type: 'interrupt' });
    pair.relay.frame = (frame, from, { deliver }) => {
      if (frame[0] !== FRAME) deliver(opposite(from), frame);
    };
    for (const go of kept) go();
    pair.advance(BYE_TIMEOUT + FLUSH_TIMEOUT);
    expect(pair[A].ended).toMatchObject({ code: 'SC-311', exit: EXIT.interrupted });
  });

  it('without hurry waits for text, says so when nothing moves, and is over soon when asked again', () => {
    const { pair, pass } = deaf();
    pair.send('left', 'never acknowledged');
    pair.ui('left', { type: 'quit' });
    pass(BYE_TIMEOUT - 1);
    expect(told(pair)).toBe(0);
    pass(2_000);
    expect(told(pair)).toBe(1);
    expect(pair.left.session.state).toBe('active');
    pair.ui('left', { type: 'quit' });
    pair.advance(BYE_TIMEOUT + FLUSH_TIMEOUT);
    expect(pair.left.ended).toMatchObject({ code: 'SC-306', detail: { count: 1 } });
  });

  it('says nothing while text is acknowledged little by little', () => {
    const pair = connectedPair();
    pair.advance(1_000);
    const kept: Uint8Array[] = [];
    pair.relay.frame = (frame, from) => (from === 'left' ? void kept.push(frame) : pair.deliver('left', frame));
    for (let i = 0; i < 10; i++) pair.send('left', 'slowly');
    pair.ui('left', { type: 'quit' });
    for (let i = 0; i < 10; i++) {
      pair.advance(1_000);
      const frame = kept.shift();
      if (frame !== undefined) pair.deliver('right', frame);
      pair.settle();
    }
    expect(told(pair)).toBe(0);
    expect(pair.left.ended).toBeUndefined();
  });

  it('keeps its bound when the line comes back meanwhile', () => {
    const pair = connectedPair();
    pair.advance(1_000);
    pair.cut('left');
    pair.send('left', 'never acknowledged');
    pair.ui('left', { type: 'interrupt' });
    pair.relay.frame = (frame, from, { deliver }) => {
      if (frame[0] !== FRAME) deliver(opposite(from), frame);
    };
    pair.advance(BYE_TIMEOUT + FLUSH_TIMEOUT);
    expect(pair.left.ended).toMatchObject({ code: 'SC-311' });
  });

  it('a goodbye that is not answered does nothing while it waits, at the idle time, too', () => {
    const pair = connectedPair({ left: { idleTimeout: 3_000 } });
    pair.advance(1_000);
    pair.relay.frame = () => undefined;
    pair.ui('left', { type: 'quit' });
    pair.advance(2_500);
    expect(pair.left.session.state).toBe('closing');
    pair.advance(1_000);
    expect(pair.left.session.wakeAt).toBeGreaterThan(pair.now);
    pair.advance(BYE_TIMEOUT + FLUSH_TIMEOUT);
    expect(pair.left.ended).toMatchObject({ code: 'SC-317' });
  });
});

describe('the relay at odd moments', () => {
  it('a provisional side that looks for its peer is not bound by the attempt before', () => {
    const { pair, A } = provisional({}, true);
    for (const side of SIDES) pair.cut(side);
    pair.relay.join = () => true;
    pair.advance(4 * ATTEMPT_TIMEOUT);
    expect(pair[A].notices.map(({ code }) => code)).not.toContain('SC-314');
    expect(pair[A].session.state).toBe('reconnecting');
  });

  it('a room that was given is not given up for another one', () => {
    const pair = createPair({ left: { reroll: () => '777777' as Nameplate } });
    pair.startOne('left');
    pair.settle();
    pair.control('left', { type: 'error', code: 'room-taken' });
    pair.settle();
    expect(pair.left.joins).toHaveLength(1);
    expect(pair.left.codes).toEqual(['482913']);
    expect(pair.left.ended).toMatchObject({ code: 'SC-107' });
  });

  it('what breaks while the line is looked at after a sleep is all that happens', () => {
    let broken = false;
    const breaking = (): CryptoPort => {
      const crypto = createTweetnaclCrypto();
      const random: CryptoPort['random'] = (n) => {
        if (broken) throw new Error('broken');
        return crypto.random(n);
      };
      return { ...crypto, random };
    };
    const { pair, A } = provisional({ left: { crypto: breaking() }, right: { crypto: breaking() } }, true);
    for (const side of SIDES) pair.cut(side);
    // A looks for its peer in the other room when the machine falls asleep.
    const joins = pair[A].joins.length;
    pair.relay.join = () => true;
    while (pair[A].joins.length < joins + 2) pair.advance(100);
    broken = true;
    const text = utf8('typed too late');
    const { session } = pair[A];
    const effects = session.handle({ type: 'ui', event: { type: 'send', text } }, pair.now + 2 * SLEPT + 60_000);
    const shown = effects.flatMap((effect) => (effect.type === 'show' ? [effect.view.type] : []));
    expect(shown).toEqual(['state', 'ended']);
    expect([...text].every((byte) => byte === 0)).toBe(true);
  });
});

it('what comes after the end is wiped unread, whoever it is from', () => {
  const pair = connectedPair();
  pair.ui('left', { type: 'quit' });
  pair.advance(10_000);
  const [text, code, data] = [utf8('too late'), utf8('482913'), utf8('of a file')];
  const shown = pair.left.states.length;
  pair.ui('left', { type: 'send', text });
  pair.ui('left', { type: 'code', code });
  pair.bulk('left', { type: 'data', id: 1, data, last: true, content: 9 });
  for (const bytes of [text, code, data]) expect(bytes.every((byte) => byte === 0)).toBe(true);
  expect(pair.left.states).toHaveLength(shown);
});

describe('a goodbye', () => {
  it('that could not be said is no goodbye: the end says so', () => {
    const pair = connectedPair();
    pair.advance(ACK_DELAY);
    pair.relay.join = () => true;
    pair.cut('left');
    pair.ui('left', { type: 'quit' });
    pair.advance(BYE_TIMEOUT);
    expect(pair.left.ended).toMatchObject({ code: 'SC-317', exit: 0, detail: { unheard: 1 } });
  });

  it('an interrupt while one leaves already ends at once, and is no success', () => {
    const pair = connectedPair();
    pair.advance(ACK_DELAY);
    pair.relay.frame = () => undefined;
    pair.send('left', 'on its way');
    pair.ui('left', { type: 'quit' });
    expect(pair.left.ended).toBeUndefined();
    pair.ui('left', { type: 'interrupt' });
    expect(pair.left.ended).toMatchObject({ code: 'SC-311', exit: EXIT.interrupted });
  });

  it('of the peer has ended the conversation: an interrupt while the answer leaves changes nothing', () => {
    const pair = connectedPair();
    pair.advance(ACK_DELAY);
    let interrupted = false;
    pair.relay.frame = (frame, from, { deliver }) => {
      deliver(opposite(from), frame);
      if (pair.left.states.at(-1) !== 'closing' || interrupted) return;
      interrupted = true;
      expect(pair.left.ended).toBeUndefined();
      pair.ui('left', { type: 'interrupt' });
    };
    pair.ui('right', { type: 'quit' });
    pair.settle();
    expect(interrupted).toBe(true);
    expect(pair.right.ended).toMatchObject({ code: 'SC-317', exit: 0 });
    expect(pair.left.ended).toMatchObject({ code: 'SC-316', exit: 0 });
  });

  it('that waits for text is said by an interrupt: the peer does not look for who has left', () => {
    const pair = connectedPair();
    pair.advance(ACK_DELAY);
    pair.relay.frame = (frame, from, { deliver }) => {
      if (from === 'left') deliver('right', frame);
    };
    pair.send('left', 'on its way');
    pair.ui('left', { type: 'end-of-input' });
    expect(pair.left.ended).toBeUndefined();
    pair.ui('left', { type: 'interrupt' });
    pair.advance(BYE_TIMEOUT + FLUSH_TIMEOUT);
    expect(pair.right.messages).toEqual(['on its way']);
    expect(pair.right.ended).toMatchObject({ code: 'SC-316', exit: 0 });
  });
});

describe('a goodbye that is under way', () => {
  it('is followed by no receipt: what comes meanwhile counts as not delivered', () => {
    const pair = connectedPair();
    pair.advance(1_000);
    const held: [Side, Uint8Array][] = [];
    pair.relay.frame = (frame, from) => void held.push([from, frame.slice()]);
    pair.ui('left', { type: 'quit' });
    pair.send('right', 'too late');
    pair.relay.frame = (frame, from, { deliver }) => deliver(opposite(from), frame);
    for (const [from, frame] of held.toSorted(([one]) => (one === 'right' ? -1 : 1)))
      pair.deliver(opposite(from), frame);
    pair.advance(BYE_TIMEOUT + FLUSH_TIMEOUT);
    expect(pair.left.ended).toMatchObject({ code: 'SC-317' });
    expect(pair.right.ended).toMatchObject({ code: 'SC-306', detail: { count: 1 } });
  });

  it('is followed by no receipt of what the person looks at then: the peer takes nothing after a goodbye', () => {
    const pair = connectedPair({ left: { shows: false } });
    pair.send('right', 'seen too late');
    pair.advance(1_000);
    const held: [Side, Uint8Array][] = [];
    pair.relay.frame = (frame, from) => void held.push([from, frame.slice()]);
    pair.ui('left', { type: 'quit' });
    pair.ui('left', { type: 'shown', id: 0 });
    pair.advance(ACK_DELAY);
    pair.relay.frame = (frame, from, { deliver }) => deliver(opposite(from), frame);
    for (const [from, frame] of held) pair.deliver(opposite(from), frame);
    pair.advance(BYE_TIMEOUT + FLUSH_TIMEOUT);
    expect(pair.left.ended).toMatchObject({ code: 'SC-317' });
    expect(pair.right.ended).toMatchObject({ code: 'SC-316' });
    expect(pair.right.statuses.get(0)).not.toBe('delivered');
  });

  it('is under way still when the connection is back', () => {
    const pair = connectedPair();
    pair.advance(1_000);
    pair.relay.frame = () => undefined;
    pair.ui('left', { type: 'quit' });
    pair.relay.frame = (frame, from, { deliver }) => deliver(opposite(from), frame);
    pair.cut('left');
    pair.advance(BYE_TIMEOUT);
    expect(pair.left.states.slice(-4)).toEqual(['closing', 'reconnecting', 'closing', 'destroyed']);
    expect(pair.left.ended).toMatchObject({ code: 'SC-317', detail: {} });
    expect(pair.right.ended).toMatchObject({ code: 'SC-316' });
  });
});

describe('a step that breaks', () => {
  /** Left opens nothing any more, and throws `error` instead. */
  function breaking(error: unknown): Pair {
    const whole = createTweetnaclCrypto();
    let breaks = false;
    const open: CryptoPort['open'] = (...frame) => {
      if (breaks) throw error;
      return whole.open(...frame);
    };
    const pair = connectedPair({ left: { crypto: Object.create(whole, { open: { value: open } }) as CryptoPort } });
    pair.advance(1_000);
    breaks = true;
    pair.send('right', 'what breaks it');
    pair.advance(1_000);
    return pair;
  }

  it('over what the peer has said ends with a last word to it', () => {
    const error = new RemoteProtocolError('a record that may not be');
    const { left, right } = breaking(error);
    expect(left.ended).toMatchObject({ code: error.code, detail: error.detail });
    expect(right.ended).toMatchObject({ code: 'SC-322', detail: { count: 1 } });
    expect([left.crypto.live, right.crypto.live]).toEqual([0, 0]);
  });

  it.each([
    [new Error('no memory'), 'no memory'],
    ['no error', 'unknown'],
  ])('over anything else is a defect of this side, which is told to nobody else: %s', (error, why) => {
    const { left, right } = breaking(error);
    expect(left.ended).toMatchObject({ code: 'SC-501', detail: { why } });
    expect(right.ended).toBeUndefined();
    expect(left.crypto.live).toBe(0);
  });
});
