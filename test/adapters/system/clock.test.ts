/**
 * The clock of the system: wake-ups come once, never early, and can be cancelled; long ones come in pieces.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createClock, LOOK_MS, SLEEP_JUMP_MS } from '../../../adapters/system/clock.js';

afterEach(() => {
  vi.useRealTimers();
});

describe('the clock', () => {
  it('wakes once, when now() has reached the time', async () => {
    const clock = createClock();
    const at = clock.now() + 20;
    const woken = await new Promise<number>((resolve) => clock.wakeAt(at, () => resolve(clock.now())));
    expect(woken).toBeGreaterThanOrEqual(at);
  });

  it('takes a time that has passed, and one beyond what a timer can', () => {
    vi.useFakeTimers();
    const clock = createClock();
    const wake = vi.fn();
    clock.wakeAt(clock.now() - 5, wake);
    vi.advanceTimersByTime(1);
    expect(wake).toHaveBeenCalledTimes(1);
    const late = vi.fn();
    clock.wakeAt(clock.now() + 3 * LOOK_MS, late);
    vi.advanceTimersByTime(3 * LOOK_MS - 1);
    expect(late).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2);
    expect(late).toHaveBeenCalledTimes(1);
  });

  it('a cancelled wake-up never comes', () => {
    vi.useFakeTimers();
    const clock = createClock();
    const wake = vi.fn();
    const cancel = clock.wakeAt(clock.now() + 2 * LOOK_MS, wake);
    vi.advanceTimersByTime(LOOK_MS + 10);
    cancel();
    cancel();
    vi.advanceTimersByTime(3 * LOOK_MS);
    expect(wake).not.toHaveBeenCalled();
  });

  describe('a machine that sleeps', () => {
    const at = { monotonic: 1_000, wall: 1_000_000 };
    const source = { monotonic: () => at.monotonic, wall: () => at.wall };
    const pass = (awake: number, asleep = 0): void => {
      at.monotonic += awake;
      at.wall += awake + asleep;
    };

    it('its sleep is counted, once', () => {
      const clock = createClock(source);
      const start = clock.now();
      pass(100);
      expect(clock.now() - start).toBe(100);
      pass(20, 3_600_000);
      expect(clock.now() - start).toBe(3_600_120);
      pass(10);
      expect(clock.now() - start).toBe(3_600_130);
    });

    it('a clock that is set a little, or back, is no sleep', () => {
      const clock = createClock(source);
      const start = clock.now();
      pass(10, SLEEP_JUMP_MS);
      pass(10, 0);
      expect(clock.now() - start).toBe(20);
      pass(10, -86_400_000);
      expect(clock.now() - start).toBe(30);
    });

    it('a wake-up that fell into it comes soon after', () => {
      vi.useFakeTimers();
      const clock = createClock(source);
      const wake = vi.fn();
      clock.wakeAt(clock.now() + 60_000, wake);
      pass(0, 3_600_000);
      vi.advanceTimersByTime(LOOK_MS);
      expect(wake).toHaveBeenCalledTimes(1);
    });
  });

  it('tells the time of day in Unix milliseconds', () => {
    expect(Math.abs(createClock().wallTime() - Date.now())).toBeLessThan(60_000);
  });
});
