/** What a person is told of how the relay is asked. */
import { expect, it } from 'vitest';
import { createAsking } from '../../../core/session/asking.js';
import { createStage } from '../../support/stage.js';

function asking() {
  const stage = createStage();
  return {
    stage,
    asking: createAsking(stage.host),
    seen: () => stage.views('relay').map(({ attempt, joined }) => [attempt, joined]),
  };
}

it('each connection is counted until the relay answers', () => {
  const { asking: one, seen } = asking();
  one.begun(true);
  one.begun(true);
  one.answered(true);
  one.answered(true);
  one.begun(true);
  expect(seen()).toEqual([
    [1, false],
    [2, false],
    [0, true],
    [1, false],
  ]);
});

it('where there are keys nothing of that is shown, but it is counted', () => {
  const { asking: one, seen } = asking();
  one.begun(false);
  one.answered(false);
  one.begun(false);
  one.begun(true);
  expect(seen()).toEqual([[2, false]]);
});

it('why it takes so long is told once, and again when the connection was believed in', () => {
  const { asking: one, stage } = asking();
  one.trouble('busy');
  one.trouble('lost');
  one.believed();
  one.trouble('lost');
  expect(stage.notices.map(({ code, detail }) => [code, detail['why']])).toEqual([
    ['SC-325', 'busy'],
    ['SC-325', 'lost'],
  ]);
});
