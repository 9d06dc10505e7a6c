/**
 * The world of the playground: what its stories promise happens in them, and whatever a reader does as the relay, nothing
 * is shown that nobody wrote.
 */
import { describe, expect, test } from 'vitest';
import {
  type Action,
  ACTIONS_LIMIT,
  formatLink,
  parseLink,
  type Settings,
  SIDES,
} from '../../../docs/playground/link.js';
import { STORIES } from '../../../docs/playground/words.js';
import { createWorld, PACKETS_LIMIT, type Person, type World } from '../../../docs/playground/world.js';
import { fc } from '../../support/chance.js';

function open(link: string): World {
  const given = parseLink(link);
  if (given === undefined) throw new Error(`${link} is no link`);
  const world = createWorld(given.settings);
  for (const action of given.actions) expect(world.act(action), JSON.stringify(action)).toBe(true);
  return world;
}

const heard = ({ lines }: Person): string[] => lines.filter(({ kind }) => kind === 'peer').map(({ text }) => text);
const said = ({ lines }: Person): string[] => lines.filter(({ kind }) => kind === 'own').map(({ text }) => text);
const codes = ({ lines }: Person): string[] => lines.flatMap(({ text }) => /\((SC-\d+)\)$/.exec(text)?.[1] ?? []);

describe('the stories', () => {
  const story = (title: string): World => open(STORIES.find((each) => each.title === title)?.link ?? '');

  test('an honest relay: both read each other, and the relay sees frames of one size', () => {
    const { people, packets, read } = story('An honest relay');
    expect([heard(people.alice), heard(people.bob), read]).toEqual([['hi'], ['hello'], []]);
    expect(people.alice.words).toEqual(people.bob.words);
    const frames = packets.filter(({ bytes }) => bytes[0] === 0x10);
    expect(new Set(frames.map(({ bytes }) => bytes.length))).toEqual(new Set([1280]));
  });

  test('in the middle of a room with a code: nobody is verified, and the guess is told', () => {
    const { people, read } = story('A relay in the middle, and a code');
    expect(read).toEqual([]);
    expect([people.alice.words, people.bob.words]).toEqual([[], []]);
    expect(codes(people.bob)).toEqual(['SC-409', 'SC-409', 'SC-401']);
    expect(codes(people.alice)).toContain('SC-409');
  });

  test('in the middle of a room without a secret: the words differ', () => {
    const { people } = story('A relay in the middle, and no code');
    expect([people.alice.asked, people.bob.asked]).toEqual([true, true]);
    expect(people.alice.words).not.toEqual(people.bob.words);
  });

  test('who says that other words match is read', () => {
    const { people, read } = story('What happens to those who do not compare');
    expect(read.map(({ text }) => text)).toEqual(['Alice: the key is under the mat', 'Bob: thanks']);
    expect([heard(people.alice), heard(people.bob)]).toEqual([['thanks'], ['the key is under the mat']]);
  });

  test.each(['A frame that comes twice', 'A frame that is changed', 'A connection that breaks'])(
    '%s: read once',
    (title) => {
      const { people } = story(title);
      expect(heard(people.bob)).toEqual(said(people.alice));
      expect(said(people.alice)).toHaveLength(1);
      expect([people.alice.state, people.bob.state]).toEqual(['active', 'active']);
    },
  );

  test('the packet that is sent twice, or changed, is the one with the message', () => {
    const twice = story('A frame that comes twice').packets;
    const changed = story('A frame that is changed').packets;
    expect(twice[6]).toMatchObject({ from: 'alice', fate: 'delivered' });
    expect(changed.filter(({ fate }) => fate === 'changed')).toEqual([expect.objectContaining({ from: 'alice' })]);
  });
});

describe('a relay that does as it likes', () => {
  const side = fc.constantFrom(...SIDES);
  const packet = fc.integer({ min: 1, max: 40 });
  const action: fc.Arbitrary<Action> = fc.oneof(
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('pass' as const, 'hold' as const) }) },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constantFrom('deliver' as const, 'drop' as const, 'flip' as const, 'replay' as const),
        packet,
      }),
    },
    fc.record({ do: fc.constant('cut' as const), side }),
    fc.record({ do: fc.constant('wait' as const), seconds: fc.constantFrom(1, 10, 60) }),
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('say' as const), side, text: fc.constantFrom('a', 'b', 'c', 'd') }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('match' as const), side }) },
  );
  const settings: fc.Arbitrary<Settings> = fc.record({
    seed: fc.stringMatching(/^[a-z0-9-]{1,32}$/),
    room: fc.constantFrom('secret' as const, 'open' as const),
    middle: fc.boolean(),
  });

  test('a side reads what the other one wrote, in order, once, and nothing else', () => {
    fc.assert(
      fc.property(settings, fc.array(action, { maxLength: 40 }), (given, actions) => {
        const { people, ...world } = createWorld(given);
        for (const each of actions) world.act(each);
        expect(said(people.alice).slice(0, heard(people.bob).length)).toEqual(heard(people.bob));
        expect(said(people.bob).slice(0, heard(people.alice).length)).toEqual(heard(people.alice));
        // In a room with a secret nobody in the middle reads anything.
        if (given.room === 'secret') expect(world.read).toEqual([]);
      }),
    );
  });

  test('a link shows the same world again, and says the same', () => {
    fc.assert(
      fc.property(settings, fc.array(action, { maxLength: 20 }), (given, actions) => {
        const world = createWorld(given);
        const done = actions.filter((each) => world.act(each));
        const link = formatLink(given, done);
        expect(parseLink(link)).toEqual({ settings: given, actions: done });
        const again = open(link);
        expect(again.packets).toEqual(world.packets);
        expect([again.people.alice.lines, again.people.bob.lines]).toEqual([
          world.people.alice.lines,
          world.people.bob.lines,
        ]);
      }),
      { numRuns: 20 },
    );
  });
});

test('no more is done than a link holds', () => {
  const settings: Settings = { seed: 'x', room: 'secret', middle: false };
  const world = createWorld(settings);
  const done: Action[] = [];
  const hold: Action = { do: 'hold' };
  while (done.length <= ACTIONS_LIMIT && world.act(hold)) done.push(hold);
  expect(done).toHaveLength(ACTIONS_LIMIT);
  expect(parseLink(formatLink(settings, done))?.actions).toEqual(done);
});

test('what cannot be done is refused and changes nothing', () => {
  const world = createWorld({ seed: 'x', room: 'secret', middle: false });
  const before = structuredClone(world.packets);
  expect(world.act({ do: 'deliver', packet: 9 })).toBe(false);
  expect(world.act({ do: 'replay', packet: 1 })).toBe(false);
  expect(world.act({ do: 'match', side: 'alice' })).toBe(false);
  expect(world.packets).toEqual(before);
  expect(world.act({ do: 'drop', packet: 1 })).toBe(true);
  expect(world.act({ do: 'drop', packet: 1 })).toBe(false);
});

test('a link that asks for days of frames ends where the world is full', () => {
  const world = createWorld({ seed: 'x', room: 'secret', middle: false });
  world.act({ do: 'pass' });
  let done = 0;
  while (done < 1_000 && world.act({ do: 'wait', seconds: 3_600 })) done += 1;
  expect(done).toBeLessThan(10);
  // One more answer may be on its way from each side.
  expect(world.packets.length).toBeLessThan(PACKETS_LIMIT + 10);
});

test('whoever has left does nothing more', () => {
  const world = open('#seed=x&room=secret&do=p.qa.w10');
  expect(world.people.alice.state).toBe('destroyed');
  expect(world.act({ do: 'say', side: 'alice', text: 'x' })).toBe(false);
  expect(world.act({ do: 'cut', side: 'alice' })).toBe(false);
});
