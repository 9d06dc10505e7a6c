/**
 * The panic key in the line and json UIs: the end at once, everything wiped, and the peer is told nothing but that the line
 * is lost. The rich UI's is in rich.test.ts and zero-trace-screen.test.ts.
 */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { jsonPair, killAll, start } from '../support/program.js';
import { type RelayProcess, startRelayProcess } from '../support/relay.js';

let relay: RelayProcess;
beforeAll(async () => {
  relay = await startRelayProcess(['--port', '0', '--joins-per-minute', '100000']);
});
afterEach(killAll);
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

it('line: /wipe, with text that nobody has acknowledged', async () => {
  const code = `inlet${process.pid}-tunnel-anchor`;
  const flags = ['--relay', relay.url.href, '--code-stdin'];
  const side = start([...flags, '--ui', 'line']);
  const other = start([...flags, '--ui', 'json', '--resume-timeout', '1s']);
  for (const each of [side, other]) each.write(`${code}\n`);
  await side.says('connected');
  await other.event('state', ({ state }) => state === 'active');
  side.write('hello\n/wipe\nnever read\n');
  expect(await side.exit).toBe(130);
  expect(side.stderr()).toContain('(SC-311)');
  expect(await other.exit).toBe(5);
  expect(other.stdout()).not.toContain('never read');
});
