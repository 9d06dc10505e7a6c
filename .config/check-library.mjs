/**
 * The examples of docs/library.md as their reader gets them (example.mjs): their types are checked, and each is run and talked
 * to, the page in a browser where there is one. Run after a build, from the root.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { createExample } from './example.mjs';

const { folder, example, run, install, remove } = createExample('docs/library.md');
const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** All of it takes seconds; this is for a machine that is busy. */
const PATIENCE_MS = 240_000;
const children = [];

/** A program whose lines can be waited for. */
function start(file, args, env = {}) {
  const child = spawn(file, args, { cwd: example, env: { ...process.env, ...env } });
  children.push(child);
  let said = '';
  let errors = '';
  const waiting = [];
  const look = () => {
    for (const each of [...waiting]) each();
  };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said += text;
    look();
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text;
    look();
  });
  const exit = once(child, 'close').then(([status]) => status);
  return {
    exit,
    output: () => said,
    errors: () => errors,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const check = () => {
          const found = pattern.exec(said + errors);
          if (found !== null) resolve(found[1] ?? found[0]);
        };
        waiting.push(check);
        check();
        void exit.then(() => reject(new Error(`it ended without ${String(pattern)}: ${said}${errors}`)));
      }),
  };
}

function same(what, is, wanted) {
  if (JSON.stringify(is) !== JSON.stringify(wanted))
    throw new Error(`${what}: ${JSON.stringify(is)} instead of ${JSON.stringify(wanted)}`);
}

async function echo(connect, relay) {
  const bot = start(process.execPath, ['echo.mjs', relay]);
  const link = await bot.says(/^(securechat:\S+)$/m);
  const session = await connect({ code: link });
  await session.send('hello');
  for await (const { text, from } of session.messages) {
    same('the echo', [text, from], ['You said: hello', 'echo']);
    break;
  }
  await session.close();
  same('the status of the bot', await bot.exit, 0);
  same('what it wrote besides code and link', [bot.output().trim().split('\n').length, bot.errors()], [2, '']);
}

async function alert(connect, relay) {
  const session = await connect({ relay });
  const told = (async () => {
    const texts = [];
    for await (const { text } of session.messages) texts.push(text);
    return texts;
  })();
  const server = start(process.execPath, ['alert.mjs'], { RELAY: relay, CODE: session.code });
  same('the status of the server', await server.exit, 0);
  const texts = await told;
  if (texts.length !== 1 || !/^The disk of .+ is full\.$/.test(texts[0])) throw new Error(`the alert: ${texts}`);
  same('what the server wrote', server.output() + server.errors(), '');
  const refused = await connect({ relay });
  const code = refused.code.replace(/-.*/, '-zoo-zoo-zoo');
  const wrong = start(process.execPath, ['alert.mjs'], { RELAY: relay, CODE: code });
  same('the status with a wrong code', await wrong.exit, 1);
  if (!/ChatError: Your code and that of your peer do not match\.[^]*code: 'SC-408'/.test(wrong.errors()))
    throw new Error(wrong.errors());
  await refused.wipe();
}

/** A static host. */
async function host() {
  const types = { '.html': 'text/html', '.mjs': 'text/javascript', '.js': 'text/javascript' };
  const server = createServer(({ url = '/' }, response) => {
    const file = path.join(example, path.normalize(decodeURIComponent(new URL(url, 'http://x').pathname)));
    if (!file.startsWith(example) || !existsSync(file)) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': types[path.extname(file)] ?? 'application/octet-stream' });
    response.end(readFileSync(file));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function page(connect, relay) {
  const browser = BROWSERS.find((file) => existsSync(file));
  if (browser === undefined) {
    process.stdout.write('SKIPPED: no Chromium here, so the page was not opened\n');
    return;
  }
  const server = await host();
  const session = await connect({ relay });
  const place = `http://127.0.0.1:${String(server.address().port)}/page.html#${encodeURIComponent(`${relay} ${session.code}`)}`;
  const profile = path.join(folder, 'profile');
  const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', `--user-data-dir=${profile}`];
  const opened = start(browser, [...args, '--enable-logging=stderr', '--remote-debugging-port=0', place]);
  const first = (async () => {
    for await (const { text } of session.messages) return text;
    return undefined;
  })();
  const said = await Promise.race([first, opened.exit.then(() => opened.errors())]);
  same('what the page said', said, 'Hello from a page.');
  await session.send('hello, page');
  await session.close();
  children.at(-1)?.kill('SIGKILL');
  await opened.exit;
  server.close();
}

const timer = setTimeout(() => children.forEach((child) => child.kill('SIGKILL')), PATIENCE_MS);
try {
  install();

  // Its types, with today's compiler, for Node and for a page; declarations are looked into, too.
  run('npm', ['install', '--no-save', '--no-audit', '--no-fund', 'typescript', '@types/node']);
  const strict = ['--noEmit', '--strict', '--allowJs', '--checkJs', '--module', 'nodenext', '--target', 'es2022'];
  const tsc = (...more) => run(path.join(example, 'node_modules/.bin/tsc'), [...strict, ...more]);
  tsc('--types', 'node', 'echo.mjs', 'alert.mjs');
  tsc('--lib', 'es2022,dom', '--types', '', 'page.mjs');

  const program = start(process.execPath, [
    path.join(example, 'node_modules/securechat/dist/relay-ws.js'),
    '--port',
    '0',
  ]);
  const relay = await program.says(/listening on (ws:\S+)/);
  const entry = path.join(example, 'node_modules/securechat/dist/library/library.js');
  const { connect } = await import(pathToFileURL(entry).href);
  for (const each of [echo, alert, page]) await each(connect, relay);
  process.stdout.write('library: the examples have the types that they should, run, and are answered\n');
} finally {
  clearTimeout(timer);
  for (const child of children) child.kill('SIGKILL');
  remove();
}
