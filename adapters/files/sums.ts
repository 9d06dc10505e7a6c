/**
 * The SHA-256 of each file as it passes, and of the transfer: that of its one file, or of all sums in their order. No bytes
 * are kept in this file.
 */
import { hex } from '../../core/protocol/bytes.js';

/** SHA-256 as it goes, of the platform or of a library. */
export interface Hash {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

export interface Sums {
  /** A file begins. */
  begin(): void;
  update(bytes: Uint8Array): void;
  /** It is over: its sum. Once for each beginning. */
  end(): Uint8Array;
  /** Of the transfer, in hex; asked for once, behind the last file. */
  whole(): string;
}

export function createSums(sha256: () => Hash): Sums {
  const all = sha256();
  let one = sha256();
  let files = 0;
  let only: Uint8Array = new Uint8Array(0);
  return {
    begin() {
      one = sha256();
      files += 1;
    },
    update: (bytes) => void one.update(bytes),
    end() {
      only = one.digest();
      all.update(only);
      return only;
    },
    whole: () => hex(files === 1 ? only : all.digest()),
  };
}
