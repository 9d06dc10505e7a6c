/** What is dialled and what is told (protocol.md section 8a), as tables; and addresses, which come from anybody. */
import { describe, expect, it } from 'vitest';
import type { OwnAddress } from '../../../core/path-port.js';

import {
  addressText,
  dialled,
  isAround,
  isUsable,
  offered,
  parseAddress,
  parseEnd,
  type Surroundings,
} from '../../../core/session/path-candidates.js';
import { CANDIDATES_LIMIT, type PathCandidate, PATHS_CODEC, PORTS_LIMIT } from '../../../core/protocol/path-records.js';
import { fc } from '../../support/chance.js';

function bytes(address: string): Uint8Array {
  const parsed = parseAddress(address);
  if (parsed === undefined) throw new Error(address);
  return parsed;
}

function own(address: string, prefix: number): OwnAddress {
  return { address: bytes(address), prefix };
}

function candidate(address: string, port = 40_000, observed = false): PathCandidate {
  return { observed, address: bytes(address), port };
}

const AROUND: Surroundings = {
  own: [
    own('127.0.0.1', 8),
    own('::1', 128),
    own('192.168.7.2', 24),
    own('10.1.2.3', 32),
    own('2001:db8:7::2', 64),
    own('fd00:7::2', 64),
    own('fe80::2', 64),
  ],
  port: 41_000,
  named: [],
  relay: { address: bytes('203.0.113.1'), port: 8765 },
};
const HERE: Surroundings = { ...AROUND, relay: { address: bytes('127.0.0.1'), port: 8765 } };

describe('what is dialled', () => {
  it.each([
    ['198.51.100.7', true],
    ['2001:db8:8::7', true],
    ['192.168.7.9', true],
    ['fd00:7::9', true],
    ['10.1.2.3', true],
    // Private, and not here.
    ['192.168.8.9', false],
    ['10.1.2.4', false],
    ['172.16.0.1', false],
    ['172.31.255.255', false],
    ['100.64.0.1', false],
    ['100.127.255.255', false],
    ['fd00:8::9', false],
    // Neighbours of what is private are anybody's.
    ['172.32.0.1', true],
    ['172.15.0.1', true],
    ['100.128.0.1', true],
    ['11.0.0.1', true],
    // Never.
    ['0.0.0.0', false],
    ['0.1.2.3', false],
    ['127.0.0.1', false],
    ['127.9.9.9', false],
    ['169.254.169.254', false],
    ['224.0.0.251', false],
    ['239.255.255.250', false],
    ['240.0.0.1', false],
    ['255.255.255.255', false],
    ['::', false],
    ['::1', false],
    ['::2', false],
    ['::127.0.0.1', false],
    ['::ffff:198.51.100.7', false],
    ['::ffff:127.0.0.1', false],
    ['64:ff9b::198.51.100.7', false],
    ['fe80::9', false],
    ['febf::9', false],
    ['fec0::9', false],
    ['ff02::fb', false],
    ['4000::1', false],
  ])('%s: %s', (address, expected) => {
    expect(dialled([candidate(address)], AROUND)).toHaveLength(expected ? 1 : 0);
    expect(dialled([candidate(address, 40_000, true)], AROUND)).toHaveLength(expected ? 1 : 0);
  });

  it('is loopback only where the relay is, too', () => {
    for (const address of ['127.0.0.1', '127.9.9.9', '::1']) {
      expect(dialled([candidate(address)], HERE)).toHaveLength(1);
    }
    for (const address of ['::2', '::ffff:127.0.0.1', '0.0.0.0']) {
      expect(dialled([candidate(address)], HERE)).toEqual([]);
    }
  });

  it('is never the relay, nor where this side listens itself', () => {
    expect(dialled([candidate('203.0.113.1', 8765)], AROUND)).toEqual([]);
    expect(dialled([candidate('203.0.113.1', 8766)], AROUND)).toHaveLength(1);
    expect(dialled([candidate('127.0.0.1', 8765)], HERE)).toEqual([]);
    for (const address of ['192.168.7.2', '127.0.0.1', '127.9.9.9', '::1', '2001:db8:7::2']) {
      expect(dialled([candidate(address, 41_000)], HERE)).toEqual([]);
    }
    expect(dialled([candidate('192.168.7.9', 41_000)], HERE)).toHaveLength(1);
  });

  it('is each address once', () => {
    const same = Array.from({ length: 16 }, (_, i) => candidate('198.51.100.7', 40_000, i === 3));
    expect(dialled(same, AROUND)).toHaveLength(1);
  });
});

describe('what is told', () => {
  it('is what the relay saw, what was named, and what others can use of the interfaces', () => {
    const named = [{ address: bytes('198.51.100.9'), port: 42_000 }];
    const told = offered({ ...AROUND, named }, '198.51.100.7:50000');
    expect(told.map(({ address, port, observed }) => [address.join('.'), port, observed])).toEqual([
      ['198.51.100.7', 50_000, true],
      ['198.51.100.9', 42_000, false],
      ['192.168.7.2', 41_000, false],
      ['10.1.2.3', 41_000, false],
      [bytes('2001:db8:7::2').join('.'), 41_000, false],
      [bytes('fd00:7::2').join('.'), 41_000, false],
    ]);
  });

  it('is loopback where the relay is on this machine', () => {
    const told = offered(HERE, '127.0.0.1:50000').map(({ address }) => address.join('.'));
    expect(told).toContain('127.0.0.1');
    expect(told).toContain(bytes('::1').join('.'));
    expect(offered(AROUND, undefined).map(({ address }) => address.join('.'))).not.toContain('127.0.0.1');
  });

  it.each([
    // A relay that lies, and is not of that kind itself.
    ['127.0.0.1:50000', false],
    ['192.168.7.1:50000', false],
    ['10.0.0.1:50000', false],
    ['224.0.0.1:50000', false],
    ['169.254.169.254:80', false],
    ['0.0.0.0:50000', false],
    ['198.51.100.7:80', false],
    ['198.51.100.7:0', false],
    ['[::1]:50000', false],
    ['[fe80::1]:50000', false],
    ['[::ffff:198.51.100.7]:50000', false],
    ['198.51.100.7:50000', true],
    ['[2001:db8::7]:50000', true],
  ])('of what the relay says: %s: %s', (address, expected) => {
    const told = offered({ ...AROUND, own: [] }, address);
    expect(told).toHaveLength(expected ? 1 : 0);
  });

  it('is private where the relay is', () => {
    const relay = { address: bytes('192.168.7.1'), port: 8765 };
    expect(offered({ ...AROUND, own: [], relay }, '192.168.7.9:50000')).toHaveLength(1);
    expect(offered({ ...AROUND, own: [], relay }, '127.0.0.1:50000')).toEqual([]);
    expect(offered({ ...AROUND, own: [], relay }, '198.51.100.7:50000')).toHaveLength(1);
    const never = { address: bytes('224.0.0.1'), port: 8765 };
    expect(offered({ ...AROUND, own: [], relay: never }, '224.0.0.2:50000')).toEqual([]);
    expect(offered({ ...AROUND, own: [], relay: undefined }, '192.168.7.9:50000')).toEqual([]);
    expect(offered({ ...AROUND, own: [], relay: undefined }, '198.51.100.7:50000')).toHaveLength(1);
  });

  it('is as much as one record holds', () => {
    const many = Array.from({ length: CANDIDATES_LIMIT + 4 }, (_, i) => own(`192.168.7.${String(i + 1)}`, 24));
    expect(offered({ ...AROUND, own: many }, undefined)).toHaveLength(CANDIDATES_LIMIT);
    const named = Array.from({ length: PORTS_LIMIT + 1 }, (_, i) => ({
      address: bytes('198.51.100.9'),
      port: 2000 + i,
    }));
    expect(offered({ ...AROUND, own: [], named }, undefined)).toHaveLength(PORTS_LIMIT);
  });

  it('is nothing where nobody listens', () => {
    expect(offered({ ...AROUND, port: 0 }, undefined)).toEqual([]);
  });

  it('is always a record that the peer takes', () => {
    const address = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
    );
    const port = fc.nat(65_535);
    const end = fc.record({ address, port });
    const around = fc.record({
      own: fc.array(fc.record({ address, prefix: fc.nat(128) }), { maxLength: 40 }),
      port,
      named: fc.array(end, { maxLength: 4 }),
      relay: fc.option(end, { nil: undefined }),
    });
    fc.assert(
      fc.property(around, fc.option(fc.string(), { nil: undefined }), (given, seen) => {
        const candidates = offered(given, seen);
        const record = { type: 'paths', token: new Uint8Array(32), candidates } as const;
        const value = new Uint8Array(PATHS_CODEC.length(record));
        PATHS_CODEC.write(value, 0, record);
        const read = PATHS_CODEC.read(value).candidates;
        expect(read).toEqual(candidates);
        expect(candidates.length).toBeLessThanOrEqual(CANDIDATES_LIMIT);
        expect(new Set(candidates.map((each) => each.port)).size).toBeLessThanOrEqual(PORTS_LIMIT);
        expect(dialled(read, given).length).toBeLessThanOrEqual(read.length);
      }),
    );
  });
});

describe('addresses', () => {
  it.each([
    ['203.0.113.7', [203, 0, 113, 7]],
    ['::', Array.from({ length: 16 }, () => 0)],
    ['1:2:3:4:5:6:7:8', [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]],
    ['2001:db8::FFFF', [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]],
    ['::ffff:1.2.3.4', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4]],
    ['1::', [0, 1, ...Array.from({ length: 14 }, () => 0)]],
  ])('%s', (text, expected) => {
    expect([...(parseAddress(text) ?? [])]).toEqual(expected);
  });

  it.each([
    ...['', '1.2.3', '1.2.3.4.5', '1.2.3.256', '01.2.3.4', '1.2.3.4 ', 'a.b.c.d', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9'],
    ...[
      '1::2::3',
      ':::',
      '::1.2.3.256',
      '1.2.3.4::',
      '1:2:3:4:5:6:7:8::',
      '1:2:3:4::5:6:7:8::9',
      'fe80::1%eth0',
      '12345::',
      ':1:2:3:4:5:6:7:8',
    ],
  ])('not %s', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it('with ports', () => {
    expect(parseEnd('203.0.113.7:51234')).toEqual({ address: bytes('203.0.113.7'), port: 51_234 });
    expect(parseEnd('[2001:db8::1]:51234')).toEqual({ address: bytes('2001:db8::1'), port: 51_234 });
    for (const text of [
      '203.0.113.7',
      '203.0.113.7:65536',
      '2001:db8::1:51234',
      '[203.0.113.7]:1',
      '[]:1',
      ':1',
      'x203.0.113.7:1',
      '203.0.113.7:12x',
    ]) {
      expect(parseEnd(text)).toBeUndefined();
    }
  });

  it('as sockets take them', () => {
    for (const text of ['203.0.113.7', '2001:db8:0:0:0:0:0:1', 'fd00:7:102:ff00:0:0:0:9']) {
      expect(addressText(bytes(text))).toBe(text);
    }
  });

  it('that others in a network can use, and that are in one of this machine', () => {
    const around = (text: string): boolean => isAround(bytes(text), AROUND.own);
    expect(['192.168.7.9', '192.168.8.9', '127.0.0.1', 'fd00:7::9', 'fe80::9', '2001:db8:7::9'].map(around)).toEqual([
      ...[true, false, false, true, false, true],
    ]);
    expect(['192.168.8.9', '8.8.8.8', '127.0.0.1', 'fe80::9', 'ff02::1'].map((text) => isUsable(bytes(text)))).toEqual([
      ...[true, true, false, false, false],
    ]);
  });

  it('of any text are none, or bytes of a family', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), (text) => {
        expect([undefined, 4, 16]).toContain(parseAddress(text)?.length);
      }),
    );
  });
});
