/** The payload of M2 and M3: what each field may be, and that nothing else is taken (protocol.md section 4). */
import { describe, expect, it } from 'vitest';
import { LocalProtocolError } from '../../../core/errors.js';
import { NAME_LIMIT } from '../../../core/limits.js';
import { type Caps, decodePayload, encodePayload, PAYLOAD, VERSION_LIMIT } from '../../../core/protocol/caps.js';

const NONCE = new Uint8Array(32).fill(1);
const POINT = new Uint8Array(32).fill(2);
const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(65);
const capsOf = (version: number, name: number, features = 0x80000001): Caps => ({
  version: bytes(version),
  name: bytes(name),
  features,
});

/** Nonce and point, and then these fields, each with its length before it. */
function payload(fields: readonly number[], size = PAYLOAD): Uint8Array {
  const all = [...NONCE, ...POINT, ...fields.flatMap((length) => [length, ...bytes(length)])];
  return Uint8Array.from({ length: size }, (_, at) => all[at] ?? 0);
}

describe('what comes back', () => {
  it.each([
    [0, 0],
    [1, NAME_LIMIT],
    [VERSION_LIMIT, 1],
    [VERSION_LIMIT, NAME_LIMIT],
  ])('is what was said, padded: a version of %i bytes, a name of %i', (version, name) => {
    const caps = capsOf(version, name);
    const made = encodePayload(NONCE, POINT, caps);
    expect(made.length).toBe(PAYLOAD);
    expect(decodePayload(made)).toEqual({ nonce: NONCE, point: POINT, caps });
  });

  it('is a copy, but for the nonce, which goes with the payload', () => {
    const made = encodePayload(NONCE, POINT, capsOf(2, 3));
    const taken = decodePayload(made);
    made.fill(0);
    expect(taken).toEqual({ nonce: new Uint8Array(32), point: POINT, caps: capsOf(2, 3) });
  });
});

it.each([
  [VERSION_LIMIT + 1, 0],
  [0, NAME_LIMIT + 1],
])('nobody says more than that: a version of %i bytes, a name of %i', (version, name) => {
  expect(() => encodePayload(NONCE, POINT, capsOf(version, name))).toThrow(LocalProtocolError);
});

describe('what is refused', () => {
  it.each([
    ['too long a version', [VERSION_LIMIT + 1, 0, 4]],
    ['too long a name', [0, NAME_LIMIT + 1, 4]],
    ['too many features', [0, 0, 5]],
    ['too few features', [0, 0, 3]],
    ['nothing', []],
    ['something behind them', [0, 0, 4, 0, 1]],
  ])('%s', (_what, fields) => {
    expect(decodePayload(payload(fields))).toBeUndefined();
  });

  it('anything but zeros up to the end', () => {
    const made = payload([1, 1, 4]);
    expect(decodePayload(made)).toBeDefined();
    made[PAYLOAD - 1] = 1;
    expect(decodePayload(made)).toBeUndefined();
  });

  it('what ends too early, in whichever field; what ends with the last is whole', () => {
    const whole = NONCE.length + POINT.length + 3 + 3 + 5;
    for (let size = 0; size < whole; size++) expect(decodePayload(payload([2, 2, 4], size))).toBeUndefined();
    expect(decodePayload(payload([2, 2, 4], whole))).toBeDefined();
  });
});
