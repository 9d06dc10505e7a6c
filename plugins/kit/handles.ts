/**
 * The handles by which a crypto adapter gives out its secret memory: who holds one can name the memory and wipe it, and
 * nothing else. What the memory is, an array or an address, only the adapter knows; no primitive may be in this file.
 */
import { LocalProtocolError } from '../../core/errors.js';
import type { Secret } from '../../core/ports.js';
import { quick } from '../../core/quick.js';

export interface Handles<Memory> {
  /** A handle of memory that nobody else may keep. */
  own(memory: Memory, length: number): Secret;
  /** Throws LocalProtocolError for a handle that is wiped or of another table, TypeError for what is none. */
  memory(handle: Secret): Memory;
  /** How many are not wiped. */
  readonly live: number;
  wipeAll(): void;
}

/** `release` overwrites the memory with zeros; it is called once for each. */
export function createHandles<Memory>(release: (memory: Memory, length: number) => void): Handles<Memory> {
  const alive = new Map<Secret, Memory>();

  return quick({
    own(memory: Memory, length: number) {
      const handle: Secret = Object.freeze({
        length,
        wipe() {
          if (alive.delete(handle)) release(memory, length);
        },
      });
      alive.set(handle, memory);
      return handle;
    },

    memory(handle: unknown) {
      const memory = alive.get(handle as Secret);
      if (memory !== undefined) return memory;
      if (typeof handle !== 'object' || handle === null) throw new TypeError('a secret is not a handle');
      throw new LocalProtocolError('a secret is wiped or belongs to another adapter');
    },

    get live() {
      return alive.size;
    },

    wipeAll() {
      for (const handle of [...alive.keys()]) handle.wipe();
    },
  });
}
