/**
 * What the executable may touch for a command line: decided here, enforced by executable.ts. In the package the launchers
 * decide the same before Node starts. No I/O may be in this file.
 */
import path from 'node:path';
import { SecurechatError } from '../../core/errors.js';
import { taskOf } from './task.js';

/** Where Tor keeps its control cookie: read for an onion service only. */
export const COOKIES = ['/run/tor/control.authcookie', '/var/lib/tor/control_auth_cookie'] as const;

export interface Rights {
  /** In `folder` and below it. */
  readonly files: 'none' | 'read' | 'write';
  /** Absolute; where `files` is none it says nothing. */
  readonly folder: string;
  /** COOKIES may be read. */
  readonly cookies: boolean;
}

/** For a program that is started in `from`. Throws SecurechatError SC-520. */
export function rightsOf(argv: readonly string[], from: string): Rights {
  const [command] = argv;
  const none: Rights = { files: 'none', folder: from, cookies: false };
  // A relay has no secrets, and reads its certificates from wherever they are.
  if (command === 'relay') return { ...none, files: 'write', folder: '/' };
  if (command === 'doctor') return { ...none, files: 'read', folder: '/proc' };
  const end = argv.indexOf('--');
  const flags = end < 0 ? argv : argv.slice(0, end);
  if (flags.some((each) => /^(?:-p|--plugin(?:=|$))/.test(each))) throw new SecurechatError('SC-520');
  const cookie = flags.includes('--onion') ? cookieOf(flags) : undefined;
  const named = cookie === undefined || cookie === 'usual' ? [] : [path.resolve(from, cookie)];
  const found = { ...none, cookies: cookie === 'usual' };
  let task: ReturnType<typeof taskOf>['task'];
  try {
    ({ task } = taskOf(argv));
  } catch {
    // The program says what is wrong.
    return none;
  }
  const folder = task.kind === 'receive' ? task.folder : task.kind === 'chat' ? task.files : undefined;
  if (folder !== undefined) return { ...found, files: 'write', folder: path.resolve(from, folder) };
  if (task.kind === 'send') named.push(...task.paths.map((each) => path.resolve(from, each)));
  return named.length === 0 ? found : { ...found, files: 'read', folder: common(named) };
}

function cookieOf(flags: readonly string[]): string {
  const [attached] = flags.flatMap((each) => /^--tor-cookie=(.+)$/s.exec(each)?.[1] ?? []);
  const at = flags.indexOf('--tor-cookie');
  return attached ?? (at < 0 ? undefined : flags[at + 1]) ?? 'usual';
}

/** The deepest folder that holds them all; a single path is itself, whatever it is. */
function common(paths: readonly string[]): string {
  let [folder = '/'] = paths;
  const holds = (each: string): boolean => each === folder || each.startsWith(folder === '/' ? '/' : `${folder}/`);
  while (!paths.every(holds)) folder = path.dirname(folder);
  return folder;
}
