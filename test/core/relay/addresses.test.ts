/** What is remembered of an address, and for how long. */
import { expect, it } from 'vitest';
import { createAddresses } from '../../../core/relay/addresses.js';
import { NEVER } from '../../../core/timers.js';

function addresses(forgottenAt = 0) {
  return createAddresses(() => forgottenAt);
}

it('counts the connections of each address', () => {
  const known = addresses();
  const one = known.enter('a');
  expect([known.enter('a'), known.enter('b') === one, known.size]).toEqual([one, false, 2]);
  expect([one.connections, known.find('a')?.connections, known.find('c')]).toEqual([2, 2, undefined]);
});

it('an address that has used up nothing is forgotten with its last connection', () => {
  const known = addresses();
  const one = known.enter('a');
  known.enter('a');
  known.leave(one, 5);
  expect(known.find('a')).toBe(one);
  known.leave(one, 5);
  expect([known.find('a'), known.size, known.next]).toEqual([undefined, 0, NEVER]);
});

it('what it has used up is remembered until it is whole again', () => {
  const known = addresses(100);
  const one = known.enter('a');
  known.leave(one, 5);
  expect([known.find('a'), known.next]).toEqual([one, 100]);
  known.wake(99);
  expect(known.size).toBe(1);
  known.wake(100);
  expect([known.size, known.next]).toEqual([0, NEVER]);
});

it('and whoever comes back before that is the same, and is not forgotten while it is here', () => {
  const known = addresses(100);
  const one = known.enter('a');
  known.leave(one, 5);
  expect([known.enter('a'), one.connections, known.next]).toEqual([one, 1, NEVER]);
  known.wake(100);
  expect(known.find('a')).toBe(one);
});
