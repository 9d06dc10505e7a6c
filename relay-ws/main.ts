/**
 * The program securechat-relay-ws: flags, listen, stop on a signal. Exit statuses as in core/errors.ts: 0 stopped by a
 * signal, 2 bad flags, 3 cannot listen. Nothing that identifies a client may be written from this file.
 */
import { CODES, EXIT, type ExitStatus } from '../core/errors.js';
import { helpText, parseCommand } from './flags.js';
import { type Relay, startRelay } from './server.js';

const NAME = 'securechat-relay-ws';

function say(line: string): void {
  process.stderr.write(`${NAME}: ${line}\n`);
}

/** A defect: its place in the program, never its message, which may hold an address. */
function fail(error: unknown): never {
  const frames = error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => /^ +at /.test(line)) : [];
  say(['SC-501 a defect ended the relay', ...frames].join('\n'));
  process.exit(EXIT.internal);
}

/** The first signal closes the relay in order, a second one ends it at once. */
function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    let stopping = false;
    const onSignal = () => {
      if (stopping) process.exit(EXIT.interrupted);
      stopping = true;
      resolve();
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

async function main(argv: readonly string[]): Promise<ExitStatus> {
  const command = parseCommand(argv);
  if (command.run === 'help') {
    process.stdout.write(helpText());
    return EXIT.ok;
  }
  if (command.run === 'refuse') {
    say(`SC-503 ${command.why}. Try --help.`);
    return command.exit;
  }
  const signal = untilSignal();
  let relay: Relay;
  try {
    relay = await startRelay(command.options);
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    say(`SC-111 cannot listen there (${why}). Choose another --host or --port.`);
    return CODES['SC-111'];
  }
  say(`listening on ${relay.url.href}`);
  await signal;
  await relay.close();
  return EXIT.ok;
}

process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
process.exitCode = await main(process.argv.slice(2));
