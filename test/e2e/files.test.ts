/**
 * `securechat send` and `receive`, and files in a chat, with the rights that the launcher gives and no others.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type JsonEvent, killAll, PROGRAM, type Program, start } from '../support/program.js';
import { killPiped, type Piped, startPiped } from '../support/pipes.js';
import { type RelayProcess, startRelayProcess } from '../support/relay.js';
import { hasStrace, straced, writesIn } from '../support/strace.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { seededBytes } from '../support/chance.js';
import { hasPty, killTerminals, startInTerminal } from '../support/terminal.js';

const drawn = seededBytes('files');

const LARGE = process.env['LARGE'] === '1';

let relay: RelayProcess;
let proxy: TcpProxy;
let root: string;
let from: string;
let to: string;

beforeAll(async () => {
  relay = await startRelayProcess(['--port', '0', '--joins-per-minute', '100000', '--connections-per-address', '1000']);
  proxy = await startTcpProxy(() => Number(relay.url.port));
});
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'securechat send-'));
  [from, to] = [path.join(root, 'from'), path.join(root, 'to')];
  await Promise.all([mkdir(from), mkdir(to)]);
});
afterEach(async () => {
  killPiped();
  killAll();
  killTerminals();
  proxy.heal();
  await rm(root, { recursive: true, force: true });
});
afterAll(async () => {
  await proxy.close();
  await relay.stop();
});

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Sends these, and receives what comes with `--yes`. */
async function transfer(paths: readonly string[], before: readonly string[] = [PROGRAM]): Promise<[Piped, Piped]> {
  const sender = startPiped(['send', ...paths, '--relay', proxy.url.href], { cwd: from });
  const code = await sender.says(/\d{6}-[a-z]+-[a-z]+-[a-z]+/);
  const receiver = startPiped(['receive', code, '-o', to, '--yes', '--relay', relay.url.href], { before });
  return [sender, receiver];
}

const exits = async (pair: readonly Piped[]): Promise<readonly (number | null)[]> =>
  Promise.all(pair.map(({ exit }) => exit));

test('a tree with names of every kind arrives as it is; both show the same checksum', async () => {
  await mkdir(path.join(from, 'top/sub/empty'), { recursive: true });
  await writeFile(path.join(from, 'top/big'), drawn(300_000));
  for (const name of ['with space', 'über 日本', '-dash', "quote'", 'nothing']) {
    await writeFile(path.join(from, 'top/sub', name), name === 'nothing' ? '' : name);
  }
  await symlink('/etc/passwd', path.join(from, 'top/link'));
  await chmod(path.join(from, 'top/big'), 0o700);
  const pair = await transfer(['top']);
  expect(await exits(pair)).toEqual([0, 0]);
  const names = async (folder: string): Promise<string[]> => (await readdir(folder, { recursive: true })).sort();
  expect(await names(path.join(to, 'top'))).toEqual(
    (await names(path.join(from, 'top'))).filter((name) => name !== 'link'),
  );
  expect(await readFile(path.join(to, 'top/big'))).toEqual(await readFile(path.join(from, 'top/big')));
  const sums = pair.map((each) => /SHA-256 ([0-9a-f]{64})/.exec(each.stderr())?.[1]);
  expect(sums[0]).toBeDefined();
  expect(sums[0]).toBe(sums[1]);
  expect(pair[0].stderr()).toContain('SC-352');
  // Of who has received it is not said that nothing was saved.
  expect(pair[1].stderr()).toMatch(/Your peer left; keys wiped\. \(SC-316\)/);
  expect(pair[0].stderr()).toMatch(/You left; keys wiped, nothing was saved\. \(SC-317\)/);
});

test('beside cover nothing is sent: both are told, and end at once as misused', async () => {
  await writeFile(path.join(from, 'a'), 'x');
  const pair = await transfer(['a', '--cover']);
  expect(await exits(pair)).toEqual([2, 2]);
  for (const { stderr } of pair) expect(stderr().match(/\(SC-333\)/g)).toHaveLength(1);
  expect(await readdir(to)).toEqual([]);
});

test('the connection breaks on the way: it goes on where it was', async () => {
  const content = drawn(LARGE ? 2 ** 28 : 12 * 2 ** 20);
  await writeFile(path.join(from, 'a'), content);
  const pair = await transfer(['a']);
  await pair[1].says('Your peer offers');
  for (let i = 0; i < 3; i++) {
    const before = proxy.connections;
    proxy.cut();
    while (proxy.connections === before && pair[0].child.exitCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  expect(await exits(pair)).toEqual([0, 0]);
  expect(sha(await readFile(path.join(to, 'a')))).toBe(sha(content));
});

test.skipIf(!LARGE)('10,000 files, and one of 2 GiB that is sparse', async () => {
  await mkdir(path.join(from, 'many'));
  for (let i = 0; i < 10_000; i++) await writeFile(path.join(from, 'many', `file ${String(i)}`), String(i));
  expect(await exits(await transfer(['many']))).toEqual([0, 0]);
  expect(await readdir(path.join(to, 'many'))).toHaveLength(10_000);
  await writeFile(path.join(from, 'sparse'), '');
  await truncate(path.join(from, 'sparse'), 2 ** 31);
  const pair = await transfer(['sparse']);
  const memory = pair.map((each) => each.memory());
  expect(await exits(pair)).toEqual([0, 0]);
  expect(Math.max(...memory)).toBeLessThan(150 * 2 ** 20);
});

test('the working folder, as what is sent and as where it goes', async () => {
  await writeFile(path.join(from, 'a'), 'x');
  const sender = startPiped(['send', '.', '--relay', relay.url.href], { cwd: from });
  const code = await sender.says(/\d{6}-[a-z]+-[a-z]+-[a-z]+/);
  const receiver = startPiped(['receive', code, '--yes', '--relay', relay.url.href], { cwd: to });
  expect(await exits([sender, receiver])).toEqual([0, 0]);
  expect(await readFile(path.join(to, 'from', 'a'), 'utf8')).toBe('x');
  // Its own folder may be written, and nothing else: the launcher did its work.
  expect(receiver.stderr()).not.toContain('SC-508');
});

test('files and folders behind a link that the person named', async () => {
  await writeFile(path.join(from, 'a'), 'x');
  await symlink(from, path.join(root, 'out'));
  await symlink(to, path.join(root, 'in'));
  const sender = startPiped(['send', 'out/a', '--relay', relay.url.href], { cwd: root });
  const code = await sender.says(/\d{6}-[a-z]+-[a-z]+-[a-z]+/);
  const receiver = startPiped(['receive', code, '-o', 'in/', '--yes', '--relay', relay.url.href], { cwd: root });
  expect(await exits([sender, receiver])).toEqual([0, 0]);
  expect(await readFile(path.join(to, 'a'), 'utf8')).toBe('x');
});

test('without --yes the person is asked; a no is told to both', async () => {
  await writeFile(path.join(from, 'a'), 'x');
  const sender = startPiped(['send', 'a', '--relay', relay.url.href], { cwd: from });
  const code = await sender.says(/\d{6}-[a-z]+-[a-z]+-[a-z]+/);
  const receiver = startPiped(['receive', code, '-o', to, '--relay', relay.url.href]);
  await receiver.says('Receive it? (yes/no)');
  receiver.child.stdin.write('no\n');
  expect(await sender.exit).toBe(7);
  await receiver.exit;
  expect(sender.stderr()).toContain('SC-342');
  expect(await readdir(to)).toEqual([]);
});

test('a code of send that is opened in a chat: both hear what the other one does, and what to type', async () => {
  await writeFile(path.join(from, 'a'), 'x');
  const sender = startPiped(['send', 'a', '--relay', relay.url.href], { cwd: from });
  const code = await sender.says(/\d{6}-[a-z]+-[a-z]+-[a-z]+/);
  await sender.says('Your peer types: securechat receive\n');
  const chat = startPiped(['--ui', 'line', '--relay', relay.url.href, code]);
  expect(await exits([sender, chat])).toEqual([2, 2]);
  const again = 'Start again with a new code.';
  expect(chat.stderr()).toContain(
    `Your peer is sending files, and this is a chat. ${again} You type: securechat receive (SC-338)`,
  );
  expect(sender.stderr()).toContain(
    `Your peer opened a chat, and you are sending files. ${again} Your peer types: securechat receive (SC-338)`,
  );
  expect(sender.stderr()).not.toContain('SC-343');
});

test('a name that is taken is asked about, and never overwritten', async () => {
  await writeFile(path.join(from, 'a.txt'), 'new');
  await writeFile(path.join(to, 'a.txt'), 'old');
  const sender = startPiped(['send', 'a.txt', '--relay', relay.url.href], { cwd: from });
  const code = await sender.says(/\d{6}-[a-z]+-[a-z]+-[a-z]+/);
  const receiver = startPiped(['receive', code, '-o', to, '--relay', relay.url.href]);
  await receiver.says('Receive it?');
  receiver.child.stdin.write('yes\n');
  await receiver.says('(rename/skip)');
  receiver.child.stdin.write('rename\n');
  expect(await exits([sender, receiver])).toEqual([0, 0]);
  expect(await readFile(path.join(to, 'a.txt'), 'utf8')).toBe('old');
  expect(await readFile(path.join(to, 'a (2).txt'), 'utf8')).toBe('new');
});

describe('least rights', () => {
  test.skipIf(!hasStrace)('receive writes in its destination alone', async () => {
    await mkdir(path.join(from, 'top'));
    await writeFile(path.join(from, 'top/a'), drawn(100_000));
    const trace = path.join(root, 'trace');
    const pair = await transfer(['top'], [...straced(trace), PROGRAM]);
    expect(await exits(pair)).toEqual([0, 0]);
    const elsewhere = writesIn(trace).filter((line) => !line.includes(`"${to}/`));
    expect(elsewhere).toEqual([]);
    expect(writesIn(trace).length).toBeGreaterThan(0);
  });

  test.skipIf(!hasStrace)('send writes nowhere; a chat with --files writes in its folder alone', async () => {
    await writeFile(path.join(from, 'a'), drawn(100_000));
    const [sends, takes] = [path.join(root, 'sends'), path.join(root, 'takes')];
    const code = `traced${String(process.pid)}-tunnel-anchor`;
    const taker = start([`--files=${to}`, '--ui', 'json', '--code-stdin', '--relay', relay.url.href], {
      before: [...straced(takes), PROGRAM],
    });
    taker.write(`${code}\n`);
    const sender = startPiped(['send', 'a', '--room', code, '--relay', relay.url.href], {
      cwd: from,
      before: [...straced(sends), PROGRAM],
    });
    const offer = await taker.event('offer');
    taker.command({ do: 'accept', id: offer['id'] });
    await taker.event('file-done');
    expect(await sender.exit).toBe(0);
    await taker.exit;
    expect(writesIn(sends)).toEqual([]);
    const written = writesIn(takes);
    expect(written.length).toBeGreaterThan(0);
    expect(written.filter((line) => !line.includes(`"${to}/`))).toEqual([]);
  });

  test('a chat reads in its folder alone, send what it was given alone', async () => {
    await writeFile(path.join(root, 'secret'), 'x');
    await writeFile(path.join(from, 'a'), 'x');
    const code = `rights${String(process.pid)}-tunnel-anchor`;
    const flags = ['--ui', 'json', '--code-stdin', '--relay', relay.url.href];
    const [chat, peer] = [start([`--files=${from}`, ...flags]), start(flags)];
    for (const side of [chat, peer]) side.write(`${code}\n`);
    await Promise.all([chat, peer].map((side) => side.event('state', ({ state }) => state === 'active')));
    chat.command({ do: 'offer', paths: ['../secret'] });
    expect(await chat.event('file-failed')).toMatchObject({ code: 'SC-350' });
    chat.command({ do: 'quit' });
    await Promise.all([chat.exit, peer.exit]);
    await mkdir(path.join(from, 'top'));
    await symlink(path.join(root, 'secret'), path.join(from, 'top/link'));
    expect(await exits(await transfer(['top']))).toEqual([0, 0]);
    expect(await readdir(path.join(to, 'top'))).toEqual([]);
  });

  test('with --json and no input at all a file is sent and received', async () => {
    await writeFile(path.join(from, 'a b'), 'x');
    const code = `json${String(process.pid)}-tunnel-anchor`;
    const sender = start(['send', '--json', path.join(from, 'a b'), '--room', code, '--relay', relay.url.href]);
    sender.end();
    const receiver = start(['receive', '--json', '--yes', '-o', to, '--code-stdin', '--relay', relay.url.href]);
    receiver.write(`${code}\n`);
    receiver.end();
    await Promise.all([sender, receiver].map((side) => side.event('file-done')));
    expect(await Promise.all([sender.exit, receiver.exit])).toEqual([0, 0]);
    expect(await readFile(path.join(to, 'a b'), 'utf8')).toBe('x');
  });

  test('a folder that a * would widen is refused', async () => {
    await mkdir(path.join(to, 's*r'));
    const receiver = startPiped(['receive', '-o', path.join(to, 's*r'), '--relay', relay.url.href]);
    expect(await receiver.exit).toBe(2);
    expect(receiver.stderr()).toContain('*');
  });
});

describe('in a chat', () => {
  const isActive = ({ state }: JsonEvent): boolean => state === 'active';

  async function chats(files: boolean): Promise<[Program, Program]> {
    const code = `chat${String(process.pid)}x${String(Math.floor(performance.now()))}-tunnel-anchor`;
    const flags = ['--ui', 'json', '--code-stdin', '--relay', relay.url.href];
    const sides = [from, to].map((folder) => start([...(files ? [`--files=${folder}`] : []), ...flags]));
    for (const side of sides) side.write(`${code}\n`);
    await Promise.all(sides.map((side) => side.event('state', isActive)));
    return sides as [Program, Program];
  }

  test('offer, accept, progress, done; chatting goes on; a second one is canceled', async () => {
    const content = drawn(3 * 2 ** 20);
    await writeFile(path.join(from, 'a b'), content);
    const [left, right] = await chats(true);
    left.command({ do: 'offer', paths: ['a b'] });
    const offer = await right.event('offer');
    expect(offer).toMatchObject({ incoming: true, names: ['a b'], count: 1, bytes: content.length, exists: false });
    right.command({ do: 'accept', id: offer['id'] });
    left.command({ do: 'send', text: 'meanwhile' });
    await right.event('message');
    const [sent, received] = await Promise.all([left.event('file-done'), right.event('file-done')]);
    expect(sent['sum']).toBe(sha(content));
    expect(received['sum']).toBe(sha(content));
    expect(right.events.some(({ event, bytes }) => event === 'progress' && bytes === content.length)).toBe(true);
    expect(sha(await readFile(path.join(to, 'a b')))).toBe(sha(content));
    left.command({ do: 'offer', paths: ['a b'] });
    const again = await right.event('offer', ({ id }) => id !== offer['id']);
    expect(again['exists']).toBe(true);
    right.command({ do: 'reject', id: again['id'] });
    expect((await left.event('file-failed'))['code']).toBe('SC-342');
    left.command({ do: 'quit' });
    expect(await Promise.all([left.exit, right.exit])).toEqual([0, 0]);
  });

  test.skipIf(!hasPty)(
    'on a terminal: Tab behind /send completes a path; the panel shows the transfer; it arrives',
    async () => {
      const content = drawn(2 * 2 ** 20);
      await mkdir(path.join(from, 'holiday photos'));
      await writeFile(path.join(from, 'holiday photos/beach.bin'), content);
      const code = `tab${String(process.pid)}-tunnel-anchor`;
      const flags = ['--relay', relay.url.href];
      const left = startInTerminal([`--files=${from}`, '--ui', 'rich', ...flags, code]);
      const right = start([`--files=${to}`, '--ui', 'json', '--code-stdin', ...flags]);
      right.write(`${code}\n`);
      await Promise.all([left.shows(/end-to-end encrypted/), right.event('state', isActive)]);
      left.type('/send hol\t');
      await left.shows('/send holiday\\ photos/');
      left.type('be\t');
      await left.shows('photos/beach.bin');
      left.type('\r');
      const offer = await right.event('offer');
      expect(offer['names']).toEqual(['beach.bin']);
      await left.shows(/beach\.bin .*2\.10 MB/);
      right.command({ do: 'accept', id: offer['id'] });
      expect((await right.event('file-done'))['sum']).toBe(sha(content));
      await left.shows(/SHA-256/);
      right.command({ do: 'quit' });
      await right.exit;
    },
  );

  test('without --files it says so in one sentence, and refuses for the peer', async () => {
    await writeFile(path.join(from, 'a'), 'x');
    const [left, right] = await chats(false);
    left.command({ do: 'offer', paths: ['a'] });
    expect((await left.event('notice', ({ code }) => code === 'SC-340'))['text']).toContain('--files');
    right.command({ do: 'quit' });
    await Promise.all([left.exit, right.exit]);
    expect(existsSync(path.join(to, 'a'))).toBe(false);
  });
});
