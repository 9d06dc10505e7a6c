/**
 * The bots of docs/json.md as their readers get them: taken out of the page into an empty folder, with `securechat` on the
 * PATH, against a real peer.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { ENV, killAll, PROGRAM, ROOT, start } from '../support/program.js';
import { type RelayProcess, startRelayProcess } from '../support/relay.js';

const folder = mkdtempSync(path.join(tmpdir(), 'securechat-test-'));
const page = readFileSync(path.join(ROOT, 'docs/json.md'), 'utf8');
for (const [, name = '', code = ''] of page.matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms))
  writeFileSync(path.join(folder, name), code);
symlinkSync(PROGRAM, path.join(folder, 'securechat'));
const PATH = `${folder}${path.delimiter}${ENV['PATH'] ?? ''}`;

let relay: RelayProcess;
let bot: ChildProcess | undefined;
beforeAll(async () => {
  relay = await startRelayProcess();
});
afterEach(() => {
  bot?.kill('SIGKILL');
  killAll();
});
afterAll(async () => {
  await relay.stop();
  rmSync(folder, { recursive: true });
});

it.each([
  ['python3', 'echo.py'],
  [process.execPath, 'echo.mjs'],
])('%s %s', async (interpreter, file) => {
  if (spawnSync(interpreter, ['--version']).error !== undefined) {
    return console.warn(`SKIPPED: there is no ${interpreter}, its bot is not tried`);
  }
  const source = readFileSync(path.join(folder, file), 'utf8').split('\n');
  expect(source.filter((line) => line !== '').length).toBeLessThanOrEqual(11);
  const child = spawn(interpreter, [file, '--relay', relay.url.href], { cwd: folder, env: { ...ENV, PATH } });
  bot = child;
  // Python may write the line and its end in two pieces.
  const [said] = (await once(createInterface(child.stdout), 'line')) as [string];
  expect(said).toMatch(/^\d{6}(-[a-z]+){3}$/);
  const peer = start(['--ui', 'json', '--code-stdin', '--relay', relay.url.href]);
  peer.write(`${said}\n`);
  await peer.event('state', ({ state }) => state === 'active');
  for (const text of ['hello', 'grüße 👋\nsecond line', '\u2028 "quoted" \u0007']) {
    peer.command({ do: 'send', text });
    await peer.event('message', (event) => event['text'] === text);
  }
  peer.command({ do: 'quit' });
  const [status] = (await once(child, 'exit')) as [number];
  expect([status, await peer.exit]).toEqual([0, 0]);
});
