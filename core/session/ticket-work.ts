/**
 * The work that a relay under load asks for before it takes a join (protocol.md section 3, "Ticket"): bounded, and in
 * slices, so that nothing else waits for it. No effect and no state of the session may be in this file.
 */
import type { CryptoPort } from '../ports.js';
import { ascii, base64url, putUint } from '../protocol/bytes.js';
import { TICKET_LENGTH, ticketHead, zeroBits } from '../protocol/ticket.js';
import type { Challenge } from '../wire/control.js';
import { NEVER } from '../timers.js';

/** More zero bits than this are not worked for: about a million digests, some seconds. */
export const TICKET_BITS_LIMIT = 20;
/** Digests in one turn: some milliseconds. */
export const TICKET_SLICE = 1024;
/** From the challenge to the ticket, milliseconds. */
export const TICKET_TIMEOUT = 60_000;

export interface TicketWork {
  /** A new connection: on each, one challenge is accepted. */
  reset(): void;
  /** The relay has answered otherwise: no ticket is wanted any more. */
  stop(): void;
  /** False: none, too hard, or the second one; to be taken as the refusal that it came with. */
  begin(challenge: Challenge | undefined, now: number): boolean;
  /** One slice; the ticket when it is found. */
  work(now: number): string | undefined;
  /** When the next slice is due; NEVER when there is nothing to do. */
  wakeAt(): number;
}

export function createTicketWork(crypto: CryptoPort): TicketWork {
  let asked = false;
  let bits = 0;
  let count = 0;
  let due = NEVER;
  let head = new Uint8Array(0);

  return {
    reset() {
      asked = false;
      due = NEVER;
    },

    stop() {
      due = NEVER;
    },

    begin(challenge, now) {
      if (challenge === undefined || asked || challenge.difficulty > TICKET_BITS_LIMIT) return false;
      asked = true;
      bits = challenge.difficulty;
      count = 0;
      due = now;
      head = ticketHead(challenge.challenge);
      return true;
    },

    work(now) {
      if (now < due) return undefined;
      // Everything else has its turn in between.
      due = now + 1;
      const number = new Uint8Array(TICKET_LENGTH.bytes);
      for (let n = 0; n < TICKET_SLICE; n++) {
        putUint(number, 0, number.length, count++);
        const ticket = base64url(number);
        if (zeroBits(crypto.digest([head, ascii(ticket)])) < bits) continue;
        due = NEVER;
        return ticket;
      }
      return undefined;
    },

    wakeAt: () => due,
  };
}
