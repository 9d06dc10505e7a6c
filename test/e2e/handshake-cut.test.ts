/**
 * The real program when the connection of both breaks just before a frame of the handshake: it gets through, with the
 * same attempt, and no code is burnt.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { repeats } from '../support/chance.js';
import { type HostileRelay, startHostileRelay } from '../support/hostile-relay.js';
import { type JsonEvent, killAll, type Program, start } from '../support/program.js';

const relays: HostileRelay[] = [];

afterAll(async () => {
  killAll();
  for (const relay of relays) await relay.close();
});

/** Frame number `cut` does not arrive: both connections are gone instead. */
async function relayThatCuts(cut: number): Promise<{ relay: HostileRelay; frames: () => number }> {
  let frames = 0;
  const relay = await startHostileRelay({
    onFrame(frame, from, room) {
      frames += 1;
      if (frames !== cut) return room.send(room.other(from), frame);
      for (const side of [0, 1]) room.cut(side);
    },
  });
  relays.push(relay);
  return { relay, frames: () => frames };
}

function join(relay: HostileRelay, code: string): Program {
  const program = start(['--ui', 'json', '--relay', relay.url.href, '--code-stdin']);
  program.write(`${code}\n`);
  return program;
}

const CODES: readonly [string, string, string][] = [
  ['a generated secret', '482913-tunnel-anchor-mango', 'active'],
  ['a chosen secret', 'kitchen-blue horse', 'active'],
  ['no secret', 'kitchen', 'confirming'],
];

// Each kind of code at each frame in one process: test/core/session/attempts.test.ts.
describe.concurrent.each(repeats(CODES))('with %s', (_name, code, state) => {
  it.each(repeats([6, 3, 1, 2, 4, 5], 2))('cut just before frame %i', async (cut) => {
    const { relay, frames } = await relayThatCuts(cut);
    const sides = [join(relay, code), join(relay, code)];
    const there = (event: JsonEvent): boolean => event['state'] === state;
    await Promise.all(sides.map((side) => side.event('state', there)));
    expect(frames()).toBeGreaterThanOrEqual(cut - 1);
    for (const side of sides) side.command({ do: 'quit' });
    expect(await Promise.all(sides.map((side) => side.exit))).toEqual([0, 0]);
    const words = sides.map((side) => side.events.filter(({ event }) => event === 'safety-words').at(-1)?.['words']);
    expect(words[0]).toEqual(words[1]);
    for (const side of sides) {
      const counted = side.events.filter((event) => /SC-(401|402|408|409)/.test(String(event['code'])));
      expect(counted).toEqual([]);
    }
  });
});
