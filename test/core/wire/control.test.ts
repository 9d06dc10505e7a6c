/** Control messages of a relay and its clients: what passes a check, and what comes out. */
import { describe, expect, test } from 'vitest';
import { ADDRESS_LIMIT, checkJoin, checkRelayMessage, joinMessage } from '../../../core/wire/control.js';
import { fc, runs } from '../../support/chance.js';

const ID = 'A'.repeat(43);
const join = { room: ID, seat: ID, mode: 'join' } as const;
const joined = (address: unknown) => checkRelayMessage({ type: 'joined', peer: true, address });

describe('a join that asks for its address', () => {
  test('goes over the wire and comes back', () => {
    expect(joinMessage({ ...join, address: true })).toEqual({ v: 1, type: 'join', ...join, address: true });
    expect(checkJoin(joinMessage({ ...join, address: true }))).toEqual({ ...join, address: true });
    for (const address of [false, undefined]) {
      const message = joinMessage({ ...join, ...(address === undefined ? {} : { address }) });
      expect(message).not.toHaveProperty('address');
      expect(checkJoin({ ...message, address })).toEqual(join);
    }
  });

  test('asks with true, and nothing else', () => {
    for (const address of [1, 'true', null, {}, []])
      expect(checkJoin({ ...joinMessage(join), address })).toBe('bad-request');
  });
});

describe('an address that the relay tells', () => {
  test.each([
    '203.0.113.7:51234',
    '[2001:db8::1]:51234',
    '[::ffff:192.0.2.1]:1',
    `[${'1234:'.repeat(6)}255.255.255.255]:65535`,
  ])('%s is taken', (address) => {
    expect(address.length).toBeLessThanOrEqual(ADDRESS_LIMIT);
    expect(joined(address)).toEqual({ type: 'joined', peer: true, address });
  });

  test.each([
    ['a name', 'localhost:1'],
    ['no port', '203.0.113.7'],
    ['a zone', '[fe80::1%eth0]:1'],
    ['a line', '203.0.113.7:51234\n'],
    ['an escape', '203.0.113.7:5\u001b[2J'],
    ['no text', 7],
    ['too long', `[${'0'.repeat(45)}]:123456`],
    ['endless', `203.0.113.7:${'1'.repeat(10_000)}`],
  ])('%s is left out, the rest holds', (_what, address) => {
    expect(joined(address)).toEqual({ type: 'joined', peer: true });
  });

  test('whatever it is, what is taken is short and plain', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.string(), fc.stringMatching(/^[0-9a-f:.[\]]{0,80}$/)), (address) => {
        const found = joined(address);
        if (found?.type !== 'joined' || found.address === undefined) return;
        expect(found.address.length).toBeLessThanOrEqual(ADDRESS_LIMIT);
        expect(found.address).toMatch(/^[0-9a-f:.[\]]+$/);
      }),
      { numRuns: runs(1_000, 10_000) },
    );
  });
});
