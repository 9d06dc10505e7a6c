/** Fairness of a relay between newcomers and those who are there. */
import { expect, test } from 'vitest';
import { CONNECTIONS_PER_TURN, createTurns } from '../../../adapters/relay/turns.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a few at once, the others in the next turns, in order, and none is forgotten', async () => {
  const turns = createTurns();
  const done: number[] = [];
  const many = 3 * CONNECTIONS_PER_TURN + 1;
  for (let n = 0; n < many; n++) turns.perform(() => done.push(n));
  for (let round = 1; round <= 3; round++) {
    expect(done).toHaveLength(round * CONNECTIONS_PER_TURN);
    await turn();
  }
  expect(done).toEqual(Array.from({ length: many }, (_, n) => n));
});

test('when it is quiet again nothing waits', async () => {
  const turns = createTurns(2);
  const done: number[] = [];
  for (let n = 0; n < 4; n++) turns.perform(() => done.push(n));
  for (let n = 0; n < 3; n++) await turn();
  expect(done).toHaveLength(4);
  turns.perform(() => done.push(4));
  expect(done).toHaveLength(5);
});

test('who comes while others wait does not overtake them', async () => {
  const turns = createTurns(1);
  const done: string[] = [];
  turns.perform(() => done.push('first'));
  turns.perform(() => {
    done.push('second');
    turns.perform(() => done.push('fourth'));
  });
  turns.perform(() => done.push('third'));
  for (let n = 0; n < 4; n++) await turn();
  expect(done).toEqual(['first', 'second', 'third', 'fourth']);
});
