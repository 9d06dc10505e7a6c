/**
 * A relay as a program, whichever its library: flags, files, listen, stop on a signal. Exit statuses as in
 * core/errors.ts: 0 stopped by a signal, 2 bad flags or files, 3 cannot listen, 1 a defect, 130 two signals. Nothing that
 * identifies a client may be written from this file.
 */
import { CODES, EXIT, type ExitStatus } from '../../core/errors.js';
import type { ConnectCluster } from '../../core/relay/cluster-port.js';
import { shownBy } from '../text/ascii.js';
import { hasUnicode } from '../text/locale.js';
import { neutral } from '../text/neutral.js';
import { RELAY_WORDS } from '../words/relay.js';
import { helpText, type Pem, parseCommand, type ProgramOptions, type RelayOptions } from './flags.js';
import { type Certificate, readCertificate } from './certificate.js';
import { describeConfiguration } from './configuration.js';
import { collectLess } from './heap.js';
import type { Relay } from './listener.js';
import type { Monitor } from './monitor.js';
import { createPage, type Page, pageFile } from './page.js';
import { parseProxies } from './proxy.js';

export interface RelayProgram {
  /** Said before each line. */
  readonly name: string;
  readonly start: (options: RelayOptions) => Promise<Relay>;
  /** Its wires are none that a page speaks. */
  readonly noPage?: true;
  /** Words that choose another program, which stand before the flags. */
  readonly kinds?: readonly string[];
  /** Which native code ws masks frames with. */
  readonly nativeMasking: () => 'Node' | 'bufferutil' | undefined;
}

/** Runs until it has ended the process. `argv` without node and program. */
export function runRelay(program: RelayProgram, argv: readonly string[]): void {
  const exit = (status: ExitStatus): void => process.exit(status);
  const say = (lines: string): void => {
    const text = lines.replace(/^(?! )/gm, `${program.name}: `).concat('\n');
    process.stderr.write(shownBy(process.stderr, hasUnicode(process.env, process.platform), Buffer.from(text)));
  };
  const command = parseCommand(argv, program.kinds);
  if (command.run === 'help') {
    process.stdout.write(helpText(program.name));
    return exit(EXIT.ok);
  }
  if (command.run === 'refuse') {
    say(RELAY_WORDS.refused(command.why, program.name));
    return exit(command.exit);
  }
  const { options } = command;
  let certificate: Certificate | undefined;
  let page: Page | undefined;
  try {
    certificate = readFiles(options);
    page = options.page ? readPage(program) : undefined;
  } catch (error) {
    say(RELAY_WORDS.unusable(messageOf(error)));
    return exit(EXIT.usage);
  }
  if (command.run === 'relay') {
    const relay = page === undefined ? options.relay : { ...options.relay, page };
    return serve(program, { ...options, relay }, certificate, say, exit);
  }
  process.stdout.write(describeConfiguration(options, certificate, program.nativeMasking()));
  exit(certificate?.expired === true ? EXIT.usage : EXIT.ok);
}

/** Everything that can be wrong before anything listens. Throws an error whose message says what. */
function readFiles(options: ProgramOptions): Certificate | undefined {
  // Node itself would write addresses to stderr.
  for (const name of ['NODE_DEBUG', 'NODE_DEBUG_NATIVE']) {
    if (process.env[name]) throw new Error(RELAY_WORDS.debugging(name));
  }
  parseProxies(options.relay.trustProxy ?? []);
  if (options.cluster !== undefined && !URL.canParse(options.cluster)) throw new Error(RELAY_WORDS.notCluster);
  return options.tlsFiles === undefined ? undefined : readCertificate(options.tlsFiles);
}

function readPage({ noPage }: RelayProgram): Page {
  if (noPage === true) throw new Error(RELAY_WORDS.pageNeedsWs);
  const html = pageFile();
  if (html === undefined) throw new Error(RELAY_WORDS.noPage);
  return createPage(html);
}

function serve(
  program: RelayProgram,
  options: ProgramOptions,
  certificate: Certificate | undefined,
  say: (line: string) => void,
  exit: (status: ExitStatus) => void,
): void {
  let relay: Relay | undefined;
  let monitor: Monitor | undefined;
  let signals = 0;

  function stop(): void {
    monitor?.stopping();
    relay?.close(options.drainMs).then(() => exit(EXIT.ok), defect);
  }

  /** Its place in the program, never its message, which may hold an address. */
  function defect(error: unknown): void {
    const frames = error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => /^ +at /.test(line)) : [];
    say([RELAY_WORDS.defect, ...frames].join('\n'));
    exit(EXIT.internal);
  }

  function signalled(): void {
    signals += 1;
    if (signals > 1) exit(EXIT.interrupted);
    else stop();
  }

  /** Without files there is nothing to read again, and nothing to end: people are talking. */
  function reload(files: Pem | undefined): void {
    if (files === undefined) return say(RELAY_WORDS.noCertificate);
    try {
      const fresh = readCertificate(files);
      if (fresh.expired) throw new Error(RELAY_WORDS.newExpired);
      relay?.setTls(fresh.pem);
      say(RELAY_WORDS.newCertificate(fresh.about));
    } catch (error) {
      say(RELAY_WORDS.oldCertificate(messageOf(error)));
    }
  }

  collectLess();
  process.on('uncaughtException', defect);
  process.on('unhandledRejection', defect);
  process.on('SIGTERM', signalled);
  process.on('SIGINT', signalled);
  process.on('SIGHUP', () => reload(options.tlsFiles));
  // Whoever reads this may be gone, too.
  process.stderr.on('error', () => undefined);
  if (certificate?.expired === true) say(RELAY_WORDS.expired);

  async function start(): Promise<void> {
    const shared = options.cluster === undefined ? {} : { cluster: await share(options.cluster, say) };
    const started = await program.start({
      ...options.relay,
      ...shared,
      ...(certificate === undefined ? {} : { tls: certificate.pem }),
    });
    if (options.monitor !== undefined) {
      const { startMonitor } = await import('./monitor.js');
      monitor = await startMonitor(started, options.monitor.host, options.monitor.port);
      say(RELAY_WORDS.monitor(monitor.url.href));
    }
    relay = started;
    if (options.relay.page !== undefined) say(RELAY_WORDS.page(started.url.href.replace(/^ws/, 'http')));
    say(RELAY_WORDS.listening(started.url.href));
    if (signals > 0) stop();
  }

  start().catch((error: unknown) => {
    const why = error instanceof Error && 'code' in error ? String(error.code) : RELAY_WORDS.unknownReason;
    say(RELAY_WORDS.cannotListen(why));
    exit(CODES['SC-111']);
  });
}

/** Loaded only when it is asked for. */
async function share(address: string, say: (line: string) => void): Promise<ConnectCluster> {
  const { shareRooms } = await import('./redis.js');
  return shareRooms(address, say);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? neutral(error.message) : RELAY_WORDS.configurationUnreadable;
}
