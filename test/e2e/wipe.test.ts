/**
 * The panic key in the line and json UIs: the end at once, everything wiped, and the peer is told nothing but that the line
 * is lost. The rich UI's is in rich.test.ts and zero-trace-screen.test.ts.
 */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { FRAME_TYPE } from '../../core/protocol/frame.js';
import { startHostileRelay } from '../support/hostile-relay.js';
import { jsonPair, killAll, start } from '../support/program.js';
import { type RelayProcess, startRelayProcess } from '../support/relay.js';
import { hasPty, killTerminals, startInTerminal } from '../support/terminal.js';

let relay: RelayProcess;
beforeAll(async () => {
  relay = await startRelayProcess(['--port', '0', '--joins-per-minute', '100000']);
});
afterEach(() => {
  killAll();
  killTerminals();
});
afterAll(() => relay.stop());

it('json: {"do":"wipe"}', async () => {
  const { maker, guest } = await jsonPair(relay.url, { guest: ['--resume-timeout', '1s'] });
  maker.command({ do: 'send', text: 'held or not' });
  maker.command({ do: 'wipe' });
  expect(await maker.exit).toBe(130);
  expect(await maker.event('ended')).toMatchObject({ code: 'SC-311', exit: 130 });
  expect(await guest.exit).toBe(5);
  expect(await guest.event('ended')).toMatchObject({ code: 'SC-304' });
});

it.skipIf(!hasPty)('line: /wipe at a terminal, with text that nobody has acknowledged', async () => {
  let chatting = false;
  let held = 0;
  const holding = await startHostileRelay({
    onFrame(frame, from, room) {
      if (chatting && frame[0] === FRAME_TYPE && frame.length > 1280) held += 1;
      else room.send(room.other(from), frame);
    },
  });
  try {
    const flags = ['--relay', holding.url.href, `inlet${process.pid}-tunnel-anchor`];
    const side = startInTerminal([...flags, '--ui', 'line']);
    const other = start([...flags, '--ui', 'json', '--resume-timeout', '1s']);
    await Promise.all([side.shows('end-to-end encrypted'), other.event('state', ({ state }) => state === 'active')]);
    chatting = true;
    side.type(`${'held '.repeat(500)}\n`);
    await holding.until(() => held > 0);
    // Lines that come together are pasted, and then none is a command: this one comes later.
    await side.shows('Reconnecting');
    side.type('/wipe\n');
    expect(await side.exit).toBe(130);
    expect(side.emulator.everything().join('')).toContain('(SC-311)');
    expect(await other.exit).toBe(5);
    expect(await other.event('ended')).toMatchObject({ code: 'SC-304' });
    expect(other.stdout()).not.toContain('held');
  } finally {
    await holding.close();
  }
});
