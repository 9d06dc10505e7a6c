/** direct-tcp: addresses, flags, and the reader of frames, without a socket. */
import { expect, test } from 'vitest';
import { OWN_FLAGS } from '../../../adapters/cli/flags.js';
import { parseOptions } from '../../../adapters/cli/options.js';
import { builtins } from '../../../adapters/cli/builtins.js';
import type { SecurechatError } from '../../../core/errors.js';
import { FRAME_LIMIT } from '../../../plugins/kit/define.js';
import { HOST_LIMIT, parseAddress } from '../../../plugins/direct-tcp/address.js';
import plugin from '../../../plugins/direct-tcp/index.js';
import { createFrameReader, LEAVE, withLength } from '../../../plugins/direct-tcp/wire.js';
import { createRegistry } from '../../../plugins/kit/registry.js';
import { fc } from '../../support/chance.js';

test.each([
  ['192.168.1.20:7000', { host: '192.168.1.20', port: 7000 }],
  ['[::1]:1', { host: '::1', port: 1 }],
  ['[fe80::1%eth0]:65535', { host: 'fe80::1%eth0', port: 65_535 }],
  ['my-host.example.:07000', { host: 'my-host.example.', port: 7000 }],
  ['abcdefghij234567.onion:80', { host: 'abcdefghij234567.onion', port: 80 }],
  [`${'a'.repeat(HOST_LIMIT)}:1`, { host: 'a'.repeat(HOST_LIMIT), port: 1 }],
])('%s is an address', (text, address) => {
  expect(parseAddress(text)).toEqual(address);
});

test.each([
  ['', 'it must be host:port, as in 192.168.1.20:7000'],
  ['localhost', 'it must be host:port, as in 192.168.1.20:7000'],
  ['host:x', 'it must be host:port, as in 192.168.1.20:7000'],
  ['host:7000 ', 'it must be host:port, as in 192.168.1.20:7000'],
  ['::1', 'an IPv6 address stands in brackets, as in [::1]:7000'],
  ['::1:7000', 'an IPv6 address stands in brackets, as in [::1]:7000'],
  ['[localhost]:7000', 'what is in the brackets is no IPv6 address'],
  ['[]:7000', 'what is in the brackets is no IPv6 address'],
  ['host:0', 'a port is a number from 1 to 65535'],
  ['host:65536', 'a port is a number from 1 to 65535'],
  [':7000', 'the host is neither a name nor an address'],
  ['a b:7000', 'the host is neither a name nor an address'],
  ['-x:7000', 'the host is neither a name nor an address'],
  ['user@host:7000', 'the host is neither a name nor an address'],
  ['127.1:7000', 'the host is neither a name nor an address'],
  ['1.2.3.999:7000', 'the host is neither a name nor an address'],
  [`${'a'.repeat(HOST_LIMIT + 1)}:1`, 'the host is neither a name nor an address'],
])('%j is none', (text, why) => {
  expect(parseAddress(text)).toBe(why);
});

test.each([
  [[], { why: 'the transport direct-tcp needs either --direct-listen or --direct-connect, and not both' }],
  [
    ['--direct-listen', 'a:1', '--direct-connect', 'b:1'],
    { why: 'the transport direct-tcp needs either --direct-listen or --direct-connect, and not both' },
  ],
  [['--direct-listen', 'x'], { flag: '--direct-listen', why: 'it must be host:port, as in 192.168.1.20:7000' }],
  [['--direct-connect', ':'], { flag: '--direct-connect', why: 'it must be host:port, as in 192.168.1.20:7000' }],
])('the flags %j are refused', (flags, detail) => {
  const registry = createRegistry(OWN_FLAGS);
  registry.register(builtins);
  registry.register(plugin);
  let refused: unknown;
  try {
    parseOptions(['-t', 'direct-tcp', 'ROOM', ...flags], registry);
  } catch (error) {
    refused = error;
  }
  expect(refused as SecurechatError).toMatchObject({ code: 'SC-503', detail });
});

function reading() {
  const heard: (Uint8Array | 'leave' | 'too large')[] = [];
  const reader = createFrameReader({
    frame: (frame) => heard.push(frame),
    leave: () => heard.push('leave'),
    tooLarge: () => heard.push('too large'),
  });
  return { heard, reader };
}

const chunks = (bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] => {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
};

test('frames come out as they went in, however the bytes are cut', () => {
  const frames = fc.array(fc.uint8Array({ minLength: 1, maxLength: 600 }), { maxLength: 8 });
  fc.assert(
    fc.property(frames, fc.array(fc.nat(), { maxLength: 20 }), (sent, cuts) => {
      const { heard, reader } = reading();
      const all = Buffer.concat(sent.map(withLength));
      for (const chunk of chunks(all, cuts)) expect(reader.push(chunk)).toBe(true);
      expect(heard).toEqual(sent.map((frame) => new Uint8Array(frame)));
      expect([reader.complete, reader.partial]).toEqual([sent.length, false]);
    }),
  );
});

test('any bytes: never a throw, never a frame over the limit, nothing after the end', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 }), (all) => {
      const { heard, reader } = reading();
      const going = all.map((chunk) => reader.push(chunk));
      const ends = heard.filter((what) => typeof what === 'string').length;
      expect(ends).toBe(going.includes(false) ? 1 : 0);
      if (ends === 1) expect(typeof heard.at(-1)).toBe('string');
      expect(going).toEqual([...going].sort().reverse());
    }),
  );
});

test('FRAME_LIMIT bytes are a frame; one more is told at the length', () => {
  const { heard, reader } = reading();
  expect(reader.push(withLength(new Uint8Array(FRAME_LIMIT)))).toBe(true);
  expect(heard).toHaveLength(1);
  expect(reader.push(withLength(new Uint8Array(FRAME_LIMIT + 1)).subarray(0, 4))).toBe(false);
  expect(heard.at(-1)).toBe('too large');
});

test('nothing follows a leave; a frame that has begun is partial', () => {
  const { heard, reader } = reading();
  expect(reader.push(Uint8Array.of(0))).toBe(true);
  expect(reader.partial).toBe(true);
  expect(reader.push(Uint8Array.of(0, 0, 1))).toBe(true);
  expect(reader.partial).toBe(true);
  expect(reader.push(Uint8Array.of(7, ...LEAVE, ...withLength(Uint8Array.of(8))))).toBe(false);
  expect(reader.push(withLength(Uint8Array.of(9)))).toBe(false);
  expect([heard, reader.partial]).toEqual([[Uint8Array.of(7), 'leave'], false]);
});
