/**
 * Memory of its own for what is long, which a zeroed buffer would cost as much again as what is done with it. No pool is
 * shared, so a wipe reaches all of it. Nothing may be in this file that reads what was there before.
 */

/** The caller writes every byte before anybody else sees one. */
export function unfilled(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
}

/** Bytes that nobody else has: these, where they fill a memory of their own, or else a copy. */
export function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  if (bytes.length === bytes.buffer.byteLength) return new Uint8Array(bytes.buffer as ArrayBuffer);
  const copy = unfilled(bytes.length);
  copy.set(bytes);
  return copy;
}
