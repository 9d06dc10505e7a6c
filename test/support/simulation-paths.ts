/**
 * The network of a simulation that leads directly from one side to the other: it breaks, may fall silent before, and may be
 * there again. When is decided by simulation.ts; no session may be in this file.
 */
import type { createQueue } from './event-queue.js';
import { createPaths, type Paths, type PathsAround } from './paths.js';

export interface PathWeather {
  readonly paths: Paths;
  readonly faults: Readonly<Record<string, () => void>>;
}

export function createPathWeather({
  draw,
  queue,
  now,
  ...around
}: Pick<PathsAround, 'path' | 'transport'> & {
  /** The seed's chance. */
  draw(): number;
  readonly queue: ReturnType<typeof createQueue>;
  now(): number;
}): PathWeather {
  const arrival = { left: 0, right: 0 };
  let [near, silent] = [true, false];
  const paths = createPaths({
    ...around,
    later(to, act) {
      arrival[to] = Math.max(arrival[to], now() + 1 + draw() * 20);
      queue.add(arrival[to], act);
    },
    near: () => near,
    passes: () => !silent,
  });
  return {
    paths,
    faults: {
      'path cut': () => paths.cut(),
      'path silent'() {
        silent = true;
        queue.add(now() + draw() * 40_000, () => {
          paths.cut();
          silent = false;
        });
      },
      'path gone'() {
        near = false;
        paths.cut();
        queue.add(now() + draw() * 90_000, () => {
          near = true;
        });
      },
    },
  };
}
