/**
 * Records and frames (protocol.md section 6): coding, sizes, and that nothing malformed gets through.
 */
import { MESSAGE_LIMIT, NAME_LIMIT } from '../../../core/limits.js';
import { describe, expect, it } from 'vitest';
import { RemoteProtocolError } from '../../../core/errors.js';
import { base64url, compareBytes, concat, leb128, lvBytes, readUint, TAG, uint } from '../../../core/protocol/bytes.js';
import {
  CHUNK_SIZES,
  CHUNK_TYPE,
  classify,
  decodePlaintext,
  encodePlaintext,
  FRAME_SIZES,
  FRAME_HEAD,
  FRAME_TYPE,
  frameAd,
  RECORDS_LIMIT,
  SMALL_ROOM,
} from '../../../core/protocol/frame.js';
import { CLOSE_REASONS, ENTRIES_LIMIT, OFFER_NAME_LIMIT } from '../../../core/protocol/bulk-records.js';
import { CANDIDATES_LIMIT } from '../../../core/protocol/path-records.js';
import { ANSWER_LENGTH, BYE_REASONS, OFFER_LENGTH, type ProtocolRecord } from '../../../core/protocol/records.js';
import { createReassembly, PART_MIN, type Parts, takePart } from '../../../core/protocol/text.js';
import { fc, runs } from '../../support/chance.js';

const bytes = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });
const exactly = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const id = fc.nat(0xffffffff);

const epoch = fc.nat(2 ** 31 - 1).map((value) => value * 2 ** 20);
const port = fc.constantFrom(1024, 5000, 65535);
const candidate = fc.record({
  observed: fc.constant(false),
  address: fc.oneof(exactly(4), exactly(16)),
  port,
});

const record: fc.Arbitrary<ProtocolRecord> = fc.oneof(
  fc.record({
    type: fc.constant('text' as const),
    id,
    part: fc.nat(0xffff),
    last: fc.boolean(),
    text: bytes(3000),
  }),
  fc.record({ type: fc.constant('delivered' as const), id }),
  fc.constantFrom<ProtocolRecord>(
    { type: 'confirmed' },
    { type: 'rekey-wanted' },
    { type: 'ping' },
    { type: 'bye-ack' },
    { type: 'words-wanted' },
  ),
  fc.record({ type: fc.constant('offer' as const), value: exactly(OFFER_LENGTH) }),
  fc.record({ type: fc.constant('answer' as const), value: exactly(ANSWER_LENGTH) }),
  fc.record({ type: fc.constant('name' as const), name: bytes(NAME_LIMIT) }),
  fc.record({ type: fc.constant('bye' as const), reason: fc.constantFrom(...BYE_REASONS) }),
  fc.record({
    type: fc.constantFrom('words-commit' as const, 'words-nonce' as const, 'words-reveal' as const),
    epoch,
    value: exactly(32),
  }),
  fc.record({
    type: fc.constant('bulk-open' as const),
    id,
    offer: fc.oneof(
      fc.constant({ kind: 'pipe' } as const),
      fc.record({
        kind: fc.constant('files' as const),
        count: fc.nat(ENTRIES_LIMIT),
        bytes: fc.option(epoch, { nil: undefined }),
        name: bytes(OFFER_NAME_LIMIT),
      }),
    ),
  }),
  fc.record({ type: fc.constant('bulk-credit' as const), id, counter: epoch, window: id }),
  fc.record({
    type: fc.constant('bulk-close' as const),
    opener: fc.constantFrom('A' as const, 'B' as const),
    id,
    reason: fc.constantFrom(...CLOSE_REASONS),
  }),
  fc.record({
    type: fc.constant('paths' as const),
    token: exactly(32),
    candidates: fc.array(candidate, { maxLength: CANDIDATES_LIMIT }),
  }),
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
        expect(FRAME_SIZES).toContain(1 + plaintext.length + 16);
        expect(decodePlaintext(plaintext)).toEqual({ ack, records });
      }),
    );
  });

  it('an offer, an answer, an ack and a line of text have one size; the largest holds 16361 bytes of records', () => {
    const size = (...records: ProtocolRecord[]): number => 1 + encodePlaintext(0, records).length + 16;
    const text = (length: number): ProtocolRecord => ({
      type: 'text',
      id: 0,
      part: 0,
      last: true,
      text: new Uint8Array(length),
    });
    expect(size()).toBe(1280);
    expect(size({ type: 'offer', value: new Uint8Array(OFFER_LENGTH) })).toBe(1280);
    expect(size({ type: 'answer', value: new Uint8Array(ANSWER_LENGTH) })).toBe(1280);
    expect(size(text(SMALL_ROOM - 11))).toBe(1280);
    expect(size(text(SMALL_ROOM - 10))).toBe(4096);
    expect(size(text(RECORDS_LIMIT - 11))).toBe(16384);
    expect(() => size(text(RECORDS_LIMIT - 10))).toThrow('fit');
    expect(RECORDS_LIMIT).toBe(16361);
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

  it('records of streams and paths are read strictly', () => {
    const read = (type: number, ...value: number[]) =>
      decodePlaintext(concat(new Uint8Array(6), Uint8Array.of(type, 0, 0, value.length, ...value))).records;
    const id = [0, 0, 0, 1];
    const files = [...id, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9];
    expect(read(10, ...id, 0)).toHaveLength(1);
    expect(read(10, ...files, 1, 65)).toHaveLength(1);
    const token = Array<number>(32).fill(7);
    const path = (kind: number, family: number, port: number): number[] => [
      kind,
      family,
      9,
      9,
      9,
      9,
      port >> 8,
      port & 255,
    ];
    expect(read(19, ...token, ...path(1, 4, 5000))).toHaveLength(1);
    const malformed: readonly (readonly number[])[] = [
      [10, ...id],
      [10, ...id, 0, 1],
      [10, ...id, 2],
      [10, ...files],
      [10, ...files, 2, 65],
      [10, ...files, 0x81, 0, 65],
      [10, ...id, 1, 0, 0x10, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0],
      [10, ...id, 1, 0, 0, 0, 1, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0],
      [11, ...id, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      [12, 0x43, ...id, 0],
      [12, 0x41, ...id, 7],
      [16, ...Array<number>(39).fill(0)],
      [19, ...token.slice(1)],
      [19, ...token, ...path(2, 4, 5000)],
      [19, ...token, ...path(0, 5, 5000)],
      [19, ...token, ...path(0, 4, 1023)],
      [19, ...token, ...path(1, 4, 5000), ...path(1, 4, 5000)],
      [19, ...token, ...[5000, 5001, 5002, 5003].flatMap((port) => path(0, 4, port))],
      [19, ...token, ...Array.from({ length: CANDIDATES_LIMIT + 1 }, () => path(0, 4, 5000)).flat()],
    ];
    for (const [type = 0, ...value] of malformed) expect(() => read(type, ...value)).toThrow(RemoteProtocolError);
    // 3 is never used: like any that is not known.
    expect(read(3)).toEqual([]);
  });

  it('on the wire there is a type and one of three sizes, and nothing else in clear', () => {
    expect(FRAME_HEAD).toEqual(Uint8Array.of(0x10));
    for (const size of FRAME_SIZES) expect(classify(new Uint8Array(size).fill(FRAME_TYPE))).toBe('frame');
    for (const size of CHUNK_SIZES) expect(classify(new Uint8Array(size).fill(CHUNK_TYPE))).toBe('chunk');
    for (const size of [1, 256, 1279, 1281, 16385]) {
      expect(classify(new Uint8Array(size).fill(FRAME_TYPE))).toBe('wrong size');
      expect(classify(new Uint8Array(size).fill(CHUNK_TYPE))).toBe('wrong size');
    }
    expect(classify(new Uint8Array(1280).fill(0x21))).toBe('other');
    expect(classify(new Uint8Array(0))).toBe('other');
  });

  it('associated data are tag, type, role, epoch and number', () => {
    const ad = frameAd('B')(258, 0x010203);
    expect(ad).toEqual(concat(TAG, Uint8Array.of(0x10, 0x42, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 1, 2, 3)));
    expect(frameAd('A')(0, 0)[TAG.length + 1]).toBe(0x41);
  });
});

describe('messages in parts', () => {
  it('come back whole, whatever their length and whatever room there is', () => {
    const room = fc.integer({ min: PART_MIN + 11, max: RECORDS_LIMIT });
    fc.assert(
      fc.property(fc.nat(MESSAGE_LIMIT), fc.nat(255), room, (length, fill, space) => {
        const reassembly = createReassembly();
        const text = new Uint8Array(length).fill(fill);
        const message: Parts = { id: 0, text, at: 0, part: 0 };
        for (;;) {
          const part = takePart(message, space);
          if (part === undefined) throw new Error('there was room');
          expect(part.text.length + 11).toBeLessThanOrEqual(space);
          const whole = reassembly.add(part);
          expect(whole !== undefined).toBe(part.last);
          if (!part.last) continue;
          expect(whole !== undefined && compareBytes(whole.text, text)).toBe(0);
          return;
        }
      }),
      { numRuns: runs(10, 50) },
    );
  });

  it('a part that is hardly worth its headers waits for the next frame', () => {
    const message: Parts = { id: 0, text: new Uint8Array(1000), at: 0, part: 0 };
    expect(takePart(message, PART_MIN + 10)).toBeUndefined();
    expect(takePart(message, PART_MIN + 11)?.text.length).toBe(PART_MIN);
    expect(takePart({ ...message, at: 990 }, 21)?.last).toBe(true);
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
