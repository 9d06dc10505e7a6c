/**
 * Every parser that outside bytes reach: whatever comes, it answers or throws one of the documented errors.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { runs, SEED } from '../support/chance.js';
import { fuzz, type FuzzTarget } from '../support/fuzz.js';
import { utf8 } from '../support/pair.js';
import { crypto, TARGETS } from '../support/parsers.js';
import { ROOT } from './sources.js';

const RUNS = runs(500, 3_000, 1_000_000);

/** What the fuzzer that looks at the code (`npm run fuzz`) has found to lead somewhere new. */
function found(name: string): Uint8Array[] {
  const file = path.join(ROOT, 'test/support/corpus', `${name.replaceAll(' ', '-')}.json`);
  if (!existsSync(file)) return [];
  return (JSON.parse(readFileSync(file, 'utf8')) as string[]).map((text) =>
    Uint8Array.from(Buffer.from(text, 'base64')),
  );
}

describe('whatever comes', () => {
  it.each(Object.entries(TARGETS))('%s', async (name, target) => {
    const live = crypto.live;
    const corpus = [...target.corpus, ...found(name)];
    const { runs: made, ways } = await fuzz({ ...target, corpus }, Math.max(RUNS, 2 * corpus.length), SEED);
    expect(made).toBeGreaterThanOrEqual(RUNS);
    expect(ways.size).toBeGreaterThan(1);
    expect(crypto.live).toBe(live);
  });
});

it('a defect is found, and told with its input', async () => {
  const target: FuzzTarget = {
    corpus: [utf8('abc')],
    limit: 10,
    run(input) {
      if (input.length > 4 && input[0] === 0x61) throw new TypeError('planted');
      return String(input.length);
    },
  };
  await expect(fuzz(target, 1_000, 1)).rejects.toThrow(/^input [\w+/=]+: TypeError: planted$/);
});
