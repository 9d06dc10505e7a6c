/**
 * The payload of M2 and M3 (protocol.md section 4): nonce_X ‖ R_X ‖ caps, padded to 256 bytes, where caps = lv of
 * application version, display name and feature bits. Nothing private may be put into caps by default: without a secret
 * they reach somebody unverified.
 */
import { NAME_LIMIT } from '../limits.js';
import { LocalProtocolError } from '../errors.js';
import { lvBytes, plainBuffer, plainCopy, readUint, uint } from './bytes.js';

/** Bytes before sealing. */
export const PAYLOAD = 256;
const NONCE = 32;
const POINT = 32;
const FEATURES = 4;
/** Longest application version, bytes. */
export const VERSION_LIMIT = 32;

export interface Caps {
  /** Application version, ASCII, at most 32 bytes. */
  readonly version: Uint8Array;
  /** UTF-8, at most 64 bytes; empty when none is given. */
  readonly name: Uint8Array;
  /** 32 feature bits. */
  readonly features: number;
}

/** Feature bit 0: this side's person wants to compare the safety words first. */
export const FEATURE_VERIFY = 1;
/** Feature bit 1: this side wants both to send a frame on each beat, whatever there is to say (section 7). */
export const FEATURE_COVER = 2;
/** Feature bit 2: this side may be reached directly, where both want it (section 8a). */
export const FEATURE_DIRECT = 4;
/** The caller wipes the result. */
export function encodePayload(nonce: Uint8Array, point: Uint8Array, caps: Caps): Uint8Array {
  if (caps.version.length > VERSION_LIMIT || caps.name.length > NAME_LIMIT) {
    throw new LocalProtocolError('caps are too long');
  }
  const payload = plainBuffer(PAYLOAD);
  payload.set(nonce);
  payload.set(point, NONCE);
  payload.set(lvBytes(caps.version, caps.name, uint(caps.features, FEATURES)), NONCE + POINT);
  return payload;
}

/**
 * Undefined when it is malformed. `nonce` is a view into `payload`, which the caller wipes; the rest is copied, caps into
 * plaintext buffers.
 */
export function decodePayload(payload: Uint8Array): { nonce: Uint8Array; point: Uint8Array; caps: Caps } | undefined {
  let at = NONCE + POINT;
  // Every length here is below 128: LEB128 is one byte.
  const field = (limit: number): Uint8Array | undefined => {
    const length = payload[at];
    if (length === undefined || length > limit || at + 1 + length > payload.length) return undefined;
    at += 1 + length;
    return payload.subarray(at - length, at);
  };
  const version = field(VERSION_LIMIT);
  const name = field(NAME_LIMIT);
  const features = field(FEATURES);
  if (version === undefined || name === undefined || features?.length !== FEATURES) return undefined;
  if (payload.subarray(at).some((byte) => byte !== 0)) return undefined;
  return {
    nonce: payload.subarray(0, NONCE),
    point: plainCopy(payload.subarray(NONCE, NONCE + POINT)),
    caps: { version: plainCopy(version), name: plainCopy(name), features: readUint(features, 0, FEATURES) },
  };
}
