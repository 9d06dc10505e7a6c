/**
 * A whole run inside this process, on fake streams and a real relay: what is asked, told and returned, and the end.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../../adapters/cli/run.js';
import { EXIT, SecurechatError } from '../../../core/errors.js';
import { createFakeInput, createFakeOutput } from '../../../plugins/testing/streams.js';
import type { Relay } from '../../../adapters/relay/listener.js';
import { startRelay } from '../../../relay-ws/server.js';

let relay: Relay;
beforeAll(async () => {
  relay = await startRelay({ port: 0 });
});
afterAll(() => relay.close());

const places = { cwd: import.meta.dirname, program: import.meta.filename };

interface Surroundings {
  /** Of the three streams, those that are terminals. */
  readonly terminals?: readonly ('stdin' | 'stdout' | 'stderr')[];
  readonly env?: Readonly<Record<string, string | undefined>>;
}
const ALL = ['stdin', 'stdout', 'stderr'] as const;

function start(argv: readonly string[], { terminals = [], env = {} }: Surroundings = {}) {
  const [stdin, stdout, stderr] = [
    createFakeInput(terminals.includes('stdin')),
    createFakeOutput(terminals.includes('stdout')),
    createFakeOutput(terminals.includes('stderr')),
  ];
  const io = {
    stdin: stdin.stream,
    stdout: stdout.stream,
    stderr: stderr.stream,
    env: { TERM: 'xterm', ...env },
    places,
    enforced: true,
  };
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
    expect(help.stdout.text()).toContain('Usage: securechat [flags] [ROOM]');
    const version = start(['--version', '--quiet']);
    expect(await version.done).toBe(EXIT.ok);
    expect(version.stdout.text()).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [['--ui', 'holographic'], '', 'SC-502'],
    [['--code-stdin'], 'ab\n', 'SC-301'],
    [['482913-tunel-anchor-mango'], '', 'SC-302'],
    [['--code-stdin'], '', 'SC-310'],
  ])('%j with %j: an error with %s and a hint, nothing on stdout, exit 2', async (argv, typed, code) => {
    const { done, stdin, stdout, stderr } = start(argv);
    if (typed !== '') stdin.type(typed);
    stdin.end();
    expect(await done).toBe(EXIT.usage);
    expect(stderr.text()).toMatch(
      new RegExp(`^securechat: error: [^\\n]+ \\(${code}\\)\\nsecurechat: hint: [^\\n]+\\n$`),
    );
    expect(stdout.text()).toBe('');
  });

  it.each([
    [{ LANG: 'C' }, '?2J'],
    [{ LANG: 'C.UTF-8' }, '\u{6ddb}2J'],
  ])('an error on a terminal with %j has no byte that is a command there', async (env, shown) => {
    const { done, stderr } = start(['send', 'no-\u{6ddb}2J'], { terminals: ALL, env });
    expect(await done).toBe(EXIT.usage);
    expect(stderr.text()).toContain(`"no-${shown}" cannot be read`);
  });

  it.each([
    [['send', 'no-such-file'], '"no-such-file" cannot be read (no such file or folder)'],
    [['send', import.meta.filename, 'no-such-file'], '"no-such-file" cannot be read'],
    [['receive', '-o', 'no-such-folder'], 'Cannot use --output: there is no such folder.'],
    [['receive', '-o', import.meta.filename], 'Cannot use --output: it is not a folder.'],
    [['--files', '482913-tunnel-anchor-mango'], 'Cannot use --files: there is no such folder.'],
    [['send', import.meta.filename, '--files'], 'Cannot use --files: it goes with a chat.'],
    [['pipe', '--files=.'], 'Cannot use --files: it goes with a chat.'],
  ])('%j is refused before a code is made or asked for, and no code is repeated', async (argv, says) => {
    const { done, stdout, stderr } = start(argv, { terminals: ALL });
    expect(await done).toBe(EXIT.usage);
    expect(stderr.text()).toContain(says);
    expect(stderr.text()).not.toContain('482913');
    expect(stdout.text()).toBe('');
  });

  it.each([
    [['send', 'no-such-file'], 'Check its name, and that you may read it.'],
    [['receive', '-o', 'no-such-folder'], 'Make the folder first, or name one that you may write to.'],
    [['--verfy'], 'See securechat --help.'],
  ])('%j: the hint is about what is wrong', async (argv, hint) => {
    const { done, stderr } = start(argv);
    await done;
    expect(stderr.text()).toContain(`\nsecurechat: hint: ${hint}\n`);
  });

  it.each<[string[], NonNullable<Surroundings['terminals']>, string]>([
    [['pipe', 'kitchen'], ALL, 'This room has no secret'],
    [['pipe', '--ui', 'json', 'kitchen'], ALL, 'This room has no secret'],
    [['pipe', '--verify', 'kitchen-x'], ALL, 'for --verify'],
    [['send', import.meta.filename, '--room', 'kitchen'], ['stdin'], 'This room has no secret'],
  ])(
    '%j: safety words that nobody can compare are refused before anybody is looked for',
    async (argv, terminals, says) => {
      const { done, stderr } = start([...argv, '--relay', relay.url.href], { terminals });
      expect(await done).toBe(EXIT.usage);
      expect(stderr.text()).toMatch(
        new RegExp(`^securechat: error: [^\\n]*${says}[^\\n]* \\(SC-377\\)\\nsecurechat: hint: `),
      );
      expect(stderr.text()).not.toContain('Looking');
    },
  );

  it('receive reads the code from its input, where nobody types', async () => {
    const room = async (argv: string[], typed: string): Promise<string> => {
      const program = start(['receive', '--relay', relay.url.href, '--crypto', 'tweetnacl', ...argv]);
      program.stdin.type(typed);
      const told = await Promise.race([
        program.stderr.until((text) => text.includes('(SC-')).then(() => program.stderr.text()),
        program.stdout.until((text) => text.includes('"code"')).then(() => program.stdout.text()),
      ]);
      program.interrupt();
      await program.done;
      return told;
    };
    // Of a room without a secret it is told.
    expect(await room([], 'kitchen\n')).toContain('(SC-318)');
    expect(await room([], 'help\n')).toContain('(SC-511)');
    expect(await room(['--json'], '')).toMatch(/"code":"\d{6}-/);
  });

  it('--web: a relay without the page is refused before a link is told', async () => {
    const { done, stderr, stdout } = start([
      '--web',
      '--relay',
      relay.url.href,
      '--crypto',
      'tweetnacl',
      '--ui',
      'json',
    ]);
    expect(await done).toBe(EXIT.relay);
    expect(stderr.text()).toMatch(/serves no page.* \(SC-378\)\nsecurechat: hint: Leave --web out/);
    expect(stdout.text()).not.toContain('http');
  });

  it('an interrupt while the code is awaited: SC-311, exit 130', async () => {
    const program = start(['--code-stdin']);
    program.interrupt();
    expect(await program.done).toBe(EXIT.interrupted);
    expect(program.stderr.text()).toContain('(SC-311)');
  });

  it('an interrupt at the prompt: what is typed is gone before SC-311 is told', async () => {
    const asked = start([], { terminals: ALL });
    await asked.stdout.until((shown) => shown.includes('Room code'));
    asked.stdin.type('482913-tunn');
    await asked.stdout.until((shown) => shown.includes('Tab: tunnel'));
    asked.interrupt();
    expect(await asked.done).toBe(EXIT.interrupted);
    expect(asked.stdout.text()).toMatch(/\r\u001b\[J\? Room code \(Enter for a new one\)\r\n$/);
    expect(asked.stderr.text()).toMatch(/^securechat: [^\n]+ \(SC-311\)\n$/);
  });

  it('an error that nobody caught, at the prompt: the same, and it is told once', async () => {
    const asked = start([], { terminals: ALL });
    await asked.stdout.until((shown) => shown.includes('Room code'));
    asked.stdin.type('482913-tunn');
    await asked.stdout.until((shown) => shown.includes('Tab: tunnel'));
    await asked.fail(new SecurechatError('SC-506', { kind: 'plugin', name: 'x', why: 'y' }));
    expect(await asked.done).toBe(EXIT.internal);
    expect(asked.stdout.text()).toMatch(/\r\u001b\[J\? Room code \(Enter for a new one\)\r\n$/);
    expect(asked.stderr.text()).toMatch(/^securechat: error: [^\n]+ \(SC-506\)\nsecurechat: hint: [^\n]+\n$/);
  });

  it('an error that nobody caught, after the end: it is told all the same', async () => {
    const program = chat('--ui', 'line', 'kitchen-x');
    await program.stderr.until((shown) => shown.includes('Looking for your peer'));
    program.interrupt();
    expect(await program.done).toBe(EXIT.interrupted);
    await program.fail(new SecurechatError('SC-501', { why: 'x', where: 'y' }));
    expect(program.stderr.text()).toMatch(/\(SC-311\)[^]*\(SC-501\)\nsecurechat: hint: [^\n]+\n$/);
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

describe('questions on a terminal', () => {
  const end = async ({ interrupt, done }: ReturnType<typeof start>): Promise<void> => {
    interrupt();
    await done;
  };

  it('of the line UI are plain lines on stderr, also with stdout in a file', async () => {
    for (const terminals of [ALL, ['stdin', 'stderr']] as const) {
      const asked = start(['--ui', 'line'], { terminals });
      await asked.stderr.until((shown) => shown === 'Room code (Enter for a new one): ');
      expect(asked.stdout.text()).toBe('');
      await end(asked);
    }
  });

  it('of the line UI are not asked with stderr in a file, nor of another one with stdout in a file', async () => {
    const line = chat('--ui', 'line');
    await line.stderr.until((shown) => shown.includes('Tell your peer'));
    await end(line);
    for (const [ui, terminals] of [
      ['line', ['stdin', 'stdout']],
      ['json', ALL],
    ] as const) {
      const quiet = start(['--relay', relay.url.href, '--crypto', 'tweetnacl', '--ui', ui], { terminals });
      await quiet[ui === 'line' ? 'stderr' : 'stdout'].until((shown) => shown.includes(`securechat://`));
      expect(quiet.stdout.text() + quiet.stderr.text()).not.toContain('Room code');
      await end(quiet);
    }
  });

  it('with TERM=dumb, whatever the UI, nothing is painted; without Unicode a choice is asked by number', async () => {
    for (const env of [{ TERM: 'dumb', LANG: 'C.UTF-8' }, { LANG: 'C' }]) {
      const asked = start(['kitchen'], { terminals: ALL, env });
      const [screen] = 'TERM' in env ? [asked.stderr] : [asked.stdout];
      await screen.until((shown) => shown.includes('1 to 2'));
      expect(screen.text()).toMatch(/^[\u0000-\u007f]*$/);
      if ('TERM' in env) expect(screen.text()).not.toContain('\u001b');
      await end(asked);
    }
    const plugin = start(['--plugin', '../../support/plugins/misbehaving.mjs', '--ui', 'wrong'], {
      terminals: ALL,
      env: { TERM: 'dumb' },
    });
    await plugin.stdout.until((shown) => shown === 'Room code (Enter for a new one): ');
    await end(plugin);
    const painted = start(['kitchen'], { terminals: ALL, env: { LANG: 'C.UTF-8' } });
    await painted.stdout.until((shown) => shown.includes('\u276f'));
    await end(painted);
  });
});

it('what stays in the terminal is told of a chat, not of files that are sent', async () => {
  for (const [argv, told] of [
    [['send', import.meta.filename], false],
    [['--ui', 'line', '482913-tunnel-anchor-mango'], true],
  ] as const) {
    const program = start([...argv, '--relay', relay.url.href, '--crypto', 'tweetnacl'], { terminals: ALL });
    await program.stderr.until((shown) => shown.includes(told ? 'Looking for your peer' : 'Tell your peer'));
    expect(program.stderr.text().includes('SC-510')).toBe(told);
    program.interrupt();
    await program.done;
  }
});

describe('colours', () => {
  const DIM = '\u001b[2m';

  it('of the prompt are those of stdout', async () => {
    for (const [terminals, env, colored] of [
      [['stdin', 'stdout'], {}, true],
      [['stdin', 'stdout'], { NO_COLOR: '1' }, false],
      [ALL, {}, true],
    ] as const) {
      const asked = start([], { terminals, env });
      await asked.stdout.until((shown) => shown.includes('Room code'));
      asked.stdin.type('482913-tunn');
      await asked.stdout.until((shown) => shown.includes('Tab: tunnel'));
      expect(asked.stdout.text().includes(DIM)).toBe(colored);
      asked.interrupt();
      await asked.done;
    }
  });

  it('of the line UI are those of stderr, when the environment says which terminal that is', async () => {
    for (const [terminals, env, colored] of [
      [['stderr'], {}, true],
      [['stdout'], {}, false],
      [['stderr'], { TERM: undefined }, false],
      [['stderr'], { TERM: '' }, false],
      [['stderr'], { TERM: 'dumb' }, false],
      [['stderr'], { TERM: undefined, FORCE_COLOR: '1' }, true],
    ] as const) {
      const program = start(['--relay', relay.url.href, '--crypto', 'tweetnacl', '--ui', 'line', 'kitchen-x'], {
        terminals,
        env,
      });
      await program.stderr.until((shown) => shown.includes('Waiting'));
      expect(program.stderr.text().includes(DIM)).toBe(colored);
      program.interrupt();
      await program.done;
    }
  });
});

describe('a chat', () => {
  it('code made by one, typed by the other, with the relay in the link', async () => {
    const maker = chat('--ui', 'json', '--name', 'Ada');
    await maker.stdout.until((text) => text.includes('"event":"code"'));
    const told = events(maker.stdout.text()).find(({ event }) => event === 'code');
    const code = String(told?.['code']);
    expect(code).toMatch(/^\d{6}(-[a-z]+){3}$/);
    expect(told?.['invite']).toBe(`securechat://${relay.url.host}/?plain#${code}`);
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
    await loud.stderr.until((text) => text.includes('Waiting'));
    expect(loud.stderr.text()).toContain('(SC-319)');
    expect(loud.stderr.text().replaceAll(/\s+[|]?\s+/g, ' ')).toContain('type the code at the prompt');
    const piped = start(['pipe', 'kitchen-piped', '--relay', relay.url.href, '--crypto', 'tweetnacl']);
    await piped.stderr.until((text) => text.includes('SC-319'));
    expect(piped.stderr.text()).toContain('Next time use --code-fd or --code-stdin. (SC-319)');
    piped.interrupt();
    expect(await piped.done).toBe(EXIT.interrupted);
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
      /^securechat: error: Internal error: TypeError at a\.js:1:2\. .*\(SC-501\)\nsecurechat: hint: /,
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
