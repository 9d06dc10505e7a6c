/** Waiting for a peer is not silent: after a while the room is named, in the line UI and on the screen. */
import { describe, expect, test } from 'vitest';
import { createLineUi } from '../../../adapters/ui/line/line.js';
import { ALONE_MS, createWaiting } from '../../../adapters/ui/waiting.js';
import { UI_WORDS } from '../../../adapters/words/line.js';
import type { UiView } from '../../../core/ports.js';
import { createFakeClock } from '../../../plugins/testing/clock.js';
import { openRich } from '../../support/rich.js';
import { openUi } from '../../support/streams.js';
import { state } from '../../support/views.js';

const relay = (joined: boolean): UiView => ({
  ...{ type: 'relay', address: 'wss://relay.example/', attempt: 1, joined, room: 'Kitchen' },
});

describe('who waits', () => {
  test.each<[string, UiView[], UiView[], boolean]>([
    ['alone in the room', [state('searching'), relay(true)], [], true],
    ['for the relay', [state('searching'), relay(false)], [], false],
    ['and meets somebody', [state('searching'), relay(true)], [state('handshaking')], false],
    ['and loses the relay', [state('searching'), relay(true)], [relay(false)], false],
    ['and joins once more at once', [state('searching'), relay(true)], [relay(true)], true],
  ])('%s', (_how, before, then, told) => {
    const clock = createFakeClock();
    const rooms: string[] = [];
    const waiting = createWaiting(clock, (room) => rooms.push(room));
    for (const view of before) waiting.see(view);
    clock.advance(ALONE_MS - 1);
    expect(rooms).toEqual([]);
    for (const view of then) waiting.see(view);
    clock.advance(ALONE_MS * 3);
    expect(rooms).toEqual(told ? ['Kitchen'] : []);
  });

  test('is told again when it begins anew, and nothing is told behind the end', () => {
    const clock = createFakeClock();
    const rooms: string[] = [];
    const waiting = createWaiting(clock, (room) => rooms.push(room));
    waiting.see(relay(true));
    clock.advance(ALONE_MS);
    for (const view of [state('handshaking'), state('searching'), relay(true)]) waiting.see(view);
    clock.advance(ALONE_MS);
    expect(rooms).toHaveLength(2);
    for (const view of [state('handshaking'), relay(true)]) waiting.see(view);
    waiting.close();
    clock.advance(ALONE_MS);
    expect(rooms).toHaveLength(2);
  });
});

test('the line UI names the room', async () => {
  const rig = openUi((context) => createLineUi({}, context), { terminal: true });
  rig.show(state('searching'), relay(true));
  rig.clock.advance(ALONE_MS);
  await rig.ui.close();
  expect(rig.errors.text()).toContain(`-- ${UI_WORDS.alone('Kitchen')}\n-- ${UI_WORDS.aloneHint}\n`);
});

test.each([
  { columns: 80, rows: 24 },
  { columns: 40, rows: 10 },
])('so does the screen: %j', async (size) => {
  const rig = openRich(size);
  rig.show(state('searching'), relay(true));
  rig.clock.advance(ALONE_MS);
  const screen = (await rig.screen()).join('\n');
  expect(screen).toContain('Nobody else is in room Kitchen');
  expect(screen).toContain('Check that you both typed');
  await rig.ui.close();
});
