/**
 * The states of docs/models/delivery.pml are those of the transition table: what the model moves through, the session may,
 * and what the session may between these states, the model does.
 */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { rows } from '../../core/session/transitions.js';

const MODEL = readFileSync(new URL('../../docs/models/delivery.pml', import.meta.url), 'utf8');
const README = readFileSync(new URL('../../docs/models/README.md', import.meta.url), 'utf8');

const moves = new Set(
  [...MODEL.matchAll(/MOVE\(S_(\w+), S_(\w+)\)/g)].map(([, from, to]) => `${from ?? ''} ${to ?? ''}`),
);
const states = new Set([...moves].flatMap((move) => move.split(' ')));
const table = new Set(
  rows()
    // It compares no words.
    .filter(
      ([from, transition, to]) =>
        transition !== 'wordsMatch' && states.has(from) && states.has(to) && from !== 'reconnecting',
    )
    .map(([from, , to]) => `${from} ${to}`),
);
/** Back from a resume; the other ways out of `reconnecting` belong to a new handshake, which the model leaves out. */
const back = rows()
  .filter(([, transition, to]) => transition.startsWith('resumed') && states.has(to))
  .map(([from, , to]) => `${from} ${to}`);

it('the model moves as the table says, and the table as the model', () => {
  expect([...moves].toSorted()).toEqual([...table, ...back].toSorted());
});

it('every file that the map names is there', () => {
  for (const [, file] of README.matchAll(/`((?:core|test)\/[\w/.-]+\.ts)`/g)) {
    expect(() => readFileSync(new URL(`../../${file ?? ''}`, import.meta.url))).not.toThrow();
  }
});
