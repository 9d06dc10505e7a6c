/** The work for a ticket: bounded, once on each connection, in slices (protocol.md section 3). */
import { expect, it } from 'vitest';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import type { CryptoPort } from '../../../core/ports.js';
import { base64url } from '../../../core/protocol/bytes.js';
import { isTicket } from '../../../core/protocol/ticket.js';
import { createTicketWork, TICKET_BITS_LIMIT, TICKET_SLICE } from '../../../core/session/ticket-work.js';
import { NEVER } from '../../../core/timers.js';

const challenge = base64url(new Uint8Array(32).fill(4));
const asks = (difficulty: number, of = challenge) => ({ challenge: of, difficulty });

/** A digest that has so many zero bits at the `lucky`-th time; the others begin with a one. */
function counting(lucky: number): { crypto: CryptoPort; calls: () => number } {
  let calls = 0;
  const digest = (): Uint8Array => new Uint8Array(64).fill(++calls === lucky ? 0 : 0xff);
  return { crypto: { digest } as unknown as CryptoPort, calls: () => calls };
}

it('gives a ticket that the relay takes', () => {
  const crypto = createTweetnaclCrypto();
  const work = createTicketWork(crypto);
  for (const other of [challenge, base64url(new Uint8Array(32).fill(5))]) {
    work.reset();
    expect(work.begin(asks(6, other), 10)).toBe(true);
    expect(work.wakeAt()).toBe(10);
    const ticket = work.work(10) ?? '';
    expect(ticket).toHaveLength(11);
    expect(isTicket(other, 6, ticket, (parts) => crypto.digest(parts))).toBe(true);
    expect([work.wakeAt(), work.work(1e9)]).toEqual([NEVER, undefined]);
  }
});

it('goes on in slices, from where it was', () => {
  const { crypto, calls } = counting(2 * TICKET_SLICE + 1);
  const work = createTicketWork(crypto);
  work.begin(asks(1), 10);
  expect([work.work(9), calls()]).toEqual([undefined, 0]);
  expect([work.work(10), calls(), work.wakeAt()]).toEqual([undefined, TICKET_SLICE, 11]);
  expect(work.work(10)).toBeUndefined();
  expect([work.work(11), calls()]).toEqual([undefined, 2 * TICKET_SLICE]);
  // The number of the digest, in eight bytes.
  const number = [0, 0, 0, 0, 0, 0, (2 * TICKET_SLICE) >> 8, 0];
  expect(work.work(12)).toBe(base64url(Uint8Array.from(number)));
});

it('as many zero bits as were asked for are enough', () => {
  const digest = (): Uint8Array => new Uint8Array(64).fill(0x0f);
  const work = createTicketWork({ digest } as unknown as CryptoPort);
  work.begin(asks(5), 0);
  expect(work.work(0)).toBeUndefined();
  work.reset();
  work.begin(asks(4), 0);
  expect(work.work(0)).toBe(base64url(new Uint8Array(8)));
});

it('begins once on each connection, for no more bits than it says, and ends where nothing is wanted', () => {
  const { crypto } = counting(0);
  const work = createTicketWork(crypto);
  expect([work.begin(undefined, 0), work.begin(asks(TICKET_BITS_LIMIT + 1), 0), work.wakeAt()]).toEqual([
    ...[false, false, NEVER],
  ]);
  expect(work.begin(asks(TICKET_BITS_LIMIT), 5)).toBe(true);
  expect([work.begin(asks(1), 6), work.wakeAt()]).toEqual([false, 5]);
  work.stop();
  expect([work.wakeAt(), work.begin(asks(1), 7)]).toEqual([NEVER, false]);
  work.reset();
  expect([work.begin(asks(1), 8), work.wakeAt()]).toEqual([true, 8]);
  work.reset();
  expect(work.wakeAt()).toBe(NEVER);
});

it('of two challenges on two connections the second begins with the first number again', () => {
  const { crypto } = counting(3);
  const work = createTicketWork(crypto);
  work.begin(asks(1), 0);
  expect(work.work(0)).toBe(base64url(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 2)));
  work.reset();
  const digest = (): Uint8Array => new Uint8Array(64);
  Object.assign(crypto, { digest });
  work.begin(asks(1), 1);
  expect(work.work(1)).toBe(base64url(new Uint8Array(8)));
});
