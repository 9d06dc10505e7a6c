/**
 * The built library in a process of its own and against the real program: it leaves the process as it is, reads and writes
 * nothing, and speaks with `securechat` as two programs speak with each other.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Offer } from '../../adapters/library/api.js';
import { connect } from '../../adapters/library/library.js';
import type { Relay } from '../../adapters/relay/listener.js';
import { failure, next, take } from '../support/library.js';
import { killAll, start } from '../support/program.js';
import { startTestRelay } from '../support/relay.js';

const LIBRARY = path.join(realpathSync(fileURLToPath(new URL('../..', import.meta.url))), 'dist/library');

let relay: Relay;
beforeAll(async () => {
  relay = await startTestRelay();
});
afterAll(() => relay.close());

/** Runs a module to its end; what it wrote, and how it ended. */
async function run(code: string, flags: readonly string[] = []) {
  const child = spawn(process.execPath, [...flags, '--input-type=module', '-e', code], {
    env: { SECURECHAT_NAME: 'x' },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const [status] = (await once(child, 'close')) as [number | null];
  return { stdout, stderr, status };
}

const TALK = `
  const listeners = () => process.eventNames().map((name) => [String(name), process.listenerCount(name)]);
  const before = JSON.stringify(listeners());
  const asked = [];
  // Node itself asks, too: only what the library asks for counts.
  const library = ${JSON.stringify(pathToFileURL(LIBRARY).href)};
  const get = (all, name) => {
    if (new Error().stack.split('\\n')[2].includes(library)) asked.push(name);
    return all[name];
  };
  process.env = new Proxy({ ...process.env }, { get });
  const { connect } = await import(${JSON.stringify(pathToFileURL(path.join(LIBRARY, 'library.js')).href)});
  const talk = async (relay, crypto) => {
    const one = await connect({ relay, crypto });
    const other = await connect({ relay, crypto, code: one.code });
    await one.send('hello');
    for await (const { text } of other.messages) if (text === 'hello') break;
    await one.close();
    await other.ended;
  };
`;
const REPORT = 'console.log(JSON.stringify({ asked, same: before === JSON.stringify(listeners()) }));';

describe('the process', () => {
  test.each(['sodium', 'tweetnacl'])('is left as it is, and ends by itself (%s)', async (crypto) => {
    const { stdout, stderr, status } = await run(
      `${TALK} await talk(${JSON.stringify(relay.url.href)}, ${JSON.stringify(crypto)}); ${REPORT}`,
    );
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(JSON.parse(stdout)).toEqual({ asked: [], same: true });
  });

  test('may do nothing but read the library itself', async () => {
    const permission = process.allowedNodeEnvironmentFlags.has('--permission')
      ? '--permission'
      : '--experimental-permission';
    const net = process.allowedNodeEnvironmentFlags.has('--allow-net') ? ['--allow-net'] : [];
    const { stdout, stderr, status } = await run(`${TALK} await talk(${JSON.stringify(relay.url.href)}); ${REPORT}`, [
      permission,
      `--allow-fs-read=${LIBRARY}/*`,
      ...net,
      '--no-warnings',
      '--disallow-code-generation-from-strings',
    ]);
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(JSON.parse(stdout)).toMatchObject({ asked: [] });
  });
});

test('what is built holds nothing that prints, listens to the process or ends it', () => {
  const files = readdirSync(LIBRARY, { recursive: true }).map(String);
  const code = files.filter((file) => file.endsWith('.js'));
  expect(code.filter((file) => file.includes('browser')).length).toBeGreaterThan(3);
  // The bundler's name of what stands in place of the environment.
  const own = (file: string) => readFileSync(path.join(LIBRARY, file), 'utf8').replaceAll('<define:process.env>', '');
  expect(code.filter((file) => /\bprocess\.(exit|abort|kill|env|on|once|stdout|stderr)\b/.test(own(file)))).toEqual([]);
  const forPages = code.filter((file) => file.includes('browser'));
  expect(
    forPages.filter((file) => /from ['"]node:|\bBuffer\.|\blocalStorage\b|\bdocument\.cookie\b/.test(own(file))),
  ).toEqual([]);
});

describe('with the program at the other end', () => {
  afterEach(killAll);

  test('words, messages both ways, files both ways, and a goodbye', async () => {
    const files = mkdtempSync(path.join(tmpdir(), 'securechat-library-test-'));
    try {
      writeFileSync(path.join(files, 'from-the-program.txt'), 'content of the program');
      const session = await connect({ relay: relay.url, name: 'library', verify: true });
      const program = start([
        '--ui',
        'json',
        '--code-stdin',
        '--relay',
        relay.url.href,
        '--files',
        files,
        '--name',
        'program',
      ]);
      program.write(`${session.code ?? ''}\n`);
      await next(session, 'state', (state) => state === 'confirming');
      const shown = await program.event('safety-words');
      expect(session.words).toEqual({ words: shown['words'], required: true });
      session.confirm();
      await program.event('peer-confirmed');

      const offering = session.offers[Symbol.asyncIterator]().next();
      await session.send('grüße 👋');
      expect(await program.event('message')).toMatchObject({ text: 'grüße 👋', from: 'library' });
      program.command({ do: 'send', text: 'hello\nlibrary' });
      expect(await take(session, 1)).toMatchObject([{ text: 'hello\nlibrary', from: 'program' }]);

      const transfer = session.sendFiles({
        name: 'from-the-library.txt',
        content: new Blob(['content of the library']),
      });
      const offer = await program.event('offer');
      program.command({ do: 'accept', id: offer['id'] });
      expect(await transfer.done).toMatchObject({ bytes: 22 });
      expect(readFileSync(path.join(files, 'from-the-library.txt'), 'utf8')).toBe('content of the library');

      program.command({ do: 'offer', paths: ['from-the-program.txt'] });
      const incoming = ((await offering).value as Offer).accept();
      for await (const file of incoming) {
        expect(file.path).toBe('from-the-program.txt');
        expect(new TextDecoder().decode(await file.bytes())).toBe('content of the program');
      }
      expect((await incoming.done).sum).toBe((await program.event('file-done', ({ id }) => id !== offer['id']))['sum']);

      program.command({ do: 'quit' });
      expect(await session.ended).toMatchObject({ code: 'SC-316', exit: 0 });
      expect(await program.exit).toBe(0);
    } finally {
      rmSync(files, { recursive: true, force: true });
    }
  });

  test('a code that the program made, with a word too many to be right, then the right one', async () => {
    const program = start(['--ui', 'json', '--relay', relay.url.href]);
    const code = String((await program.event('code'))['code']);
    const wrong = await connect({ relay: relay.url, code: code.replace(/-.*/, '-zoo-zoo-zoo') });
    expect(await failure(wrong.ready)).toMatchObject({ code: 'SC-408', exit: 4 });
    const right = await connect({ relay: relay.url, code });
    await right.send('now it is me');
    await program.event('message', ({ text }) => text === 'now it is me');
    await right.close();
    expect(await program.exit).toBe(0);
  });
});

test('a direct path, where both ask for it', async () => {
  const one = await connect({ relay: relay.url, direct: true });
  const waiting = next(one, 'path', ({ path }) => path === 'direct');
  const other = await connect({ relay: relay.url, direct: true, code: one.code });
  expect(await waiting).toMatchObject({ path: 'direct', address: expect.stringMatching(/:\d+$/) as string });
  await one.send('without the relay');
  expect(await take(other, 1)).toMatchObject([{ text: 'without the relay' }]);
  await one.close();
  expect(await other.ended).toMatchObject({ code: 'SC-316' });
});
