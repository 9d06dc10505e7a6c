/**
 * The two roles (protocol.md section 4): they come from the peers, not from the relay, and hold for the whole session.
 * Only what a role is may be in this file.
 */
import { ascii } from './bytes.js';

export type Role = 'A' | 'B';

/** The other role. */
export function other(role: Role): Role {
  return role === 'A' ? 'B' : 'A';
}

/** 0x41 or 0x42: in associated data, and inside lv. */
export function roleByte(role: Role): Uint8Array<ArrayBuffer> {
  return ascii(role);
}
