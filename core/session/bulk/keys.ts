/**
 * The keys of one stream (protocol.md section 8): S_i gives one key for 16 chunks and S_{i+1}, and is wiped at once. No
 * chunk and no counter of a sender or receiver may be kept in this file.
 */
import { LocalProtocolError } from '../../errors.js';
import type { CryptoPort } from '../../ports.js';
import { label } from '../../protocol/bytes.js';
import { derive, type Key } from '../../protocol/keys.js';

/** Chunks that one key seals. */
export const CHUNKS_A_KEY = 16;

const KEY = label('key');
const NEXT = label('next');

export interface StreamKeys {
  /** The key of this counter: of the group that is due, and no other. It stays here. */
  of(counter: number): Key<'chunk'>;
  /** The counter is sealed or opened: its key goes with the last of its group, all of them with the stream's last. */
  used(counter: number, last: boolean): void;
  wipe(): void;
}

/** Takes over `first`, S_0. */
export function createStreamKeys(crypto: CryptoPort, first: Key<'stream'>): StreamKeys {
  let step = first;
  let group = 0;
  let key: Key<'chunk'> | undefined;

  function wipe(): void {
    key?.wipe();
    step.wipe();
  }

  return {
    of(counter) {
      if (Math.floor(counter / CHUNKS_A_KEY) !== group) throw new LocalProtocolError('a chunk out of its group');
      if (key === undefined) {
        key = derive(crypto, step, 'chunk', KEY, 32);
        const next = derive(crypto, step, 'stream', NEXT, 64);
        step.wipe();
        step = next;
      }
      return key;
    },

    used(counter, last) {
      if (last) return wipe();
      if (counter % CHUNKS_A_KEY !== CHUNKS_A_KEY - 1) return;
      key?.wipe();
      key = undefined;
      group += 1;
    },

    wipe,
  };
}
