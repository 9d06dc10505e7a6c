/** The birational map against points whose both forms are in the standards. */
import { expect, test } from 'vitest';
import { montgomeryU } from '../../../adapters/crypto/montgomery.js';
import { hex, unhex } from '../../../core/protocol/bytes.js';

const map = (digits: string) => hex(montgomeryU(new Uint8Array(unhex(digits))));

test('the base point of RFC 8032 is the base point of RFC 7748, whatever its sign', () => {
  expect(map(`58${'66'.repeat(31)}`)).toBe(`09${'00'.repeat(31)}`);
  expect(map(`58${'66'.repeat(30)}e6`)).toBe(`09${'00'.repeat(31)}`);
});

test('points of small order: y = 0 is u = 1, y = -1 is u = 0', () => {
  expect(map('00'.repeat(32))).toBe(`01${'00'.repeat(31)}`);
  expect(map(`ec${'ff'.repeat(30)}7f`)).toBe('00'.repeat(32));
});
