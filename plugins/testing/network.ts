/**
 * A network that misbehaves for the relay in memory: latency, loss, reorder, duplicates, the same for the same seed. No
 * chance and no time of its own may be in this file.
 */
import type { Delivery, Leg, MemoryRelayOptions } from './memory.js';

export interface NetworkOptions {
  /** Any integer. The same seed and the same frames give the same network. */
  readonly seed: number;
  /** Of every frame and control message on each leg, milliseconds. Default 0. */
  readonly latencyMs?: number;
  /** The share of frames that are lost on a leg, 0 to 1. Default 0. */
  readonly loss?: number;
  /** The share of frames that come late, so that the next ones overtake them, 0 to 1. Default 0. */
  readonly reorder?: number;
  /** How much later those come, milliseconds. Default 50. */
  readonly reorderMs?: number;
  /** The share of frames that come twice, 0 to 1. Default 0. */
  readonly duplicates?: number;
}

/** For `createMemoryRelay`. Two legs do not share a sequence: what one client sends changes nothing for the other. */
export function createNetwork(
  options: NetworkOptions,
): Required<Pick<MemoryRelayOptions, 'onFrame' | 'controlDelayMs'>> {
  const { seed, latencyMs = 0, loss = 0, reorder = 0, reorderMs = 50, duplicates = 0 } = options;
  const draws = new Map<string, () => number>();

  function drawOf({ client, direction }: Leg): () => number {
    const name = `${direction} ${String(client)}`;
    const draw = draws.get(name) ?? sequence(seed * 2_654_435_761 + client * 2 + (direction === 'up' ? 0 : 1));
    draws.set(name, draw);
    return draw;
  }

  return {
    onFrame(frame, leg): readonly Delivery[] {
      const draw = drawOf(leg);
      // Always as many draws, so that one option does not change what another one does.
      const [lost, late, twice] = [draw() < loss, draw() < reorder, draw() < duplicates];
      if (lost) return [];
      const first = { frame, delayMs: late ? latencyMs + reorderMs : latencyMs };
      return twice ? [first, { frame, delayMs: first.delayMs + reorderMs }] : [first];
    },
    controlDelayMs: () => latencyMs,
  };
}

/** mulberry32: numbers from 0 up to 1, enough for a test. */
export function sequence(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
