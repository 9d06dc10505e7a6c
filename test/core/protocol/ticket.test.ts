/** Tickets: the work a relay asks for (protocol.md section 3), from the side that works. */
import { describe, expect, it } from 'vitest';
import { HASHES } from '../../../adapters/relay/hashes.js';
import { LocalProtocolError } from '../../../core/errors.js';
import { TICKET_BITS, TICKET_BITS_MORE } from '../../../core/relay/admission.js';
import { isTicket, ticketHead, zeroBits } from '../../../core/protocol/ticket.js';
import { checkJoin, checkRelayMessage, joinMessage } from '../../../core/wire/control.js';
import { JOIN_TIMEOUT } from '../../../core/session/line.js';
import {
  createTicketWork,
  TICKET_BITS_LIMIT,
  TICKET_SLICE,
  TICKET_TIMEOUT,
} from '../../../core/session/ticket-work.js';
import { fc, runs } from '../../support/chance.js';
import { CRYPTOS } from '../../support/cryptos.js';
import { connectedPair, createPair, type Pair, type Side } from '../../support/pair.js';
import { randomJoin } from '../../support/relay-client.js';

const CHALLENGE = 'q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA';
const EASY = 4;
const asked = (difficulty: number, code = 'busy') => ({
  type: 'error',
  code,
  retryAfterMs: 100,
  ticket: { challenge: CHALLENGE, difficulty },
});

/** The relay asks a side for a ticket at each of its joins; good ones are taken. */
function asking(pair: Pair, side: Side, message: object = asked(EASY)): void {
  pair.relay.join = (join, from) => {
    if (from !== side) return false;
    if (join.ticket !== undefined && isTicket(CHALLENGE, EASY, join.ticket, HASHES.digest)) return false;
    pair.control(from, message);
    return true;
  };
}

describe('the format', () => {
  it('what is hashed: lv of label, challenge and ticket', () => {
    const text = new TextDecoder().decode(ticketHead(CHALLENGE));
    expect(text).toBe(`\x13securechat/1 ticket\x2b${CHALLENGE}\x0b`);
  });

  it('zero bits are counted from the first', () => {
    const bits = (...bytes: number[]): number => zeroBits(Uint8Array.from(bytes));
    expect([bits(0x80), bits(0x40), bits(1, 0), bits(0, 0xff), bits(0, 0, 0x10)]).toEqual([0, 1, 7, 8, 19]);
    expect(bits(0, 0)).toBe(16);
  });

  it('the hardest that a relay asks for is what a client does at most', () => {
    expect(TICKET_BITS + TICKET_BITS_MORE).toBe(TICKET_BITS_LIMIT);
  });

  it('a join with a ticket is checked like the rest', () => {
    const join = { ...randomJoin(), ticket: 'AAAAAAAAAAE' };
    expect(checkJoin(joinMessage(join))).toEqual(join);
    for (const ticket of ['', 'AAAAAAAAAA', 'AAAAAAAAAAAA', 'AAAAAAAAAA=', 7, null, {}]) {
      expect(checkJoin({ ...joinMessage(randomJoin()), ticket })).toBe('bad-request');
    }
  });

  it('a challenge that is none is left out, and the error is what is left', () => {
    expect(checkRelayMessage(asked(EASY))).toEqual(asked(EASY));
    const ticket = { challenge: CHALLENGE, difficulty: EASY };
    for (const wrong of [
      { ...ticket, challenge: CHALLENGE.slice(1) },
      { ...ticket, challenge: 7 },
      { ...ticket, difficulty: -1 },
      { ...ticket, difficulty: 1.5 },
      { ...ticket, difficulty: '4' },
      null,
      [],
      'ticket',
    ]) {
      expect(checkRelayMessage({ ...asked(EASY), ticket: wrong })).toEqual({
        type: 'error',
        code: 'busy',
        retryAfterMs: 100,
      });
    }
  });
});

describe('the work', () => {
  it.each(CRYPTOS)('with $name finds a ticket that the relay takes, in slices', async ({ create }) => {
    const work = createTicketWork(await create());
    const difficulty = 12;
    expect(work.work(0)).toBeUndefined();
    expect(work.begin({ challenge: CHALLENGE, difficulty }, 5)).toBe(true);
    let ticket: string | undefined;
    for (let now = 5; now < 105 && ticket === undefined; now++) {
      expect(work.wakeAt()).toBe(now);
      ticket = work.work(now);
      if (ticket === undefined) expect(work.work(now)).toBeUndefined();
    }
    expect(isTicket(CHALLENGE, difficulty, ticket ?? '', HASHES.digest)).toBe(true);
    expect(isTicket(`${CHALLENGE.slice(0, -1)}E`, difficulty, ticket ?? '', HASHES.digest)).toBe(false);
    expect(work.wakeAt()).toBe(Number.POSITIVE_INFINITY);
    expect(work.work(1_000)).toBeUndefined();
  });

  it('one turn is one slice of digests', async () => {
    const crypto = await CRYPTOS[0]!.create();
    let digests = 0;
    const counting = { ...crypto, digest: () => ((digests += 1), new Uint8Array(64).fill(0xff)) };
    const work = createTicketWork(counting);
    work.begin({ challenge: CHALLENGE, difficulty: 1 }, 0);
    expect(work.work(0)).toBeUndefined();
    expect(digests).toBe(TICKET_SLICE);
  });

  it('none, too hard, and a second one on the same connection are refused', async () => {
    const work = createTicketWork(await CRYPTOS[0]!.create());
    const challenge = { challenge: CHALLENGE, difficulty: EASY };
    expect(work.begin(undefined, 0)).toBe(false);
    expect(work.begin({ ...challenge, difficulty: TICKET_BITS_LIMIT + 1 }, 0)).toBe(false);
    expect(work.begin(challenge, 0)).toBe(true);
    expect(work.begin(challenge, 0)).toBe(false);
    work.reset();
    expect(work.wakeAt()).toBe(Number.POSITIVE_INFINITY);
    expect(work.begin({ ...challenge, difficulty: TICKET_BITS_LIMIT }, 0)).toBe(true);
  });

  it('any challenge has a ticket that is good for it alone', async () => {
    const crypto = await CRYPTOS[0]!.create();
    fc.assert(
      fc.property(fc.nat({ max: 10 }), fc.uint8Array({ minLength: 32, maxLength: 32 }), (difficulty, bytes) => {
        const challenge = Buffer.from(bytes).toString('base64url');
        const work = createTicketWork(crypto);
        work.begin({ challenge, difficulty }, 0);
        let ticket: string | undefined;
        for (let now = 0; ticket === undefined; now++) ticket = work.work(now);
        expect(isTicket(challenge, difficulty, ticket, (parts) => crypto.digest(parts))).toBe(true);
      }),
      { numRuns: runs(10, 50) },
    );
  });
});

describe('a session that is asked', () => {
  it('works, joins again on the same connection, and chats', () => {
    const pair = createPair();
    asking(pair, 'right');
    pair.start();
    pair.advance(5_000);
    expect(pair.right.joins).toHaveLength(2);
    expect(pair.right.joins[1]).toEqual({ ...pair.right.joins[0], ticket: expect.any(String) as string });
    for (const side of ['left', 'right'] as const) expect(pair[side].session.state).toBe('active');
    pair.send('left', 'through the crowd');
    pair.advance(1_000);
    expect(pair.right.messages).toEqual(['through the crowd']);
  });

  it('does so for the resume room, too', () => {
    const pair = connectedPair();
    pair.advance(1_000);
    const before = pair.right.joins.length;
    asking(pair, 'right', asked(EASY, 'rate-limited'));
    pair.cut('right');
    pair.send('left', 'after the cut');
    pair.advance(5_000);
    const joins = pair.right.joins.slice(before);
    expect(joins.map(({ ticket }) => ticket !== undefined)).toEqual([false, true]);
    expect(pair.right.session.state).toBe('active');
    expect(pair.right.messages).toEqual(['after the cut']);
    // Nothing was slow enough to be told.
    expect(pair.right.notices).toEqual([]);
  });

  it('takes what is too hard for the refusal that it came with', () => {
    const pair = createPair();
    asking(pair, 'right', asked(TICKET_BITS_LIMIT + 1));
    pair.start();
    pair.advance(100);
    expect(pair.right.ended).toMatchObject({ code: 'SC-104', detail: { seconds: 1 } });
    expect(pair.right.joins).toHaveLength(1);
  });

  it('works once for each connection', () => {
    const pair = connectedPair();
    pair.advance(1_000);
    const before = pair.right.joins.length;
    pair.relay.join = (_join, from) => {
      pair.control(from, asked(EASY));
      return true;
    };
    pair.cut('right');
    pair.advance(2_000);
    const tickets = pair.right.joins.slice(before).map(({ ticket }) => ticket !== undefined);
    expect(tickets.slice(0, 4)).toEqual([false, true, false, true]);
    expect(pair.right.notices.map(({ code }) => code)).toEqual(['SC-325']);
  });

  it('does not wait for ever: not for the ticket, and not for the answer to it', () => {
    const slow = createPair();
    asking(slow, 'right', asked(TICKET_BITS_LIMIT));
    slow.start();
    slow.settle();
    expect(slow.right.session.wakeAt).toBe(slow.now + 1);
    // A machine that is slow beyond measure: one slice in 5 seconds.
    const wake = (at: number): string => {
      slow.right.session.handle({ type: 'wake' }, at);
      return slow.right.session.state;
    };
    const begun = slow.now;
    for (let at = begun + 5_000; at < begun + TICKET_TIMEOUT; at += 5_000) expect(wake(at)).toBe('searching');
    expect(wake(begun + TICKET_TIMEOUT)).toBe('destroyed');

    const mute = createPair();
    mute.relay.join = (join, from) => {
      if (join.ticket === undefined) mute.control(from, asked(EASY));
      return true;
    };
    mute.startOne('right');
    mute.advance(JOIN_TIMEOUT + 1_000);
    expect(mute.right.ended).toMatchObject({ code: 'SC-107' });
  });

  it.each([true, false])('works no more when it is let in without; to a room that was joined before: %s', (before) => {
    const pair = createPair();
    if (before) {
      pair.start();
      pair.advance(1_000);
    } else pair.relay.frame = () => undefined;
    pair.relay.join = (_join, from) => {
      if (from === 'right') pair.control(from, asked(EASY));
      return false;
    };
    if (before) pair.cut('right');
    else pair.start();
    pair.advance(20_000);
    expect(pair.right.joins.every(({ ticket }) => ticket === undefined)).toBe(true);
    expect(pair.right.session.state).toBe(before ? 'active' : 'handshaking');
  });

  it('is not asked in the middle of a handshake or a chat', () => {
    const pair = connectedPair();
    pair.advance(1_000);
    const before = pair.right.joins.length;
    pair.control('right', asked(EASY));
    pair.advance(5_000);
    expect(pair.right.joins.slice(before).every(({ ticket }) => ticket === undefined)).toBe(true);
    const early = createPair();
    early.start();
    early.settle();
    early.control('right', asked(EASY, 'bad-request'));
    early.advance(1_000);
    expect(early.right.joins.every(({ ticket }) => ticket === undefined)).toBe(true);
  });

  it('a nameplate that is taken costs the new one its own ticket', () => {
    let rolled = 0;
    const pair = createPair({ left: { reroll: () => `10000${++rolled}` as never } });
    pair.relay.join = (join, from) => {
      if (join.ticket === undefined) pair.control(from, asked(EASY));
      else if (rolled === 0) pair.control(from, { type: 'error', code: 'room-taken' });
      else return false;
      return true;
    };
    pair.startOne('left');
    pair.advance(2_000);
    expect(pair.left.joins.map(({ ticket, mode }) => [ticket !== undefined, mode])).toEqual([
      [false, 'create'],
      [true, 'create'],
      [false, 'create'],
      [true, 'create'],
    ]);
    expect(pair.left.codes).toEqual(['100001']);
  });
});

it('a ticket that is no ASCII cannot be asked about', () => {
  expect(() => ticketHead('ü')).toThrow(LocalProtocolError);
});
