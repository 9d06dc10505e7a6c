/**
 * What one side announces in a local network (protocol.md section 8a): a name that only who knows the room recognizes, and
 * where it listens. Coding and checking only: no socket, and nothing of the code but the room's public name, may be in this
 * file.
 *
 *   body  port(2) ‖ n × ( family(1: 4, 6) ‖ address )
 *   name  nonce(12) ‖ H(lv("lan", room, nonce, body))[0..16], in hexadecimal
 */
import { LOWEST_PORT } from '../limits.js';
import type { CryptoPort } from '../ports.js';
import { ascii, concat, hex, label, lvBytes, putUint, readUint, unhex } from './bytes.js';

/** Bytes of it. */
export const LAN_NONCE = 12;
const TAG = 16;
/** Addresses of one announcement, at most. */
export const LAN_ADDRESSES = 8;
/** The longest body: one string of a TXT record holds 255 bytes. */
export const LAN_BODY_LIMIT = 2 + LAN_ADDRESSES * 17;

const NAME = new RegExp(`^[0-9a-f]{${String(2 * (LAN_NONCE + TAG))}}$`, 'i');

export interface LanPlace {
  readonly port: number;
  /** Of 4 or 16 bytes. */
  readonly addresses: readonly Uint8Array[];
}

export interface LanAnnouncement {
  /** Letters and digits, one label of a name of DNS. */
  readonly name: string;
  readonly body: Uint8Array;
}

/** `room` as it stands in a join; the addresses beyond LAN_ADDRESSES are left out. */
export function announcement(crypto: CryptoPort, room: string, nonce: Uint8Array, place: LanPlace): LanAnnouncement {
  const port = new Uint8Array(2);
  putUint(port, 0, 2, place.port);
  const addresses = place.addresses.slice(0, LAN_ADDRESSES);
  const body = concat(port, ...addresses.flatMap((each) => [Uint8Array.of(each.length === 4 ? 4 : 6), each]));
  return { name: hex(nonce) + tagOf(crypto, room, nonce, body), body };
}

/** What somebody announces for this room; undefined for everything else, whatever it is. */
export function recognized(
  crypto: CryptoPort,
  room: string,
  { name, body }: LanAnnouncement,
): (LanPlace & { readonly nonce: string }) | undefined {
  const place = NAME.test(name) && body.length <= LAN_BODY_LIMIT ? placeOf(body) : undefined;
  if (place === undefined) return undefined;
  const nonce = name.slice(0, 2 * LAN_NONCE).toLowerCase();
  const tag = tagOf(crypto, room, unhex(nonce), body);
  return name.slice(2 * LAN_NONCE).toLowerCase() === tag ? { ...place, nonce } : undefined;
}

function tagOf(crypto: CryptoPort, room: string, nonce: Uint8Array, body: Uint8Array): string {
  return hex(crypto.digest([lvBytes(label('lan'), ascii(room), nonce, body)]).subarray(0, TAG));
}

function placeOf(body: Uint8Array): LanPlace | undefined {
  const port = body.length < 2 ? 0 : readUint(body, 0, 2);
  if (port < LOWEST_PORT) return undefined;
  const addresses: Uint8Array[] = [];
  for (let at = 2; at < body.length; ) {
    const length = body[at] === 4 ? 4 : body[at] === 6 ? 16 : 0;
    if (length === 0 || at + 1 + length > body.length) return undefined;
    addresses.push(body.slice(at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { port, addresses };
}
