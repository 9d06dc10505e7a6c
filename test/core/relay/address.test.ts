/** What counts as one address for the limits of a relay. */
import { expect, it } from 'vitest';
import { addressKey, plainAddress } from '../../../core/relay/address.js';

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:0DB8:0001:0002:ffff::', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['2001:db8::', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['::', '0:0:0:0'],
  ['1::2:3:4:5:6:7', '1:0:2:3'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  // A site is counted as one also where it is written with an IPv4 address at its end.
  ['64:ff9b::192.0.2.1', '64:ff9b:0:0'],
  ['unknown', 'unknown'],
  ['', ''],
])('%s counts as %s', (address, key) => {
  expect(addressKey(address)).toBe(key);
});

it.each(['2001:db8::ffff:192.0.2.1', '::ffff:192.0.2', '::ffff:c000:201', 'x::ffff:192.0.2.1'])(
  '%s stays as it is',
  (address) => {
    expect(plainAddress(address)).toBe(address);
  },
);
