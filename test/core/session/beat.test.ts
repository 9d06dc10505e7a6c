/** The beat of cover: in step for ever, whatever is missed; at once when the line is back. */
import { expect, it } from 'vitest';
import { COVER_BEAT, createBeat } from '../../../core/session/beat.js';

it('is the next one in step; one that was missed is not made up', () => {
  const beat = createBeat(100);
  expect(beat.at).toBe(100);
  beat.take(100);
  expect(beat.at).toBe(100 + COVER_BEAT);
  beat.take(100 + COVER_BEAT + 20);
  expect(beat.at).toBe(100 + 2 * COVER_BEAT);
  beat.take(100 + 5 * COVER_BEAT - 1);
  expect(beat.at).toBe(100 + 5 * COVER_BEAT);
  beat.take(100 + 7 * COVER_BEAT);
  expect(beat.at).toBe(100 + 8 * COVER_BEAT);
});

it('is now when the line is back', () => {
  const beat = createBeat(0);
  beat.restart(1_234);
  expect(beat.at).toBe(1_234);
  beat.take(1_234);
  expect(beat.at).toBe(1_234 + COVER_BEAT);
});
