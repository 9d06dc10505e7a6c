/**
 * Memory of its own for what is long, which a zeroed buffer would cost as much again as what is done with it. No pool is
 * shared, so a wipe reaches all of it. Nothing may be in this file that reads what was there before.
 */

/** The caller writes every byte before anybody else sees one. */
export function unfilled(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
}

/** Bytes that nobody else has, and that keep little else in memory: these, where they fill most of theirs, or else a copy. */
export function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, length } = bytes;
  if (length * 2 > buffer.byteLength) return new Uint8Array(buffer as ArrayBuffer, byteOffset, length);
  const copy = unfilled(length);
  copy.set(bytes);
  return copy;
}
