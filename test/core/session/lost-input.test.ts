/** Text of a script that could not be taken: the session goes on, and does not end as a success. */
import { expect, it } from 'vitest';
import { connectedPair } from '../../support/pair.js';

it.each([
  [true, 'SC-306'],
  [false, 'SC-317'],
])('a malformed line that is lost: %j', (lost, code) => {
  const pair = connectedPair();
  pair.ui('left', { type: 'malformed', why: 'too long', lost });
  pair.ui('left', { type: 'malformed', why: 'too long', lost });
  pair.send('left', 'another');
  pair.settle();
  expect(pair.right.messages).toEqual(['another']);
  pair.ui('left', { type: 'quit' });
  pair.advance(1_000);
  expect(pair.left.ended).toMatchObject({ code, detail: lost ? { count: 2 } : {} });
  expect(pair.right.ended).toMatchObject({ code: 'SC-316' });
});

it('an end that has another reason keeps it', () => {
  const pair = connectedPair();
  pair.ui('left', { type: 'malformed', why: 'too long', lost: true });
  pair.ui('left', { type: 'wipe' });
  expect(pair.left.ended).toMatchObject({ code: 'SC-311' });
});
