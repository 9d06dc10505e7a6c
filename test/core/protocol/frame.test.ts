/**
 * Records and frames (protocol.md section 6): coding, sizes, and that nothing malformed gets through.
 */
import { describe, expect, it } from 'vitest';
import { RemoteProtocolError } from '../../../core/errors.js';
import { base64url, compareBytes, concat, leb128, lvBytes, readUint, uint } from '../../../core/protocol/bytes.js';
import { decodePayload, encodePayload, PAYLOAD } from '../../../core/protocol/caps.js';
import {
  decodePlaintext,
  encodePlaintext,
  FRAME_SIZES,
  frameAd,
  frameHeader,
  readFrameHeader,
  TEXT_PART_LIMIT,
} from '../../../core/protocol/frame.js';
import {
  ANSWER_LENGTH,
  BYE_REASONS,
  NAME_LIMIT,
  OFFER_LENGTH,
  type ProtocolRecord,
} from '../../../core/protocol/records.js';
import { createReassembly, MESSAGE_LIMIT, splitText } from '../../../core/protocol/text.js';
import { fc, runs } from '../../support/chance.js';

const bytes = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });
const exactly = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const id = fc.nat(0xffffffff);

const record: fc.Arbitrary<ProtocolRecord> = fc.oneof(
  fc.record({
    type: fc.constant('text' as const),
    id,
    part: fc.nat(0xffff),
    last: fc.boolean(),
    text: bytes(3000),
  }),
  fc.record({ type: fc.constant('delivered' as const), id }),
  fc.constantFrom(
    ...(['typing', 'confirmed', 'rekey-wanted', 'ping', 'bye-ack'] as const).map((type) => ({ type }) as const),
  ),
  fc.record({ type: fc.constant('offer' as const), value: exactly(OFFER_LENGTH) }),
  fc.record({ type: fc.constant('answer' as const), value: exactly(ANSWER_LENGTH) }),
  fc.record({ type: fc.constant('name' as const), name: bytes(NAME_LIMIT) }),
  fc.record({ type: fc.constant('bye' as const), reason: fc.constantFrom(...BYE_REASONS) }),
);

describe('bytes', () => {
  it('integers are big-endian and come back', () => {
    fc.assert(fc.property(fc.nat(), (value) => readUint(uint(value, 6), 0, 6) === value));
    expect(uint(0x0102, 4)).toEqual(Uint8Array.of(0, 0, 1, 2));
    expect(() => uint(256, 1)).toThrow('fit');
    expect(() => uint(-1, 1)).toThrow();
  });

  it('LEB128 as in CPace: one byte to 127, two to 16383', () => {
    expect(leb128(127)).toEqual(Uint8Array.of(127));
    expect(leb128(128)).toEqual(Uint8Array.of(0x80, 1));
    expect(leb128(300)).toEqual(Uint8Array.of(0xac, 2));
    expect(lvBytes(Uint8Array.of(7), new Uint8Array(0))).toEqual(Uint8Array.of(1, 7, 0));
  });

  it('lv is injective', () => {
    const parts = fc.array(bytes(200), { maxLength: 4 });
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const same = a.length === b.length && a.every((part, i) => compareBytes(part, b[i] ?? new Uint8Array(0)) === 0);
        return same === (compareBytes(lvBytes(...a), lvBytes(...b)) === 0);
      }),
    );
  });

  it('base64url is that of RFC 4648 without padding', () => {
    fc.assert(fc.property(bytes(70), (value) => base64url(value) === Buffer.from(value).toString('base64url')));
  });
});

describe('frames', () => {
  it('records come back, in a frame of an allowed size', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 4 }), fc.nat(2 ** 40), (records, ack) => {
        const plaintext = encodePlaintext(ack, records);
        expect(FRAME_SIZES).toContain(plaintext.length + 8 + 16);
        expect(decodePlaintext(plaintext)).toEqual({ ack, records });
      }),
    );
  });

  it('the smallest frame holds 215 bytes of text; an offer and an answer fit 1280', () => {
    const text = (length: number): ProtocolRecord[] => [
      { type: 'text', id: 0, part: 0, last: true, text: new Uint8Array(length) },
    ];
    expect(encodePlaintext(0, text(215)).length).toBe(256 - 24);
    expect(encodePlaintext(0, text(216)).length).toBe(1280 - 24);
    expect(encodePlaintext(0, [{ type: 'offer', value: new Uint8Array(OFFER_LENGTH) }]).length).toBe(1280 - 24);
    expect(encodePlaintext(0, text(TEXT_PART_LIMIT)).length).toBe(16384 - 24);
    expect(() => encodePlaintext(0, text(TEXT_PART_LIMIT + 1))).toThrow('fit');
  });

  it('any plaintext gives records or RemoteProtocolError, never anything else', () => {
    fc.assert(
      fc.property(bytes(400), (junk) => {
        try {
          decodePlaintext(concat(new Uint8Array(6), junk));
        } catch (error) {
          expect(error).toBeInstanceOf(RemoteProtocolError);
        }
      }),
      { numRuns: runs(500, 2_000) },
    );
  });

  it('padding that is not zero, a cut record and an unknown reason are refused; an unknown type is left out', () => {
    const good = encodePlaintext(0, [{ type: 'ping' }]);
    const padded = good.slice();
    padded[padded.length - 1] = 1;
    expect(() => decodePlaintext(padded)).toThrow('padding');
    const long = good.slice();
    long[7] = 0xff;
    expect(() => decodePlaintext(long)).toThrow('longer than its frame');
    const bye = encodePlaintext(0, [{ type: 'bye', reason: 'left' }]);
    bye[10] = 9;
    expect(() => decodePlaintext(bye)).toThrow('reason');
    const unknown = good.slice();
    unknown[6] = 200;
    expect(decodePlaintext(unknown).records).toEqual([]);
    expect(() => decodePlaintext(concat(new Uint8Array(6), Uint8Array.of(9)))).toThrow('cut off');
  });

  it('header and associated data are as written', () => {
    const header = frameHeader(258, 0x010203);
    expect(header).toEqual(Uint8Array.of(0x10, 2, 0, 0, 0, 1, 2, 3));
    const ad = frameAd('B', header);
    expect(ad.at(-9)).toBe(0x42);
    expect(ad.slice(-8)).toEqual(header);
    for (const size of [0, 8, 255, 257, 1279, 16385])
      expect(readFrameHeader(new Uint8Array(size).fill(0x10))).toBeUndefined();
    for (const size of FRAME_SIZES) expect(readFrameHeader(new Uint8Array(size).fill(0x10))?.epochByte).toBe(0x10);
  });
});

describe('messages in parts', () => {
  it('come back whole, whatever their length', () => {
    fc.assert(
      fc.property(fc.nat(MESSAGE_LIMIT), fc.nat(255), (length, fill) => {
        const reassembly = createReassembly();
        const text = new Uint8Array(length).fill(fill);
        const parts = splitText(0, text);
        const results = parts.map((part) => reassembly.add(part));
        expect(results.at(-1)).toEqual({ id: 0, text });
        expect(results.slice(0, -1).every((result) => result === undefined)).toBe(true);
      }),
      { numRuns: runs(20, 50) },
    );
  });

  it('out of order, doubled, empty, too long or with another id are refused', () => {
    const part = (over: object): Parameters<ReturnType<typeof createReassembly>['add']>[0] => ({
      type: 'text',
      id: 0,
      part: 0,
      last: false,
      text: new Uint8Array(10),
      ...over,
    });
    expect(() => createReassembly().add(part({ id: 1 }))).toThrow(RemoteProtocolError);
    expect(() => createReassembly().add(part({ part: 1 }))).toThrow(RemoteProtocolError);
    const doubled = createReassembly();
    doubled.add(part({}));
    expect(() => doubled.add(part({}))).toThrow(RemoteProtocolError);
    expect(() => doubled.add(part({ part: 1, text: new Uint8Array(0) }))).toThrow(RemoteProtocolError);
    const long = createReassembly();
    long.add(part({ text: new Uint8Array(MESSAGE_LIMIT) }));
    expect(() => long.add(part({ part: 1, text: new Uint8Array(1) }))).toThrow(RemoteProtocolError);
  });

  it('wipe overwrites the parts that are kept', () => {
    const reassembly = createReassembly();
    reassembly.add({ type: 'text', id: 0, part: 0, last: false, text: new Uint8Array(10) });
    reassembly.wipe();
    expect(reassembly.add({ type: 'text', id: 0, part: 0, last: true, text: new Uint8Array(0) })?.text.length).toBe(0);
  });
});

describe('the payload of M2 and M3', () => {
  it('comes back, padded to 256 bytes; anything malformed is refused', () => {
    const nonce = new Uint8Array(32).fill(1);
    const point = new Uint8Array(32).fill(2);
    const caps = { version: Uint8Array.of(49), name: new Uint8Array(NAME_LIMIT).fill(65), features: 0x80000001 };
    const payload = encodePayload(nonce, point, caps);
    expect(payload.length).toBe(PAYLOAD);
    expect(decodePayload(payload)).toEqual({ nonce, point, caps });
    for (const at of [64, 66, PAYLOAD - 1]) {
      const bad = payload.slice();
      bad[at] = 0xff;
      expect(decodePayload(bad)).toBeUndefined();
    }
    expect(() => encodePayload(nonce, point, { ...caps, name: new Uint8Array(NAME_LIMIT + 1) })).toThrow();
  });
});
