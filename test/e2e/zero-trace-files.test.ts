/**
 * No file (docs/zero-trace.md, proof 1): strace looks at whole chats of the program as it is installed, on a terminal and
 * in a pipe, with a line that breaks, with ends of every kind. A planted log line shows that it would be seen.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CONTROLS, repeats } from '../support/chance.js';
import { IS_EXECUTABLE, killAll, PROGRAM, type Program, start } from '../support/program.js';
import { type RelayProcess, startRelayProcess } from '../support/relay.js';
import { hasStrace, straced, writesIn } from '../support/strace.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { hasPty, killTerminals, startInTerminal } from '../support/terminal.js';
import { buildVariant, type Change } from '../support/planted.js';

let folder: string;
let trace: string;
let relay: RelayProcess;
let proxy: TcpProxy;
let rooms = 0;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'securechat files-'));
  relay = await startRelayProcess(['--port', '0', '--joins-per-minute', '100000', '--connections-per-address', '1000']);
  proxy = await startTcpProxy(() => Number(relay.url.port));
});
afterEach(() => {
  killTerminals();
  killAll();
  proxy.heal();
});
afterAll(async () => {
  await proxy.close();
  await relay.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A code that nobody else has; each chat has its own trace. */
function freshCode(): string {
  rooms += 1;
  trace = path.join(folder, `trace-${rooms}`);
  return `wharf${process.pid}x${rooms}-tunnel-anchor`;
}

const isActive = (event: object): boolean => 'state' in event && event.state === 'active';

/** Both in the chat, the first one traced and behind the proxy. */
async function pair(program: readonly string[] = [PROGRAM]): Promise<[Program, Program]> {
  const code = freshCode();
  const flags = ['--ui', 'json', '--code-stdin', '--relay'];
  const side = start([...flags, proxy.url.href], { before: [...straced(trace), ...program] });
  side.write(`${code}\n`);
  const other = start([...flags, relay.url.href]);
  other.write(`${code}\n`);
  await Promise.all([side.event('state', isActive), other.event('state', isActive)]);
  return [side, other];
}

async function talk(side: Program, other: Program): Promise<void> {
  side.command({ do: 'send', text: 'one' });
  await other.event('message', ({ text }) => text === 'one');
  other.command({ do: 'send', text: 'two' });
  await side.event('message', ({ text }) => text === 'two');
}

/** The trace is that of the program, not of nothing. */
function expectNoWrites(): void {
  expect(readFileSync(trace, 'utf8')).toContain(IS_EXECUTABLE ? '/proc/self/limits' : 'dist/chunks/');
  expect(writesIn(trace)).toEqual([]);
}

describe.skipIf(!hasStrace)('no file is opened for writing', () => {
  it('in a pipe: start, chat, a line that breaks and comes back, quit', async () => {
    const [side, other] = await pair();
    await talk(side, other);
    proxy.cut();
    await side.event('state', ({ state }) => state === 'reconnecting');
    side.command({ do: 'send', text: 'three' });
    await other.event('message', ({ text }) => text === 'three');
    side.command({ do: 'quit' });
    expect([await side.exit, await other.exit]).toEqual([0, 0]);
    expectNoWrites();
  });

  it.skipIf(!hasPty)('on a terminal: the same with the rich UI', async () => {
    const code = freshCode();
    const [strace, ...flags] = straced(trace);
    const side = startInTerminal([...flags, PROGRAM, '--relay', proxy.url.href], { file: strace });
    await side.shows('Room code');
    side.type(`${code}\r`);
    const other = start(['--ui', 'json', '--relay', relay.url.href, code]);
    await side.shows(/end-to-end encrypted/);
    side.type('one\r');
    await other.event('message');
    proxy.cut();
    other.command({ do: 'send', text: 'two' });
    await side.shows('two');
    side.type('/quit\r');
    expect([await side.exit, await other.exit]).toEqual([0, 0]);
    expectNoWrites();
  });

  const SIGNALS = [
    ['SIGTERM', 130],
    ['SIGSEGV', null],
    ['SIGKILL', null],
    ['SIGHUP', 130],
    ['SIGINT', 130],
    ['SIGQUIT', 130],
    ['SIGABRT', 130],
  ] as const;
  it.each(repeats(SIGNALS, 3))('ended by %s', async (signal, status) => {
    const [side, other] = await pair();
    await talk(side, other);
    side.child.kill(signal);
    expect(await side.exit).toBe(status);
    expectNoWrites();
  });

  it('ended by an error that nobody caught', async () => {
    const thrown: Change = {
      file: 'adapters/ui/json/json.ts',
      from: "case 'wipe':\n      return",
      to: "case 'wipe':\n      setImmediate(() => { throw new Error('planted'); });\n      return",
    };
    const variant = await buildVariant([thrown]);
    try {
      const [side] = await pair([variant.launcher]);
      side.command({ do: 'quit' });
      await side.event('ended', ({ code }) => code === 'SC-501');
      expect(await side.exit).toBe(1);
      expect(writesIn(trace)).toEqual([]);
    } finally {
      variant.remove();
    }
  });

  it.runIf(CONTROLS)('a planted log line is seen, and refused by the launcher', async () => {
    const log = path.join(folder, 'planted.log');
    const variant = await buildVariant([
      {
        file: 'adapters/ui/json/json.ts',
        from: "case 'wipe':\n      return",
        to: `case 'wipe':\n      void import('node:fs').then((fs) => fs.appendFile(${JSON.stringify(log)}, 'x', () => undefined));\n      return`,
      },
    ]);
    try {
      const [side, other] = await pair([process.execPath, variant.program]);
      side.command({ do: 'quit' });
      await Promise.all([side.exit, other.exit]);
      expect(writesIn(trace).join('\n')).toContain('planted.log');
      rmSync(log, { force: true });
      const [denied, last] = await pair([variant.launcher]);
      denied.command({ do: 'quit' });
      await Promise.all([denied.exit, last.exit]);
      expect(writesIn(trace)).toEqual([]);
    } finally {
      variant.remove();
    }
  });
});
