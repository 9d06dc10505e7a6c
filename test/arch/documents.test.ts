/**
 * Documents that state what the code does are compared with it.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { HANDSHAKE_LENGTHS } from '../../core/protocol/handshake.js';
import { rows } from '../../core/session/transitions.js';

const PROTOCOL = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');

describe('docs/protocol.md', () => {
  it('draws the transition table as it is', () => {
    const drawing = /```mermaid\nstateDiagram-v2\n([\s\S]*?)```/.exec(PROTOCOL)?.[1] ?? '';
    const drawn = [...drawing.matchAll(/^ {4}(\w+) --> (\w+): (.+)$/gm)].flatMap(([, from, to, names]) =>
      (names ?? '').split(', ').map((name) => `${from ?? ''} ${name} ${to ?? ''}`),
    );
    const all = rows();
    const ends = all.filter(([from, , to]) => to === 'destroyed' && from !== 'closing');
    expect(ends.every(([, transition]) => transition === 'end')).toBe(true);
    const table = all.filter((row) => !ends.includes(row));
    expect(drawn.toSorted()).toEqual(table.map(([from, name, to]) => `${from} ${name} ${to}`).toSorted());
  });

  it('gives the lengths of the handshake messages', () => {
    for (const [name, length] of Object.entries(HANDSHAKE_LENGTHS)) {
      expect(PROTOCOL).toMatch(new RegExp(`\\| ${name.toUpperCase()} \\|.*\\| ${length} \\|`));
    }
  });
});
