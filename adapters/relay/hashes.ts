/** What the room machine needs of Node's crypto. Nothing that it hashes may be kept or written here. */
import { createHash, randomBytes } from 'node:crypto';

export const HASHES = {
  hashSeat: (seat: string): string => createHash('sha256').update(seat).digest('base64'),
  challenge: (): string => randomBytes(32).toString('base64url'),
  digest(parts: readonly Uint8Array[]): Uint8Array {
    const hash = createHash('sha512');
    for (const part of parts) hash.update(part);
    return hash.digest();
  },
};
