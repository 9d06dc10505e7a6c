/**
 * A whole run inside this process, on fake streams and a real relay: what is asked, told and returned, and the end.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../adapters/cli/run.js';
import { EXIT, SecurechatError } from '../../core/errors.js';
import { createFakeInput, createFakeOutput } from '../../plugins/testing-streams.js';
import type { Relay } from '../../adapters/relay/listener.js';
import { startRelay } from '../../relay-ws/server.js';

let relay: Relay;
beforeAll(async () => {
  relay = await startRelay({ port: 0 });
});
afterAll(() => relay.close());

const places = { cwd: import.meta.dirname, program: import.meta.filename };

function start(argv: readonly string[], { terminal = false } = {}) {
  const [stdin, stdout, stderr] = [createFakeInput(terminal), createFakeOutput(terminal), createFakeOutput(terminal)];
  const io = { stdin: stdin.stream, stdout: stdout.stream, stderr: stderr.stream, env: {}, places, enforced: true };
  const running = run(argv, io);
  running.done.catch(() => undefined);
  return { ...running, stdin, stdout, stderr };
}

const chat = (...argv: string[]) => start(['--relay', relay.url.href, '--crypto', 'tweetnacl', ...argv]);
const events = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('a run that ends before a chat', () => {
  it('--help and --version', async () => {
    const help = start(['--help']);
    expect(await help.done).toBe(EXIT.ok);
    expect(help.stdout.text()).toContain('Usage: securechat');
    const version = start(['--version', '--quiet']);
    expect(await version.done).toBe(EXIT.ok);
    expect(version.stdout.text()).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [['--ui', 'holographic'], '', 'SC-502'],
    [['--code-stdin'], 'ab\n', 'SC-301'],
    [['482913-tunel-anchor-mango'], '', 'SC-302'],
    [['--code-stdin'], '', 'SC-310'],
  ])('%j with %j: one line with %s, nothing on stdout, exit 2', async (argv, typed, code) => {
    const { done, stdin, stdout, stderr } = start(argv);
    if (typed !== '') stdin.type(typed);
    stdin.end();
    expect(await done).toBe(EXIT.usage);
    expect(stderr.text()).toMatch(new RegExp(`^securechat: [^\\n]+ \\(${code}\\)\\n$`));
    expect(stdout.text()).toBe('');
  });

  it('an interrupt while the code is awaited: SC-311, exit 130', async () => {
    const program = start(['--code-stdin']);
    program.interrupt();
    expect(await program.done).toBe(EXIT.interrupted);
    expect(program.stderr.text()).toContain('(SC-311)');
    const asked = start([], { terminal: true });
    await asked.stdout.until((shown) => shown.includes('Room code'));
    asked.interrupt();
    expect(await asked.done).toBe(EXIT.interrupted);
  });

  it('an interrupt is never lost, whenever it comes', async () => {
    for (let turns = 0; turns < 40; turns++) {
      const program = chat('kitchen-x');
      for (let n = 0; n < turns; n++) await (turns % 2 === 0 ? null : new Promise(setImmediate));
      program.interrupt();
      expect(await program.done).toBe(EXIT.interrupted);
    }
  });

  it('an interrupt before anything: the same', async () => {
    const program = chat('kitchen-x');
    program.interrupt();
    expect(await program.done).toBe(EXIT.interrupted);
  });

  it('a dead reader does not hold it up', async () => {
    const program = start(['--ui', 'holographic']);
    program.stderr.stream.on('error', () => undefined);
    program.stderr.fail();
    expect(await program.done).toBe(EXIT.usage);
  });
});

describe('a chat', () => {
  it('code made by one, typed by the other, with the relay in the link', async () => {
    const maker = chat('--ui', 'json', '--name', 'Ada');
    await maker.stdout.until((text) => text.includes('"event":"code"'));
    const told = events(maker.stdout.text()).find(({ event }) => event === 'code');
    const code = String(told?.['code']);
    expect(code).toMatch(/^\d{6}(-[a-z]+){3}$/);
    expect(told?.['invite']).toBe(`securechat://${code}?relay=${relay.url.href}`);
    // The guest learns the relay from the link.
    const guest = start(['--ui', 'json', '--crypto', 'tweetnacl', '--code-stdin']);
    guest.stdin.type(`${String(told?.['invite'])}\n{"do":"send","text":"hi"}\n`);
    await maker.stdout.until((text) => text.includes('"text":"hi"'));
    guest.stdin.type('{"do":"quit"}\n');
    expect([await maker.done, await guest.done]).toEqual([EXIT.ok, EXIT.ok]);
    expect(events(guest.stdout.text())).toContainEqual({ v: 1, event: 'peer', name: 'Ada' });
    expect(maker.stderr.text() + guest.stderr.text()).toBe('');
  });

  it('what is to be told about the code is told when the UI is open; --quiet leaves out what is only advice', async () => {
    const loud = chat('kitchen-advice');
    await loud.stderr.until((text) => text.includes('waiting'));
    expect(loud.stderr.text()).toContain('(SC-319)');
    const quiet = chat('kitchen-quiet', '--quiet', '--ui', 'json');
    await quiet.stdout.until((text) => text.includes('searching'));
    expect(quiet.stdout.text()).not.toContain('SC-319');
    const open = chat('kitchen', '--ui', 'json');
    await open.stdout.until((text) => text.includes('SC-318'));
    for (const program of [loud, quiet, open]) program.interrupt();
    for (const program of [loud, quiet, open]) expect(await program.done).toBe(EXIT.interrupted);
  });

  it('an unreachable relay is named: SC-101, exit 3', async () => {
    const gone = await startRelay({ port: 0 });
    await gone.close();
    const program = start(['--relay', gone.url.href, '--crypto', 'tweetnacl', '--ui', 'json', 'kitchen-x']);
    expect(await program.done).toBe(EXIT.relay);
    expect(events(program.stdout.text()).at(-1)).toMatchObject({ event: 'ended', code: 'SC-101', exit: EXIT.relay });
    expect(program.stdout.text()).toContain(gone.url.href);
  });

  it('an error that nobody caught ends a chat as every other does, and is told before there is one', async () => {
    const defect = new SecurechatError('SC-501', { why: 'TypeError', where: 'a.js:1:2' });
    const early = chat('--code-stdin');
    await early.fail(defect);
    expect(early.stderr.text()).toMatch(
      /^securechat: securechat has a defect: TypeError at a\.js:1:2\. .*\(SC-501\)\n$/,
    );
    early.interrupt();
    await early.done;
    const program = chat('kitchen-wipe', '--ui', 'json');
    await program.stdout.until((text) => text.includes('searching'));
    await program.fail(defect);
    expect(events(program.stdout.text()).at(-1)).toMatchObject({ event: 'ended', code: 'SC-501', exit: EXIT.internal });
    expect(await program.done).toBe(EXIT.internal);
    expect(program.stdin.paused()).toBe(true);
    // Nothing is told after the end, and nobody waits.
    await program.fail(defect);
    expect(program.stdout.text().match(/SC-501/g)).toHaveLength(1);
  });
});
