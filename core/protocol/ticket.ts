/**
 * Tickets: work that a relay under load asks for before it takes a join (protocol.md section 3). A ticket is good for one
 * challenge, and a challenge for one connection. What makes a relay ask is in core/relay/admission.ts. No chance may be in this file.
 *
 *   digest = H(lv("ticket", challenge, ticket)), both as the text that goes over the wire, has `difficulty` zero bits first
 */
import { ascii, label, leb128, lvBytes } from './bytes.js';

/** A ticket: this many bytes, and as base64url this many characters. */
export const TICKET_LENGTH = { bytes: 8, characters: 11 } as const;

/** What is hashed before the characters of the ticket. */
export function ticketHead(challenge: string): Uint8Array<ArrayBuffer> {
  const head = lvBytes(label('ticket'), ascii(challenge));
  return Uint8Array.from([...head, ...leb128(TICKET_LENGTH.characters)]);
}

/** How many bits at the beginning are zero. */
export function zeroBits(digest: Uint8Array): number {
  let bits = 0;
  for (const byte of digest) {
    if (byte === 0) {
      bits += 8;
      continue;
    }
    return bits + Math.clz32(byte) - 24;
  }
  return bits;
}

/** `digest` is SHA-512 of all the parts. */
export function isTicket(
  challenge: string,
  difficulty: number,
  ticket: string,
  digest: (parts: readonly Uint8Array[]) => Uint8Array,
): boolean {
  return zeroBits(digest([ticketHead(challenge), ascii(ticket)])) >= difficulty;
}
