/**
 * A thief of all keys of an epoch who sits in the middle of every rekey since (protocol.md sections 0 and 5): he reads on,
 * and comparing the words of the present shows it. One who stayed passive during one rekey is locked out.
 */
import { expect, it } from 'vitest';
import { COMPARE_TIMEOUT } from '../../../core/session/compare.js';
import { fc, runs } from '../../support/chance.js';
import type { ChannelEnd } from '../../support/channels.js';
import { theft } from '../../support/thief.js';

const wordsOf = ({ compared }: ChannelEnd): string[] =>
  compared.flatMap((what) => (what.type === 'words' ? what.words.join(' ') : []));

const say = (end: ChannelEnd, id: number): void => {
  end.data.push({ type: 'text', id, part: 0, last: true, text: new Uint8Array(3) });
};

it('active in the middle of every rekey: everything goes on, and equal words never come up', () => {
  const action = fc.constantFrom('a asks', 'b asks', 'a talks', 'b talks', 'time');
  let compared = 0;
  fc.assert(
    fc.property(fc.array(action, { minLength: 5, maxLength: 25 }), (actions) => {
      const thief = theft();
      const { a, b } = thief;
      const ids = { a: 0, b: 0 };
      const act = {
        'a asks': () => a.channel.compare(thief.now),
        'b asks': () => b.channel.compare(thief.now),
        'a talks': () => say(a, ids.a++),
        'b talks': () => say(b, ids.b++),
        time: () => undefined,
      };
      for (const each of actions) {
        act[each]();
        thief.advance(each === 'time' ? 7_000 : 100);
      }
      thief.advance(60_000);
      expect(b.got.filter((type) => type === 'text')).toHaveLength(ids.a);
      expect(a.got.filter((type) => type === 'text')).toHaveLength(ids.b);
      const [ofA, ofB] = [wordsOf(a), wordsOf(b)];
      expect(ofA).toHaveLength(ofB.length);
      for (const words of ofA) expect(ofB).not.toContain(words);
      compared += ofA.length;
    }),
    { numRuns: runs(8, 60) },
  );
  expect(compared).toBeGreaterThan(10);
});

it('when he lets the comparison starve, who asked is told within 30 seconds', () => {
  for (const withheld of ['words-wanted', 'words-commit', 'words-nonce', 'words-reveal'] as const) {
    const thief = theft();
    thief.advance(100);
    thief.withheld = new Set([withheld]);
    thief.b.channel.compare(thief.now);
    thief.advance(COMPARE_TIMEOUT);
    // It was begun, so nothing older is shown; and nothing new is.
    expect(thief.b.compared.map(({ type }) => type)).toEqual(['begun', 'starved']);
  }
});

it('passive during one rekey: he is locked out, and the words are equal', () => {
  const thief = theft();
  thief.active = false;
  thief.advance(100);
  expect(thief.overheard).toBeGreaterThan(0);
  thief.a.channel.compare(thief.now);
  thief.advance(100);
  const { overheard } = thief;
  say(thief.a, 0);
  thief.advance(1000);
  expect(thief.overheard).toBe(overheard);
  expect(wordsOf(thief.a)).toEqual(wordsOf(thief.b));
  expect(wordsOf(thief.a)).toHaveLength(1);
});
