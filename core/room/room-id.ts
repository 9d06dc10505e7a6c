/**
 * The room id (protocol.md section 2): what the relay learns of a room. Nothing secret may go into it.
 */
import type { CryptoPort } from '../ports.js';
import { ascii, label, lvBytes } from '../protocol/bytes.js';
import type { Nameplate } from './code.js';

/** Bytes of a room id. */
export const ROOM_ID = 32;

/** room id = H(lv("room", nameplate))[0..32]. */
export function roomId(crypto: CryptoPort, nameplate: Nameplate): Uint8Array {
  return crypto.digest([lvBytes(label('room'), ascii(nameplate))]).slice(0, ROOM_ID);
}
