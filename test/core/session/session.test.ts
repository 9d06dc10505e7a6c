/**
 * The session through the pair: what two people meet on an honest relay.
 */
import { MESSAGE_LIMIT } from '../../../core/limits.js';
import { describe, expect, it } from 'vitest';
import { createSodiumCrypto } from '../../../adapters/crypto/sodium.js';
import { EXIT } from '../../../core/errors.js';
import type { Nameplate } from '../../../core/room/code.js';
import { ACK_DELAY, PING_AFTER, SILENCE_LIMIT } from '../../../core/session/liveness.js';
import { REKEY_MAX, REKEY_MIN } from '../../../core/session/rekey.js';
import { BYE_TIMEOUT, FLUSH_TIMEOUT } from '../../../core/session/goodbye.js';
import { UNSEEN_LIMIT } from '../../../core/session/incoming.js';
import { countRekeys } from '../../support/epochs.js';
import { DATA_WINDOW_FRAMES } from '../../../core/session/unacked.js';
import { ATTEMPT_TIMEOUT, ATTEMPT_WHOLE } from '../../../core/session/attempts.js';
import { JOIN_TIMEOUT } from '../../../core/session/line.js';
import { HELD_HIGH, PACE_BURST, PACE_INTERVAL } from '../../../core/session/outgoing.js';
import { runs } from '../../support/chance.js';
import { connectedPair, createPair, opposite, type Pair, SIDES, utf8 } from '../../support/pair.js';

function expectClean(pair: Pair): void {
  for (const side of SIDES) {
    expect(pair[side].session.state).toBe('destroyed');
    expect(pair[side].crypto.live).toBe(0);
    expect(pair[side].session.wakeAt).toBe(Number.POSITIVE_INFINITY);
  }
}

describe('two people with one code', () => {
  it('reach active and see the same safety words', () => {
    const pair = connectedPair();
    for (const side of SIDES) {
      expect(pair[side].states).toEqual(['searching', 'handshaking', 'active']);
      expect(pair[side].words).toHaveLength(4);
    }
    expect(pair.left.words).toEqual(pair.right.words);
  });

  it('see other words in another conversation', () => {
    expect(connectedPair().left.words).not.toEqual(connectedPair().left.words);
  });

  it('show each message once, in order, and tell it as delivered', () => {
    const pair = connectedPair();
    for (const side of SIDES) for (let i = 0; i < 50; i++) pair.send(side, `${side} ${i}`);
    pair.advance(100);
    for (const side of SIDES) {
      expect(pair[side].messages).toEqual(Array.from({ length: 50 }, (_, i) => `${opposite(side)} ${i}`));
      expect([...pair[side].statuses.values()]).toEqual(Array.from({ length: 50 }, () => 'delivered'));
    }
  });

  it('without receipts a message stays sent', () => {
    const pair = connectedPair({ right: { receipts: false } });
    pair.send('left', 'hello');
    pair.advance(1000);
    expect(pair.right.messages).toEqual(['hello']);
    expect(pair.left.statuses.get(0)).toBe('sent');
  });

  it('carry any text, from nothing but a NUL to 64 KiB', () => {
    const pair = connectedPair();
    const texts = [
      '\0',
      'שלום 🧵 e\u0301',
      '\u001b[2J',
      'x'.repeat(215),
      'x'.repeat(216),
      'é'.repeat(MESSAGE_LIMIT / 2),
    ];
    for (const text of texts) pair.send('left', text);
    expect(pair.right.messages).toEqual(texts);
  });

  it('a longer message is refused with a word, and nothing is lost', () => {
    const pair = connectedPair();
    pair.send('left', 'x'.repeat(MESSAGE_LIMIT + 1));
    pair.send('left', 'after');
    expect(pair.left.notices.map((notice) => notice.code)).toContain('SC-309');
    expect(pair.right.messages).toEqual(['after']);
  });

  it('tell the name only when it was given', () => {
    const pair = connectedPair({ left: { name: 'Ada' } });
    expect(pair.right.peerName).toBe('Ada');
    expect(pair.left.peerName).toBe('');
  });

  it('what was typed before the peer came is held and then sent', () => {
    const pair = createPair();
    pair.startOne('left');
    pair.settle();
    pair.send('left', 'early');
    expect(pair.left.statuses.get(0)).toBe('held');
    pair.startOne('right');
    pair.settle();
    expect(pair.right.messages).toEqual(['early']);
    expect(pair.left.statuses.get(0)).toBe('delivered');
  });

  it('joining in the same millisecond connects, again and again', async () => {
    const crypto = await createSodiumCrypto();
    for (let i = 0; i < runs(50, 1_000); i++) {
      const pair = createPair({ left: { crypto }, right: { crypto } });
      for (const side of i % 2 === 0 ? SIDES : SIDES.toReversed()) pair.startOne(side);
      pair.settle();
      for (const side of SIDES) expect(pair[side].session.state).toBe('active');
      crypto.wipeAll();
    }
  });
});

describe('goodbye', () => {
  it.each(SIDES)('from the %s ends both with 0 and wipes', (side) => {
    const pair = connectedPair();
    pair.send(opposite(side), 'hi');
    pair.send(side, 'last');
    pair.ui(side, { type: 'quit' });
    pair.advance(10);
    expect(pair[side].ended).toMatchObject({ code: 'SC-317', exit: EXIT.ok });
    expect(pair[opposite(side)].ended).toMatchObject({ code: 'SC-316', exit: EXIT.ok });
    expect(pair[opposite(side)].messages).toContain('last');
    expect(pair[side].statuses.get(0)).toBe('delivered');
    expectClean(pair);
  });

  it('from both at once ends both with 0', () => {
    const pair = connectedPair();
    pair.relay.frame = (frame, from, { deliver }) => setAside.push(() => deliver(opposite(from), frame));
    const setAside: (() => void)[] = [];
    pair.ui('left', { type: 'quit' });
    pair.ui('right', { type: 'quit' });
    delete pair.relay.frame;
    for (const go of setAside) go();
    pair.advance(10);
    for (const side of SIDES) expect(pair[side].ended).toMatchObject({ code: 'SC-317', exit: EXIT.ok });
    expectClean(pair);
  });

  it('comes after everything that was typed, also at end of input', () => {
    const pair = connectedPair();
    for (let i = 0; i < 2000; i++) pair.ui('left', { type: 'send', text: utf8(`${i}`) });
    pair.ui('left', { type: 'end-of-input' });
    pair.advance(10_000);
    expect(pair.right.messages).toHaveLength(2000);
    expect(pair.left.ended).toMatchObject({ code: 'SC-317' });
    expectClean(pair);
  });

  it('end of input before the peer came waits for the peer when something is held', () => {
    const pair = createPair();
    pair.startOne('left');
    pair.ui('left', { type: 'send', text: utf8('hi') });
    pair.ui('left', { type: 'end-of-input' });
    pair.startOne('right');
    pair.advance(10);
    expect(pair.right.messages).toEqual(['hi']);
    expect(pair.left.ended).toMatchObject({ exit: EXIT.ok });
    expectClean(pair);
  });

  it('end of input with nothing to send and nobody there is told', () => {
    const pair = createPair();
    pair.startOne('left');
    pair.ui('left', { type: 'end-of-input' });
    expect(pair.left.ended).toMatchObject({ code: 'SC-310', exit: EXIT.usage, detail: { what: 'peer' } });
  });

  it('that is never answered ends after BYE_TIMEOUT', () => {
    const pair = connectedPair();
    pair.advance(ACK_DELAY);
    pair.relay.frame = () => undefined;
    pair.ui('left', { type: 'quit' });
    pair.advance(BYE_TIMEOUT - 1);
    expect(pair.left.ended).toBeUndefined();
    pair.advance(1 + FLUSH_TIMEOUT);
    expect(pair.left.ended).toMatchObject({ code: 'SC-317', exit: 0 });
  });

  it('waits for text that is not acknowledged, says so, and is told twice not to', () => {
    const pair = connectedPair();
    pair.advance(ACK_DELAY);
    pair.relay.frame = () => undefined;
    pair.send('left', 'lost');
    pair.ui('left', { type: 'quit' });
    pair.advance(60_000);
    expect(pair.left.ended).toBeUndefined();
    expect(pair.left.session.state).toBe('reconnecting');
    expect(pair.left.notices).toContainEqual(expect.objectContaining({ code: 'SC-328', detail: { count: 1 } }));
    pair.ui('left', { type: 'quit' });
    pair.advance(BYE_TIMEOUT);
    expect(pair.left.ended).toMatchObject({ code: 'SC-306', exit: EXIT.lost, detail: { count: 1 } });
    expect(pair.left.statuses.get(0)).toBe('failed');
  });

  it('text that crosses the goodbye is not shown and told as undelivered', () => {
    const pair = connectedPair();
    const late: (() => void)[] = [];
    pair.relay.frame = (frame, from, { deliver }) => late.push(() => deliver(opposite(from), frame));
    pair.ui('left', { type: 'quit' });
    pair.send('right', 'too late');
    delete pair.relay.frame;
    for (const go of late) go();
    pair.advance(10);
    expect(pair.left.messages).toEqual([]);
    expect(pair.left.ended).toMatchObject({ code: 'SC-317', exit: EXIT.ok });
    expect(pair.right.ended).toMatchObject({ code: 'SC-306', exit: EXIT.lost, detail: { count: 1 } });
    expectClean(pair);
  });

  it('Ctrl-C says goodbye and exits 130; the second does not wait', () => {
    const pair = connectedPair();
    pair.ui('left', { type: 'interrupt' });
    pair.advance(10);
    expect(pair.left.ended).toMatchObject({ code: 'SC-311', exit: EXIT.interrupted });
    expect(pair.right.ended).toMatchObject({ code: 'SC-316' });
    const other = connectedPair();
    other.relay.frame = () => undefined;
    other.ui('left', { type: 'interrupt' });
    expect(other.left.ended).toBeUndefined();
    other.ui('left', { type: 'interrupt' });
    expect(other.left.ended).toMatchObject({ exit: EXIT.interrupted });
  });

  it.each([
    [undefined, 'SC-505'],
    ['unread', 'SC-513'],
  ] as const)('an output that is gone (%s) says goodbye and tells it', (why, code) => {
    const pair = connectedPair();
    pair.ui('left', { type: 'gone', why });
    pair.advance(10);
    expect(pair.left.ended).toMatchObject({ code, exit: EXIT.internal });
    expect(pair.right.ended).toMatchObject({ code: 'SC-316' });
  });
});

describe('loss', () => {
  it.each(['left', 'right'] as const)('a cut at the %s that is not repaired is told as lost, not as left', (side) => {
    const pair = connectedPair({ left: { resumeTimeout: 60_000 }, right: { resumeTimeout: 60_000 } });
    pair.relay.frame = () => undefined;
    pair.send('left', 'never');
    pair.cut(side);
    pair.advance(61_000);
    for (const each of SIDES) expect(pair[each].ended).toMatchObject({ code: 'SC-304', exit: EXIT.lost });
    expect(pair.left.ended?.detail).toEqual({ count: 1 });
    expect(pair.left.statuses.get(0)).toBe('failed');
    expectClean(pair);
  });

  it('without a resume a cut is the end at once', () => {
    const pair = connectedPair({ left: { resumeTimeout: 0 }, right: { resumeTimeout: 0 } });
    pair.cut('left');
    pair.settle();
    for (const side of SIDES) expect(pair[side].ended).toMatchObject({ code: 'SC-304' });
    expectClean(pair);
  });

  it('silence is noticed: a ping, then a new line', () => {
    const pair = connectedPair();
    pair.advance(1000);
    const before = pair.left.states.length;
    pair.relay.frame = () => undefined;
    pair.advance(PING_AFTER + SILENCE_LIMIT + 1000);
    for (const side of SIDES) expect(pair[side].states.slice(before)).toContain('reconnecting');
    delete pair.relay.frame;
    pair.advance(30_000);
    for (const side of SIDES) expect(pair[side].session.state).toBe('active');
  });

  it('an idle pair stays alive for an hour on pings', () => {
    const pair = connectedPair();
    pair.advance(3_600_000);
    for (const side of SIDES) expect(pair[side].session.state).toBe('active');
    pair.send('left', 'still here');
    expect(pair.right.messages).toEqual(['still here']);
  });

  it('a relay that never answers the join is told', () => {
    const pair = createPair({ relay: { join: () => true } });
    pair.start();
    pair.advance(JOIN_TIMEOUT);
    expect(pair.left.ended).toMatchObject({ code: 'SC-107', exit: EXIT.relay });
  });

  it('a relay that gave the room up because nobody came is told', () => {
    const pair = createPair();
    pair.startOne('left');
    pair.settle();
    pair.cut('left', 'lost', '1000 wait-timeout');
    expect(pair.left.ended).toMatchObject({ code: 'SC-307', exit: EXIT.relay });
  });

  it.each([
    ['unreachable', 'SC-101'],
    ['rejected', 'SC-107'],
    ['lost', 'SC-108'],
  ] as const)('%s before the relay has answered is %s', (reason, code) => {
    const pair = createPair({ relay: { join: () => true } });
    pair.startOne('left');
    pair.settle();
    pair.cut('left', reason);
    expect(pair.left.ended).toMatchObject({ code, exit: EXIT.relay });
    expect(pair.left.crypto.live).toBe(0);
  });

  it('a relay that is gone while the peer is awaited is joined again', () => {
    const pair = createPair();
    pair.startOne('left');
    pair.settle();
    pair.cut('left');
    expect(pair.left.notices.map(({ code }) => code)).toEqual(['SC-325']);
    pair.advance(1000);
    pair.startOne('right');
    pair.advance(1000);
    for (const side of SIDES) expect(pair[side].session.state).toBe('active');
  });

  it('a relay that stays away while the peer is awaited is given up', () => {
    const pair = createPair({ left: { resumeTimeout: 60_000 } });
    pair.startOne('left');
    pair.settle();
    pair.relay.join = (_join, from) => {
      pair.cut(from, 'unreachable');
      return true;
    };
    pair.cut('left');
    pair.advance(59_000);
    expect(pair.left.ended).toBeUndefined();
    pair.advance(15_000);
    expect(pair.left.ended).toMatchObject({ code: 'SC-101', exit: EXIT.relay });
    expect(pair.left.crypto.live).toBe(0);
  });
});

describe('acks, windows and rekeys', () => {
  it('a message is acknowledged within ACK_DELAY by a bare ack, and acks do not ack acks', () => {
    const pair = connectedPair({ left: { receipts: false }, right: { receipts: false } });
    pair.advance(1000);
    const before = { left: pair.left.frames.length, right: pair.right.frames.length };
    pair.send('left', 'hi');
    expect(pair.right.frames.length).toBe(before.right);
    pair.advance(ACK_DELAY);
    expect(pair.right.frames.length).toBe(before.right + 1);
    pair.advance(4000);
    expect(pair.left.frames.length).toBe(before.left + 1);
    expect(pair.right.frames.length).toBe(before.right + 1);
  });

  it('stops at the window and loses nothing', () => {
    const pair = connectedPair({ right: { receipts: false } });
    pair.advance(1000);
    const before = pair.left.frames.length;
    const held: Uint8Array[] = [];
    pair.relay.frame = (frame) => held.push(frame);
    for (let i = 0; i < DATA_WINDOW_FRAMES + 10; i++) pair.send('left', `${i}`);
    expect(pair.left.frames.length - before).toBe(DATA_WINDOW_FRAMES);
    expect(pair.left.statuses.get(DATA_WINDOW_FRAMES)).toBe('held');
    delete pair.relay.frame;
    for (const frame of held) pair.deliver('right', frame);
    pair.advance(1000);
    expect(pair.right.messages).toHaveLength(DATA_WINDOW_FRAMES + 10);
  });

  it('asks for no more input while much is held, and asks again later', () => {
    const pair = createPair();
    pair.startOne('left');
    pair.settle();
    for (let i = 0; i <= HELD_HIGH / MESSAGE_LIMIT; i++) pair.send('left', 'x'.repeat(MESSAGE_LIMIT));
    expect(pair.left.welcome).toBe(false);
    pair.startOne('right');
    pair.advance(1000);
    expect(pair.left.welcome).toBe(true);
  });

  it('rekeys after a turn of the conversation, at most every REKEY_MIN', () => {
    const pair = connectedPair();
    const epoch = countRekeys(pair.left.crypto);
    pair.send('left', 'a');
    pair.send('right', 'b');
    pair.advance(REKEY_MIN - 100);
    expect(epoch()).toBe(0);
    pair.advance(200);
    pair.send('left', 'c');
    expect(epoch()).toBe(1);
    pair.send('right', 'd');
    const turns = runs(30, 300);
    for (let i = 0; i < turns; i++) {
      pair.advance(REKEY_MIN);
      pair.send('left', `l${i}`);
      pair.send('right', `r${i}`);
    }
    expect(pair.left.session.state).toBe('active');
    expect(pair.right.messages.length + pair.left.messages.length).toBe(4 + 2 * turns);
  });

  it('rekeys an idle conversation at the latest every REKEY_MAX, on pings alone', () => {
    const pair = connectedPair();
    const epoch = countRekeys(pair.left.crypto);
    pair.advance(REKEY_MAX + 60_000);
    expect(epoch()).toBeGreaterThan(0);
  });
});

describe('comparing the safety words', () => {
  it('without a secret nothing is shown or sent before both have said that they match', () => {
    const pair = connectedPair({ left: { form: 'none', secret: '' }, right: { form: 'none', secret: '' } });
    for (const side of SIDES) expect(pair[side].session.state).toBe('confirming');
    pair.send('left', 'early');
    expect(pair.left.statuses.get(0)).toBe('held');
    pair.ui('left', { type: 'confirm', match: true });
    expect(pair.left.session.state).toBe('active');
    expect(pair.right.peerConfirmed).toBe(true);
    expect(pair.right.messages).toEqual([]);
    expect(pair.left.statuses.get(0)).toBe('sent');
    pair.ui('right', { type: 'confirm', match: true });
    expect(pair.right.messages).toEqual(['early']);
    pair.advance(10);
    expect(pair.left.statuses.get(0)).toBe('delivered');
  });

  it('words that differ end both with 6, and the held text is never shown', () => {
    const pair = connectedPair({ left: { verify: true } });
    pair.send('right', 'unseen');
    pair.ui('left', { type: 'confirm', match: false });
    pair.advance(10);
    expect(pair.left.messages).toEqual([]);
    expect(pair.left.ended).toMatchObject({ code: 'SC-403', exit: EXIT.violation });
    expect(pair.right.ended).toMatchObject({ code: 'SC-407', exit: EXIT.violation });
    expectClean(pair);
  });

  it('who wants to compare is told to the other side; names wait for the comparison', () => {
    const pair = connectedPair({ left: { verify: true, name: 'Ada' }, right: { name: 'Bob' } });
    expect(pair.right.notices.map((notice) => notice.code)).toContain('SC-321');
    expect(pair.right.peerName).toBe('');
    expect(pair.left.peerName).toBe('');
    pair.ui('left', { type: 'confirm', match: true });
    expect(pair.right.peerName).toBe('Ada');
    expect(pair.left.peerName).toBe('Bob');
  });

  it('rekeys and pings run while people compare', () => {
    const pair = connectedPair({ left: { verify: true }, right: { verify: true } });
    const epoch = countRekeys(pair.left.crypto);
    pair.advance(600_000);
    for (const side of SIDES) expect(pair[side].session.state).toBe('confirming');
    expect(epoch()).toBeGreaterThan(0);
  });

  it('words that were compared although nobody had to: the peer is told that they match, once', () => {
    const pair = connectedPair();
    pair.ui('left', { type: 'confirm', match: true });
    expect(pair.left.session.state).toBe('active');
    expect(pair.right.peerConfirmed).toBe(true);
    expect(pair.left.notices).toEqual([]);
    pair.ui('left', { type: 'confirm', match: true });
    expect(pair.left.notices.map((notice) => notice.code)).toEqual(['SC-312']);
  });

  it('words that differ in the middle of a chat end both with 6', () => {
    const pair = connectedPair();
    pair.send('right', 'hi');
    pair.ui('left', { type: 'confirm', match: false });
    pair.advance(10);
    expect(pair.left.ended).toMatchObject({ code: 'SC-403', exit: EXIT.violation });
    expect(pair.right.ended).toMatchObject({ code: 'SC-407', exit: EXIT.violation });
    expectClean(pair);
  });

  it('an answer where there are no words is refused', () => {
    const pair = createPair();
    pair.startOne('left');
    pair.ui('left', { type: 'confirm', match: false });
    expect(pair.left.session.state).toBe('searching');
    expect(pair.left.notices.map((notice) => notice.code)).toContain('SC-312');
  });

  it('end of input while confirming cannot be an answer', () => {
    const pair = connectedPair({ left: { verify: true } });
    pair.ui('left', { type: 'end-of-input' });
    pair.advance(10);
    expect(pair.left.ended).toMatchObject({ code: 'SC-310', exit: EXIT.usage, detail: { what: 'words' } });
    expect(pair.right.ended).toMatchObject({ code: 'SC-316' });
  });

  it('text that is held unseen is bounded', () => {
    const pair = connectedPair({ left: { verify: true } });
    for (let i = 0; i <= UNSEEN_LIMIT / MESSAGE_LIMIT; i++) {
      pair.ui('right', { type: 'send', text: new Uint8Array(MESSAGE_LIMIT).fill(120) });
    }
    expect(pair.left.ended).toMatchObject({ code: 'SC-404', exit: EXIT.violation });
  });
});

describe('the rate meant for people', () => {
  it('lets a burst through and holds the rest, once told, nothing dropped', () => {
    const pair = connectedPair({ left: { pace: true } });
    for (let i = 0; i < PACE_BURST + 5; i++) pair.send('left', `${i}`);
    expect(pair.right.messages).toHaveLength(PACE_BURST);
    expect(pair.left.notices.filter((notice) => notice.code === 'SC-315')).toHaveLength(1);
    pair.advance(PACE_INTERVAL);
    expect(pair.right.messages).toHaveLength(PACE_BURST + 1);
    pair.advance(4 * PACE_INTERVAL);
    expect(pair.right.messages).toHaveLength(PACE_BURST + 5);
  });
});

describe('the code', () => {
  it('that was chosen by a person burns after one', () => {
    const pair = createPair({ left: { form: 'chosen' }, right: { form: 'chosen', secret: 'other' } });
    pair.start();
    const [waits] = SIDES.filter((side) => pair[side].ended === undefined);
    expect(waits === undefined ? [] : pair[waits].notices.map(({ code }) => code)).toEqual(['SC-339']);
    // Who has sealed M2 cannot tell a wrong code from a cut, and waits for the peer as long as an attempt lives.
    pair.advance(2 * ATTEMPT_WHOLE);
    const ends = SIDES.map((side) => pair[side].ended);
    expect(ends.map((ended) => ended?.exit)).toEqual([EXIT.wrongCode, EXIT.wrongCode]);
    expect(ends.map((ended) => ended?.code).sort()).toEqual(['SC-334', 'SC-401']);
  });

  it('with and without a secret do not meet', () => {
    const told = new Set<string>();
    for (let i = 0; i < 8; i++) {
      const pair = createPair({ left: { form: 'none', secret: '' }, right: { form: 'chosen', secret: '' } });
      pair.start();
      pair.advance(5000);
      expect(pair.right.ended).toMatchObject({ code: 'SC-401' });
      // Where there is no secret there is nothing to guess, and nothing to burn.
      expect(pair.left.session.state).toBe('searching');
      for (const { code } of pair.left.notices) told.add(code);
    }
    expect([...told]).toEqual(['SC-330']);
  });

  it('made here is created at the relay, re-rolled when taken, and shown only when it is settled', () => {
    const rooms: string[] = [];
    let plate = 100000;
    const pair = createPair({
      left: { reroll: () => `${++plate}` as Nameplate },
      relay: {
        join(join, from, { control }) {
          if (from !== 'left') return false;
          rooms.push(join.room);
          expect(join.mode).toBe('create');
          if (rooms.length < 3) control(from, { type: 'error', code: 'room-taken' });
          else control(from, { type: 'joined', peer: false });
          return true;
        },
      },
    });
    pair.startOne('left');
    pair.settle();
    expect(new Set(rooms).size).toBe(3);
    expect(pair.left.codes).toEqual(['100002']);
  });

  it('finds no free nameplate for ever: told', () => {
    const pair = createPair({
      left: { reroll: () => '100000' as Nameplate },
      relay: { join: (_, from, { control }) => (control(from, { type: 'error', code: 'room-taken' }), true) },
    });
    pair.startOne('left');
    pair.settle();
    expect(pair.left.ended).toMatchObject({ code: 'SC-308', exit: EXIT.relay });
  });

  it.each([
    ['bad-request', 'SC-102'],
    ['rate-limited', 'SC-103'],
    ['busy', 'SC-104'],
    ['shutting-down', 'SC-105'],
    ['unsupported-version', 'SC-106'],
    ['too-large', 'SC-112'],
    ['room-full', 'SC-303'],
  ] as const)('refused with %s is %s', (refusal, code) => {
    const pair = createPair({
      relay: {
        join: (_, from, { control }) => (control(from, { type: 'error', code: refusal, retryAfterMs: 1500 }), true),
      },
    });
    pair.startOne('left');
    pair.settle();
    expect(pair.left.ended).toMatchObject({ code, exit: EXIT.relay, detail: { seconds: 2 } });
  });

  it('an attempt that stalls ends after ATTEMPT_TIMEOUT and is tried again', () => {
    const pair = createPair();
    pair.relay.frame = (frame, from, { deliver }) => {
      if (frame[0] !== 0x03) deliver(opposite(from), frame);
    };
    pair.start();
    // In between the connection is made anew, and time stands still.
    pair.advance(ATTEMPT_TIMEOUT + 5_000);
    expect(SIDES.flatMap((side) => pair[side].notices.map(({ code }) => code))).toContain('SC-314');
    delete pair.relay.frame;
    pair.advance(5000);
    for (const side of SIDES) expect(pair[side].session.state).toBe('active');
  });
});
