/**
 * The program securechat: the process around one run. Signals, uncaught errors and the exit status; no other rule may be
 * in this file. What is only needed for a chat is loaded behind `--version`.
 */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { EXIT, isSecurechatError, SecurechatError } from '../../core/errors.js';
import { isEnforced } from '../system/enforced.js';
import { startFolder } from '../system/folder.js';
import { COMMAND } from '../words/command.js';
import type { Answering } from './commands.js';
import { print } from './print.js';
import { VERSION } from '../../core/version.js';

/**
 * What would end the process where it is, and can be caught: each says goodbye and wipes. A crash (SIGSEGV and its like)
 * runs no code of ours, and SIGKILL none at all. SIGUSR1 belongs to Node.
 */
const ENDING: readonly NodeJS.Signals[] = [
  ...(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGABRT', 'SIGUSR2', 'SIGALRM', 'SIGVTALRM'] as const),
  ...(['SIGPROF', 'SIGXCPU', 'SIGIO', 'SIGPWR', 'SIGSTKFLT', 'SIGSYS'] as const),
];
/** The engine looks at itself by this signal, when it is asked to. */
const PROFILED = process.execArgv.some((flag) => flag.startsWith('--cpu-prof') || flag === '--prof');
const PROGRAM = fileURLToPath(import.meta.url);
const argv = process.argv.slice(2);
// Whoever reads our output may go away; the UI learns it on its own.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

void begin();

/** Where their answer is a constant, nothing else is loaded. */
async function begin(): Promise<void> {
  const alone = argv.length === 1 ? argv[0] : undefined;
  if (alone === '--version' || alone === '-V' || alone === 'version') return say(`${VERSION}\n`);
  if (alone === '--help' || alone === '-h' || alone === 'help') return help();
  const [first, second] = argv;
  if (first === 'relay') return (await import('./relays.js')).relayCommand(argv.slice(1));
  if (first === 'page' || first === 'doctor' || first === 'completion' || first === 'help' || first === 'version')
    return command(first);
  if ((first === 'pipe' || first === 'send' || first === 'receive') && (second === '--help' || second === '-h'))
    return command('help', [first]);
  return start();
}

/** As the build has made it, for whoever starts it by its own name. */
async function help(): Promise<void> {
  let text: Buffer;
  try {
    if (COMMAND !== 'securechat') return await command('help');
    text = readFileSync(new URL('help.txt', import.meta.url));
  } catch {
    return command('help');
  }
  await say(text);
}

async function command(name: Answering, words = argv.slice(1)): Promise<void> {
  const { answer } = await import('./commands.js');
  await told(answer(name, words, process).then((text) => print(process.stdout, text)));
}

async function say(text: string | Uint8Array): Promise<void> {
  await told(print(process.stdout, text));
}

/** An error of ours becomes its sentences and its exit status. */
async function told(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isSecurechatError(error)) throw error;
    process.exitCode = error.exit;
    await complain(error);
  }
}

async function complain({ code, detail }: SecurechatError): Promise<void> {
  const { report } = await import('../text/describe.js');
  process.stderr.write(report(code, detail));
}

async function start(): Promise<void> {
  const parts = [import('./run.js'), import('../system/input.js'), import('../system/output.js')] as const;
  const [{ run }, { openInput }, { openOutput }] = await Promise.all(parts);
  const { stderr, env } = process;
  const [stdin, stdout] = [openInput(), openOutput()];
  const places = { cwd: startFolder(), program: PROGRAM };
  const program = run(argv, { stdin, stdout, stderr, env, places, enforced: isEnforced() });
  let failed = false;

  /** A defect: what kind and where, never its message, which may hold anything. A status alone would tell nobody. */
  async function fail(error: unknown): Promise<never> {
    const defect = defectOf(error, program.blamed(error));
    // A second one while the first is told may keep it from being told.
    const first = !failed;
    failed = true;
    const told =
      first &&
      (await program.fail(defect).then(
        () => true,
        () => false,
      ));
    if (!told) await complain(defect);
    if (first) await stdin.discard?.();
    process.exit(EXIT.internal);
  }

  process.on('uncaughtException', (error) => void fail(error));
  process.on('unhandledRejection', (error) => void fail(error));
  for (const signal of ENDING) {
    if (!(signal in constants.signals) || (PROFILED && signal === 'SIGPROF')) continue;
    process.on(signal, () => program.interrupt());
  }

  try {
    const status = await program.done;
    await stdin.discard?.();
    process.exit(status);
  } catch (error) {
    await fail(error);
  }
}

function defectOf(error: unknown, plugin: string | undefined): SecurechatError {
  const [why, where] = [whatFailed(error), whereFailed(error)];
  if (plugin === undefined) return new SecurechatError('SC-501', { why, where });
  const place = where === '' ? '' : ` at ${where}`;
  return new SecurechatError('SC-506', { kind: 'plugin', name: plugin, why: `${why}${place}` });
}

function whatFailed(error: unknown): string {
  const why = error instanceof Error && 'detail' in error ? (error.detail as { why?: unknown }).why : undefined;
  if (typeof why === 'string') return why;
  return error instanceof Error ? error.name : typeof error;
}

/** File and line of the place, without the folders above it. */
function whereFailed(error: unknown): string {
  const frame = error instanceof Error ? /^ +at .*?([^/\\(]+:\d+:\d+)\)?$/m.exec(error.stack ?? '') : null;
  return frame?.[1] ?? '';
}
