/** What both UIs for people say of the way to the peer. */
import { expect, test } from 'vitest';
import { createWay } from '../../../adapters/ui/way.js';
import { UI_WORDS } from '../../../adapters/words/line.js';

test('a change that matters is said at once, everything is known to /status', () => {
  const said: string[] = [];
  const way = createWay((sentence) => said.push(sentence));
  expect([way.path, way.lines('active')]).toEqual([undefined, []]);
  way.take({ type: 'path', path: 'relay', why: 'trying' });
  expect(way.lines('active')).toEqual([UI_WORDS.path.relay.trying]);
  way.take({ type: 'path', path: 'relay', why: 'none' });
  expect([said, way.path, way.lines('active')]).toEqual([[], 'relay', [UI_WORDS.path.relay.none]]);
  way.take({ type: 'path', path: 'relay', why: 'polling' });
  expect([said, way.lines('active')]).toEqual([[], [UI_WORDS.path.relay.polling]]);
  way.take({ type: 'path', path: 'direct', address: '203.0.113.7:50000' });
  way.take({ type: 'round-trip', ms: 7 });
  const direct = UI_WORDS.path.direct('203.0.113.7:50000');
  expect([said, way.path, way.roundTrip]).toEqual([[direct], 'direct', 7]);
  expect(way.lines('active')).toEqual([direct, UI_WORDS.status.roundTrip(7)]);
  // Of a connection that is gone nothing is told as if it were now.
  expect(way.lines('reconnecting')).toEqual([UI_WORDS.status.away]);
  for (const why of ['broke', 'unstable', 'peer'] as const) {
    way.take({ type: 'path', path: 'relay', why });
    expect(said.at(-1)).toBe(UI_WORDS.path.relay[why]);
  }
});
