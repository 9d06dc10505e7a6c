/**
 * The command securechat-node: what launcher.sh does, for systems without a POSIX shell. A process of its own stays behind
 * here, because Node cannot replace itself everywhere. Nothing may be written in this file, and no argument be changed.
 */
import { spawn } from 'node:child_process';
import { realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { isatty } from 'node:tty';
import { fileURLToPath } from 'node:url';
import { CLI_WORDS } from '../words/cli.js';
import { cleaned } from './environment.js';
import { taskOf } from './task.js';

/** Commands that move streams, and the flags for them and for all others; launcher.sh says why. */
const STREAMS: ReadonlySet<string> = new Set(['pipe', 'send', 'receive']);

/** Lets a file, or a folder with all that is in it, be read. */
const READ = '--allow-fs-read=';

/** Node's flags for this program in `app`, started in `cwd` with these arguments, by this version of Node. */
export function flagsOf(argv: readonly string[], app: string, cwd: string, version: string): string[] {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const after = (atMajor: number, atMinor: number): boolean =>
    major > atMajor || (major === atMajor && minor >= atMinor);
  const streams = STREAMS.has(argv[0] ?? '');
  return outermost([
    '--disable-warning=ExperimentalWarning',
    '--disallow-code-generation-from-strings',
    ...(after(22, 14) ? ['--disable-sigusr1'] : []),
    after(22, 13) ? '--permission' : '--experimental-permission',
    ...(after(25, 0) ? ['--allow-net'] : []),
    ...(after(24, 0) && !after(27, 0) ? ['--no-concurrent-sparkplug', '--no-maglev'] : []),
    ...(streams && major === 20 ? ['--interrupt-budget=200000'] : []),
    ...(after(27, 0) ? [] : [streams ? '--initial-old-space-size=48' : '--optimize-for-size']),
    ...filesOf(argv, cwd),
    ...[app, ...pluginFolders(argv, app, cwd)].map((folder) => `${READ}${folder}${path.sep}`),
    ...torCookies(argv, cwd).map((file) => `${READ}${file}`),
  ]);
}

/**
 * Node 20 dies of a folder that is allowed twice, and takes it for one that may not be read, when something in it is allowed
 * beside it.
 */
function outermost(flags: readonly string[]): string[] {
  const read = (flag: string): string | undefined =>
    flag.startsWith(READ) ? path.resolve(flag.slice(READ.length)) : undefined;
  const all = new Set(flags.map(read));
  const kept = new Set<string>();
  const isInside = (at: string): boolean => {
    const above = path.dirname(at);
    return above !== at && (all.has(above) || isInside(above));
  };
  return flags.filter((flag) => {
    const at = read(flag);
    if (at === undefined) return true;
    const first = !kept.has(at);
    kept.add(at);
    return first && !isInside(at);
  });
}

/** What `send` names, where `receive` writes, the folder of --files. */
function filesOf(argv: readonly string[], cwd: string): string[] {
  const { task } = attempt(() => taskOf(argv)) ?? {};
  if (task?.kind === 'send') {
    const named = task.paths.map((each) => path.resolve(cwd, each));
    const all = new Set(named.flatMap((each) => [each, attempt(() => realpathSync(each)) ?? each]));
    return [...all].map((each) => `${READ}${allowed(each)}`);
  }
  const folder = task?.kind === 'receive' ? task.folder : task?.kind === 'chat' ? task.files : undefined;
  const named = folder === undefined ? undefined : path.resolve(cwd, folder);
  const real = named === undefined ? undefined : attempt(() => realpathSync(named));
  // Of what is no folder the program says so.
  if (named === undefined || real === undefined || attempt(() => statSync(real).isDirectory()) !== true) return [];
  // By the name it was given, to see where that leads.
  const link = named === real ? [] : [`${READ}${allowed(named)}`];
  return [...link, `${READ}${allowed(real)}${path.sep}`, `--allow-fs-write=${allowed(real)}${path.sep}`];
}

/** In a path that is allowed, Node takes a * for anything. */
function allowed(at: string): string {
  if (!at.includes('*')) return at;
  process.stderr.write(`${CLI_WORDS.star}\n`);
  process.exit(2);
}

/** Undefined for what is wrong: the program says so. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** The control cookie of Tor, for an onion service and for nothing else. */
function torCookies(argv: readonly string[], cwd: string): string[] {
  const end = argv.indexOf('--');
  const flags = end < 0 ? argv : argv.slice(0, end);
  if (!flags.includes('--onion')) return [];
  const [attached] = flags.flatMap((each) => /^--tor-cookie=(.+)$/s.exec(each)?.[1] ?? []);
  const at = flags.indexOf('--tor-cookie');
  const named = attached ?? (at < 0 ? undefined : flags[at + 1]);
  if (named !== undefined) return [path.resolve(cwd, named)];
  return ['/run/tor/control.authcookie', '/var/lib/tor/control_auth_cookie'];
}

/** Where the plugins that are named are read from. */
function pluginFolders(argv: readonly string[], app: string, cwd: string): string[] {
  const folders: string[] = [];
  for (let i = 0; i < argv.length && argv[i] !== '--'; i++) {
    const each = argv[i] ?? '';
    const [, attached] = /^(?:--plugin=|-p)(.+)$/s.exec(each) ?? [];
    const spec = each === '-p' || each === '--plugin' ? argv[++i] : attached;
    if (spec === undefined) continue;
    if (!path.isAbsolute(spec) && !/^\.{1,2}(?:[\\/]|$)/.test(spec)) {
      const [above] = app.split(`${path.sep}node_modules${path.sep}`, 1);
      for (const root of [cwd, above ?? app]) folders.push(path.join(root, 'node_modules'));
      continue;
    }
    try {
      const target = path.resolve(cwd, spec);
      const folder =
        statSync(target, { throwIfNoEntry: false })?.isDirectory() === true ? target : path.dirname(target);
      const real = realpathSync(folder);
      folders.push(folder, real);
    } catch {
      // Not there: the program says so.
    }
  }
  return folders;
}

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Signals that the program gets from here. What a terminal sends it gets itself, and a second one would cut its goodbye
 * short; on Windows each ends it where it is.
 */
export function passedOn(platform: string, terminal: boolean): readonly NodeJS.Signals[] {
  if (platform === 'win32') return [];
  return terminal ? ['SIGTERM'] : SIGNALS;
}

function launch(): void {
  const dist = path.dirname(realpathSync(fileURLToPath(import.meta.url)));
  const argv = process.argv.slice(2);
  const { dropped, env } = cleaned(process.env);
  if (dropped.length > 0) process.stderr.write(`securechat: ${CLI_WORDS.dropped(dropped.join(' '))}\n`);
  const flags = argv[0] === 'relay' ? [] : flagsOf(argv, path.dirname(dist), process.cwd(), process.version);
  const child = spawn(process.execPath, [...flags, path.join(dist, 'securechat.cjs'), ...argv], {
    stdio: 'inherit',
    env,
  });
  const passed = passedOn(process.platform, [0, 1, 2].some(isatty));
  // Those that are not passed on do not end this process before the program.
  for (const signal of SIGNALS) process.on(signal, () => (passed.includes(signal) ? child.kill(signal) : undefined));
  child.on('exit', (code) => process.exit(code ?? 1));
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === realpathSync(fileURLToPath(import.meta.url)))
  launch();
