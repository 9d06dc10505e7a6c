/**
 * Doctor: what it says of a relay, its clock, the terminal and the settings.
 */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { DOCTOR_WORDS } from '../../../adapters/words/doctor.js';
import { ROOT } from '../../support/program.js';
import { doctor, sandbox } from '../../../adapters/cli/doctor.js';
import { startRelay } from '../../../relay-ws/server.js';
import { startRelay as startBoth } from '../../../adapters/cli/relays.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const ask = async (argv: readonly string[], env: Record<string, string> = {}): Promise<string> =>
  (await doctor(argv, { stdin: {}, stdout: {}, env })).join('\n');

async function answering(headers: Record<string, string>, status: number): Promise<string> {
  const server: Server = createServer((_request, response) => response.writeHead(status, headers).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  return `ws://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

it('docs/zero-trace.md shows each row, in its words', () => {
  const page = readFileSync(path.join(ROOT, 'docs/zero-trace.md'), 'utf8');
  const shown = [...page.matchAll(/^(\S.*?) {2,}(?:NOT )?enforced {2,}(\S.*)$/gm)].map(([, what, why]) => [what, why]);
  const rows = Object.values(DOCTOR_WORDS.rows).map(([what, why]) => [what, why]);
  expect(shown).toEqual(rows);
  for (const [, , better] of Object.values(DOCTOR_WORDS.rows).filter(([what]) => page.includes(`${what}   NOT`)))
    expect(page).toContain(`  better: ${better}\n`);
});

it('a relay: which wires, whether TLS, how long; its clock agrees', async () => {
  const relay = await startRelay({ port: 0 });
  closing.push(() => relay.close());
  const said = await ask(['--relay', relay.url.href]);
  expect(said).toMatch(/^a relay answers at ws:\/\/127\.0\.0\.1:\d+\/ +ok +ws \d+ ms, no TLS, version \d+\.\d+\.\d+$/m);
  expect(said).toMatch(/^the clock of this machine +ok +agrees with the relay$/m);
});

it('the relay of the setting is looked at; a flag wins; settings are listed, made harmless', async () => {
  const relay = await startRelay({ port: 0 });
  closing.push(() => relay.close());
  const env = { SECURECHAT_RELAY: relay.url.href, SECURECHAT_NAME: 'A\u001b[31m', SECURECHAT_UI: '' };
  const said = await ask([], env);
  expect(said).toContain(`a relay answers at ${relay.url.href}`);
  expect(said).toMatch(/^ {2}SECURECHAT_RELAY=ws:\/\//m);
  expect(said).not.toMatch(/\u001b|SECURECHAT_UI/);
  expect(await ask(['-r', 'ws://127.0.0.1:1'], env)).toMatch(
    /answers at ws:\/\/127\.0\.0\.1:1\/ +no +check .*ECONNREFUSED/,
  );
});

it('something else, and a clock that is wrong', async () => {
  const other = await answering({}, 200);
  expect(await ask(['--relay', other])).toMatch(/answers at .* no +something else answers there$/m);
  const late = await answering({ 'securechat-relay': 'ws, socketio', date: 'Sat, 01 Jan 2000 00:00:00 GMT' }, 426);
  const said = await ask(['--relay', late]);
  // It says so, and lets neither through.
  expect(said).toMatch(/answers at .* no +ws: HTTP 426, socketio: HTTP 426, no TLS$/m);
  expect(said).toMatch(/^the clock of this machine +no +\d+ s ahead of the relay$/m);
});

it('a relay for both: each wire is tried', async () => {
  const relay = await startBoth({ port: 0 });
  closing.push(() => relay.close());
  expect(await ask([`--relay=${relay.url.href}`])).toMatch(/ ok +ws \d+ ms, socketio \d+ ms, no TLS, version /);
});

it('the sandbox keeps the program and its Node, where it would hide them', () => {
  expect(sandbox('/people/ann', '/usr/lib/node_modules/securechat/dist/securechat.cjs', '/usr/bin/node')).toMatch(
    /^bwrap --ro-bind \/ \/ --tmpfs "\$HOME" --tmpfs \/tmp --proc .* securechat$/,
  );
  const [home, tmp] = ['/people/ann/a b/securechat', '/tmp/securechat'];
  expect(sandbox('/people/ann/', `${home}/dist/securechat.cjs`, '/people/ann/node')).toMatch(
    / --tmpfs \/tmp --ro-bind '\/people\/ann\/a b\/securechat' '.*' --ro-bind \/people\/ann\/node \/people\/ann\/node .* '\/people\/ann\/a b\/securechat\/dist\/securechat'$/,
  );
  expect(sandbox(undefined, `${tmp}/dist/securechat.cjs`, '/usr/bin/node')).toContain(
    ` --ro-bind ${tmp} ${tmp} --proc`,
  );
});

it('files: none, or those of a folder that is there', async () => {
  const row = async (...argv: string[]) =>
    (await ask(argv)).split('\n').find((line) => /^a chat reads|^files of/.test(line));
  expect(await row()).toMatch(/^a chat reads and writes no files +ok +--files allows one folder$/);
  expect(await row('--files', import.meta.dirname)).toContain(import.meta.dirname);
  expect(await row('--files')).toMatch(/ ok +\//);
  expect(await row('--files=/no-such-folder')).toMatch(/ no +there is no such folder$/);
  expect(await row('--files', import.meta.filename)).toMatch(/ no +it is not a folder$/);
});

it.each([[['kitchen']], [['--relay']], [['--relay', 'wss://a.example', 'b']]])('%j is refused', async (argv) => {
  await expect(ask(argv)).rejects.toMatchObject({ code: 'SC-503' });
});
