/**
 * The example of docs/plugins.md as its reader gets it (example.mjs): compiled against the packed package, put through the
 * contract suite, and used by two processes for a conversation. Run after a build, from the root.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createExample } from './example.mjs';

const { example, run, install, remove } = createExample('docs/plugins.md');
/** One conversation takes a second; this is for a machine that is busy. */
const PATIENCE_MS = 60_000;

/** One side of the conversation, in the json UI. */
function side(args) {
  const program = path.join(example, 'node_modules/.bin/securechat');
  const child = spawn(program, ['--plugin', '.', '--transport', 'loopback', '--ui', 'json', ...args], { cwd: example });
  const events = [];
  const waiting = [];
  let [line, said] = ['', ''];
  const look = () => {
    for (const each of [...waiting]) each();
  };
  child.stdin.on('error', () => undefined);
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  child.stdout.setEncoding('utf8').on('data', (text) => {
    const lines = (line + text).split('\n');
    line = lines.pop();
    events.push(...lines.map((each) => JSON.parse(each)));
    look();
  });
  const exit = new Promise((resolve) => child.on('close', resolve));
  return {
    child,
    exit,
    stderr: () => said,
    tell: (command) => child.stdin.write(typeof command === 'string' ? command : `${JSON.stringify(command)}\n`),
    event: (what, fits) =>
      new Promise((resolve, reject) => {
        const check = () => {
          const found = events.find(fits);
          if (found !== undefined) resolve(found);
        };
        waiting.push(check);
        check();
        void exit.then(() => reject(new Error(`ended without ${what}: ${JSON.stringify(events)} ${said}`)));
      }),
  };
}

async function converse() {
  const maker = side([]);
  const children = [maker.child];
  const timer = setTimeout(() => children.forEach((child) => child.kill('SIGKILL')), PATIENCE_MS);
  try {
    const { code } = await maker.event('a code', ({ event }) => event === 'code');
    const guest = side(['--code-stdin']);
    children.push(guest.child);
    guest.tell(`${code}\n`);
    const sides = [maker, guest];
    const isActive = ({ state }) => state === 'active';
    await Promise.all(sides.map((each) => each.event('being active', isActive)));
    for (const [from, to, text] of [
      [maker, guest, 'hello from one process'],
      [guest, maker, 'grüße 👋 '.repeat(5000)],
    ]) {
      from.tell({ do: 'send', text });
      await to.event('the message', (event) => event.event === 'message' && event.text === text);
    }
    guest.tell({ do: 'quit' });
    const exits = await Promise.all(sides.map(({ exit }) => exit));
    if (exits.join() !== '0,0')
      throw new Error(`the two ended with ${exits.join()}: ${maker.stderr()}${guest.stderr()}`);
    const loaded = sides.every((each) => /Loaded the plugin loopback 0\.1\.0 from .*index\.js/.test(each.stderr()));
    if (!loaded) throw new Error(`the plugin was not named: ${maker.stderr()}`);
  } finally {
    clearTimeout(timer);
    for (const child of children) child.kill('SIGKILL');
  }
}

try {
  install();
  run('npm', ['run', '--silent', 'build']);
  const tested = run('npm', ['test']);
  const passed = Number(/^# pass (\d+)$/m.exec(tested)?.[1] ?? /pass (\d+)/.exec(tested)?.[1]);
  if (!(passed >= 10)) throw new Error(`the contract suite did not run:\n${tested}`);
  await converse();
  process.stdout.write(`example: builds, passes ${passed} tests of the contract, and carries a conversation\n`);
} finally {
  remove();
}
