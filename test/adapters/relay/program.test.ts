/**
 * What a relay refuses before anything listens, by its flags, its files and its environment. The program runs in this process
 * as far as that; that the built ones do the same is test/e2e/relay-program.test.ts.
 */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { runRelay } from '../../../adapters/relay/program.js';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

class Exit extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`exit ${String(status)}`);
    this.status = status;
  }
}

/** What it says, and its exit status. Rejects when something would listen. */
function refusal(argv: readonly string[]): { status: number; stdout: string; stderr: string } {
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    vi.spyOn(process[name], 'write').mockImplementation((text) => ((said[name] += Buffer.from(text).toString()), true));
  vi.spyOn(process, 'exit').mockImplementation((status) => {
    throw new Exit(Number(status));
  });
  try {
    const start = (): never => {
      throw new Error('it would listen');
    };
    runRelay({ name: 'securechat-relay', start, nativeMasking: () => undefined, kinds: ['ws', 'socketio'] }, argv);
    throw new Error('it goes on');
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    return { status: error.status, ...said };
  } finally {
    vi.restoreAllMocks();
  }
}

describe.each([[['--check-config']], [[]]])('with %j', (check) => {
  test.each([
    [['--tls-cert', 'x'], '--tls-cert and --tls-key need each other'],
    [['--tls-cert', 'no-such-file', '--tls-key', 'x'], '--tls-cert cannot be read (ENOENT)'],
    [['--trust-proxy', 'loopback,everybody'], '--trust-proxy: "everybody" is not an address'],
    [['--trust-proxy', '10.0.0.0/33'], '--trust-proxy: "10.0.0.0/33" is not an address'],
    [['--trust-proxy', ''], '--trust-proxy needs'],
    [['--monitor-host', '0.0.0.0'], '--monitor-host needs --monitor-port'],
    [['--monitor-port', '70000'], '--monitor-port needs a whole number'],
    [['--drain', '61m'], '--drain needs a duration of at most 1h'],
    [['--idle-timeout', '25h'], '--idle-timeout needs a duration of at most 24h'],
    [['--idle-timeout', '0'], '--idle-timeout needs a duration'],
    [['--join-timeout', '5 s'], '--join-timeout needs a duration'],
    [['--host', '300.1.1.1'], '--host: "300.1.1.1" is not an address or a name'],
    [['--host', '10.0.1'], '--host: "10.0.1" is not an address or a name'],
    [['--host', 'ws://x'], '--host: "ws://x" is not an address or a name'],
    [['--monitor-host', '1.2.3.4.', '--monitor-port', '1'], '--monitor-host: "1.2.3.4." is not an address or a name'],
    [['--cluster', '127.0.0.1'], '--cluster needs an address like redis://127.0.0.1:6379. (SC-503)'],
    [['--cluster', 'http://127.0.0.1/'], '--cluster needs an address like redis://127.0.0.1:6379. (SC-503)'],
    [['--cluster', 'redis://'], '--cluster needs an address like redis://127.0.0.1:6379. (SC-503)'],
    [['--cluster', 'redis://a:b:c'], '--cluster is not an address. (SC-503)'],
    [['--tls-cert', '/dev/zero', '--tls-key', '/dev/zero'], '--tls-cert is not a PEM file: it is larger than 1 MiB'],
    [['--connections-per-second', '0'], '--connections-per-second needs a whole number'],
    [['--max-connections', 'many'], '--max-connections needs a whole number'],
    [['--port', '70000'], '--port needs a whole number'],
    [['--port', 'x'], '--port needs a whole number'],
    [['--rooms', '0'], '--rooms needs a whole number'],
    [['--frames-per-second', '1.5'], '--frames-per-second needs a whole number'],
    [['--wait-timeout', '86401'], '--wait-timeout needs a duration'],
    [['--host', ''], '--host needs'],
    [['--unknown'], 'Cannot use this command line: unknown flag --unknown. (SC-503)'],
    [['--porrt', '1'], 'Cannot use this command line: unknown flag --porrt (did you mean --port?). (SC-503)'],
    [['-H'], 'Cannot use this command line: unknown flag -H'],
    [['--page=yes'], 'Cannot use this command line: --page takes no value. (SC-503)'],
    [['--host', '--port', '1'], 'Cannot use --host: it needs a value. (SC-503)'],
    [['--port'], 'Cannot use --port: it needs a value. (SC-503)'],
    [['surplus'], 'Cannot use this command line: unexpected argument "surplus". (SC-503)'],
    [['--host', '\x1b[2J\n', '--port', '1'], '--host: "␛[2J␊" is not an address or a name. (SC-503)'],
    [['--\x1b[2J'], 'Cannot use this command line: unknown flag --␛[2J. (SC-503)'],
    [['--trust-proxy', '10.0.0.1,\u202e'], '--trust-proxy: "<U+202E>" is not an address'],
  ])('%j is refused with 2', (args, why) => {
    const { status, stdout, stderr } = refusal([...check, ...args]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(`securechat-relay: error: ${why}`);
    // One sentence, one hint, and nothing else.
    expect(stderr).toMatch(/^securechat-relay: error: .+\. \(SC-503\)\nsecurechat-relay: hint: .+\.\n$/);
    expect(stderr.split('\n')[1]).toMatch(
      /hint: (See securechat-relay --help|Correct it, then look with --check-config)\.$/,
    );
  });

  test.each(['NODE_DEBUG', 'NODE_DEBUG_NATIVE'])('%s would write addresses: refused with 2', (name) => {
    vi.stubEnv(name, 'net,http');
    const { status, stderr } = refusal([...check]);
    expect(status).toBe(2);
    expect(stderr).toContain(`error: ${name} is set, and makes Node write down addresses`);
  });
});

test.each([
  ['sockeio', ' (did you mean socketio?)'],
  ['wss', ' (did you mean ws?)'],
  ['surplus', ''],
])('%s in the place of a kind', (word, meant) => {
  expect(refusal([word]).stderr).toContain(`unexpected argument "${word}"${meant}. (SC-503)\n`);
  // A kind behind a flag is in the wrong place, and not misspelled.
  expect(refusal(['--page', word]).stderr).toContain(`unexpected argument "${word}". (SC-503)\n`);
});

test('to a terminal that shows ASCII only nothing else is said', () => {
  vi.stubEnv('LC_ALL', 'C');
  const { isTTY } = process.stderr;
  Object.assign(process.stderr, { isTTY: true });
  try {
    expect(refusal(['gerät']).stderr).toContain('unexpected argument "ger?t"');
    vi.stubEnv('LC_ALL', 'C.UTF-8');
    expect(refusal(['gerät']).stderr).toContain('unexpected argument "gerät"');
  } finally {
    Object.assign(process.stderr, { isTTY });
  }
});
