/**
 * The first keys of the streams that one frame opens (protocol.md section 8). What becomes of a stream's key afterwards is
 * session/bulk/keys.ts; no chain and no epoch may be in this file.
 */
import { RemoteProtocolError } from '../errors.js';
import type { CryptoPort } from '../ports.js';
import { label, lvBytes, uint } from './bytes.js';
import { derive, type Key } from './keys.js';
import type { ProtocolRecord } from './records.js';
import { type Role, roleByte } from './role.js';

/** S_0 of each stream, by its id: whoever takes a key wipes it. */
export interface StreamKeys {
  take(id: number): Key<'stream'> | undefined;
  /** Wipes those that nobody took. */
  wipe(): void;
}

const NONE: StreamKeys = { take: () => undefined, wipe: () => undefined };

/**
 * S_0 = HKDF-Expand(mk, lv("stream", opener's role, id), 64) of each stream that these records open. `mk` stays the
 * caller's. Throws RemoteProtocolError for a stream that is opened twice.
 */
export function streamKeys(
  crypto: CryptoPort,
  mk: Key<'message'>,
  opener: Role,
  records: readonly ProtocolRecord[],
): StreamKeys {
  if (!records.some(({ type }) => type === 'bulk-open')) return NONE;
  const keys = new Map<number, Key<'stream'>>();
  function wipe(): void {
    for (const key of keys.values()) key.wipe();
    keys.clear();
  }
  try {
    for (const record of records) {
      if (record.type !== 'bulk-open') continue;
      if (keys.has(record.id)) throw new RemoteProtocolError('a stream is opened twice');
      const info = lvBytes(label('stream'), roleByte(opener), uint(record.id, 4));
      keys.set(record.id, derive(crypto, mk, 'stream', info, 64));
    }
  } catch (error) {
    wipe();
    throw error;
  }
  return {
    take(id) {
      const key = keys.get(id);
      keys.delete(id);
      return key;
    },
    wipe,
  };
}
