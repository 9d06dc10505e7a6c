/**
 * The birational map from edwards25519 to curve25519 (RFC 7748 section 4.1), u = (1 + y) / (1 - y). Its time depends on
 * the point, and the point becomes BigInts: only what is sent to the peer anyway may be given to this file.
 */
const P = (1n << 255n) - 19n;

/** The u-coordinate, 32 bytes, of a public point that is encoded as in RFC 8032 and is not the neutral one. */
export function montgomeryU(point: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const bytes = point.slice();
  const view = new DataView(bytes.buffer);
  let y = 0n;
  for (let at = 24; at >= 0; at -= 8) y = (y << 64n) | view.getBigUint64(at, true);
  // The top bit is the sign of x.
  y &= (1n << 255n) - 1n;
  let u = ((1n + y) * inverse((P + 1n - y) % P)) % P;
  for (let at = 0; at < 32; at += 8) {
    view.setBigUint64(at, u & 0xffff_ffff_ffff_ffffn, true);
    u >>= 64n;
  }
  return bytes;
}

/** By Euclid's algorithm; `value` is not 0. */
function inverse(value: bigint): bigint {
  let [a, b] = [value, P];
  let [x, y] = [1n, 0n];
  while (a !== 1n) {
    const quotient = b / a;
    [a, b] = [b - quotient * a, a];
    [x, y] = [y - quotient * x, x];
  }
  return x < 0n ? x + P : x;
}
