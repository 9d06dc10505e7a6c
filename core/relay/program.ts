/**
 * A relay as a program, whichever its library: flags, listen, stop on a signal. Exit statuses as in core/errors.ts: 0
 * stopped by a signal, 2 bad flags, 3 cannot listen, 1 a defect, 130 two signals. The process is handed in. Nothing that
 * identifies a client may be written from this file.
 */
import { CODES, EXIT, type ExitStatus } from '../errors.js';
import { helpText, type ParseFlags, parseCommand, type RelayOptions } from './flags.js';

/** What a relay gives back when it listens. */
export interface RunningRelay {
  readonly url: { readonly href: string };
  close(): Promise<void>;
}

/** Node's process, as far as a relay needs it. */
export interface ProcessOfRelay {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  on(event: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
  on(event: 'uncaughtException' | 'unhandledRejection', listener: (error: unknown) => void): unknown;
  exit(status: ExitStatus): unknown;
}

/** node:util's parseArgs. */
export type ParseArgs = (config: {
  readonly args: string[];
  readonly options: Parameters<ParseFlags>[1];
  readonly allowPositionals: false;
  readonly strict: true;
}) => { readonly values: ReturnType<ParseFlags> };

/** Runs until it has called `host.exit`. `name` is said before each line. */
export function runRelay(
  name: string,
  argv: readonly string[],
  start: (options: RelayOptions) => Promise<RunningRelay>,
  host: ProcessOfRelay,
  parseArgs: ParseArgs,
): void {
  const exit = (status: ExitStatus): void => void host.exit(status);
  const say = (line: string): void => void host.stderr.write(`${name}: ${line}\n`);
  const parse: ParseFlags = (args, options) =>
    parseArgs({ args: [...args], options, allowPositionals: false, strict: true }).values;
  const command = parseCommand(argv, parse);
  if (command.run === 'help') {
    host.stdout.write(helpText(name));
    return exit(EXIT.ok);
  }
  if (command.run === 'refuse') {
    say(`SC-503 ${command.why}. Try --help.`);
    return exit(command.exit);
  }

  let relay: RunningRelay | undefined;
  let signals = 0;

  function stop(): void {
    void relay?.close().then(() => exit(EXIT.ok), defect);
  }

  /** Its place in the program, never its message, which may hold an address. */
  function defect(error: unknown): void {
    const frames = error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => /^ +at /.test(line)) : [];
    say(['SC-501 a defect ended the relay', ...frames].join('\n'));
    exit(EXIT.internal);
  }

  function signalled(): void {
    signals += 1;
    if (signals > 1) exit(EXIT.interrupted);
    else stop();
  }

  host.on('uncaughtException', defect);
  host.on('unhandledRejection', defect);
  host.on('SIGTERM', signalled);
  host.on('SIGINT', signalled);
  start(command.options).then(
    (started) => {
      relay = started;
      say(`listening on ${started.url.href}`);
      if (signals > 0) stop();
    },
    (error: unknown) => {
      const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
      say(`SC-111 cannot listen there (${why}). Choose another --host or --port.`);
      exit(CODES['SC-111']);
    },
  );
}
