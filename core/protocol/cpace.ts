/**
 * CPACE-X25519-SHA512, initiator-responder (draft-irtf-cfrg-cpace-21; protocol.md section 4). Only the byte strings of
 * the draft are built here: group and hash are the crypto port's, and no secret is ever seen as bytes.
 */
import type { CryptoPort, Part, Secret } from '../ports.js';
import { ascii, leb128, lv } from './bytes.js';
import { withSecrets } from './secrets.js';

/** The draft's G_X25519.DSI. */
const DSI = ascii('CPace255');
/** The draft's DSI ‖ "_ISK". */
const DSI_ISK = ascii('CPace255_ISK');
/** The draft's H.s_in_bytes: the input block of SHA-512. */
const HASH_BLOCK = 128;
/** The draft's G.field_size_bytes: what Elligator2 takes. */
const FIELD = 32;

/** What both sides have seen: the shares of initiator A and responder B (32 bytes each) and their associated data. */
export interface CpaceTranscript {
  readonly Ya: Uint8Array;
  readonly ADa: Uint8Array;
  readonly Yb: Uint8Array;
  readonly ADb: Uint8Array;
}

/**
 * H(generator_string(DSI, PRS, CI, sid, s_in_bytes)), the first 32 bytes, for `crypto.cpaceShare`. The zero padding
 * fills the first block of the hash, so that PRS and the public CI never share one.
 */
export function generatorHash(crypto: CryptoPort, prs: Secret, ci: Uint8Array, sid: Uint8Array): Secret {
  const padding = Math.max(0, HASH_BLOCK - 1 - lvLength(prs.length) - lvLength(DSI.length));
  return withSecrets((keep) => {
    const full = keep(crypto.hash(lv<Part>(DSI, prs, new Uint8Array(padding), ci, sid)));
    return crypto.slice(full, 0, FIELD);
  });
}

/**
 * ISK (64 bytes) = H(lv(DSI ‖ "_ISK", sid, K) ‖ lv(Ya, ADa) ‖ lv(Yb, ADb)) with K = X25519(y, peerShare), which is
 * wiped. Throws RemoteProtocolError when K is zero: that ends the attempt.
 */
export function sessionKey(
  crypto: CryptoPort,
  y: Secret,
  peerShare: Uint8Array,
  sid: Uint8Array,
  { Ya, ADa, Yb, ADb }: CpaceTranscript,
): Secret {
  return withSecrets((keep) => {
    const K = keep(crypto.x25519(y, peerShare));
    return crypto.hash([...lv<Part>(DSI_ISK, sid, K), ...lv(Ya, ADa), ...lv(Yb, ADb)]);
  });
}

/** Bytes of `lv` of one part. */
function lvLength(length: number): number {
  return leb128(length).length + length;
}
