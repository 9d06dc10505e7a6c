/**
 * Two sessions of the library on a network that loses, delays and doubles frames and cuts connections: every message
 * arrives once and in order, every promise is kept, and nothing is left. Time is in the hands of the test.
 */
import { describe, expect, test } from 'vitest';
import { createFakeClock, type FakeClock } from '../../../plugins/testing/clock.js';
import { createNetwork, sequence } from '../../../plugins/testing/network.js';
import { runs, SEED } from '../../support/chance.js';
import { createRooms, texts } from '../../support/library.js';

/** Lets time pass until `work` is done, in steps; `each` is called before every one. */
async function passing<T>(clock: FakeClock, work: Promise<T>, each: () => void = () => undefined): Promise<T> {
  let done = false;
  const finished = (): void => {
    done = true;
  };
  work.then(finished, finished);
  for (let step = 0; !done; step++) {
    if (step > 40_000) throw new Error('it does not come to an end');
    each();
    clock.advance(25);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return work;
}

const MESSAGES = 60;
const named = (who: string): string[] => [...Array(MESSAGES).keys()].map((n) => `${who} ${String(n)}`);

describe('each message arrives once and in order', () => {
  test.each([...Array(runs(2, 40)).keys()].map((n) => SEED * 1000 + n))('seed %i', async (seed) => {
    const clock = createFakeClock();
    const rough = createNetwork({ seed, latencyMs: 20, loss: 0.01, reorder: 0.02, duplicates: 0.02 });
    let quietly = false;
    const rooms = createRooms({
      clock,
      ...rough,
      onFrame: (frame, leg) => (quietly ? [{ frame, delayMs: 20 }] : rough.onFrame(frame, leg)),
    });
    const [one, other] = await passing(clock, rooms.meet({ resumeTimeout: 86_400_000 }, { resumeTimeout: 86_400_000 }));
    const draw = sequence(seed);
    const heard = [texts(one.session), texts(other.session)] as const;
    const sent: Promise<void>[] = [];
    const speaking = (async () => {
      for (const [n, text] of named('one').entries()) {
        sent.push(one.session.send(text), other.session.send(named('other')[n] ?? ''));
        // One after the other, now and then, so that cuts come in between.
        if (n % 4 === 0) await Promise.all(sent);
      }
      await Promise.all(sent);
    })();
    let cuts = 12;
    await passing(clock, speaking, () => {
      if (cuts > 0 && draw() < 0.02) rooms.relay.cut(rooms.connections - 1 - Math.floor(draw() * 2));
      else return;
      cuts -= 1;
    });
    // A goodbye behind a frame that is lost reaches nobody, and the other side would wait for a day: first a quiet minute.
    quietly = true;
    const end = clock.now() + 60_000;
    let quiet = (): void => undefined;
    await passing(clock, new Promise<void>((resolve) => (quiet = resolve)), () => clock.now() > end && quiet());
    const ends = passing(clock, Promise.all([one.session.close(), other.session.ended]));
    expect((await ends).map(({ exit }) => exit)).toEqual([0, 0]);
    expect(await heard[0]).toEqual(named('other'));
    expect(await heard[1]).toEqual(named('one'));
    expect(rooms.connections).toBeGreaterThan(2);
    expect([one.crypto.live, other.crypto.live]).toEqual([0, 0]);
  });
});
