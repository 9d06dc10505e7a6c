/**
 * The executable securechat, one file with Node inside: gives up every right that this start does not need, then becomes
 * the program. Its Node is built so that nothing outside can change its flags (.config/build-executable.mjs). Nothing
 * that belongs to a chat may be in this file, and it must be loaded before all else.
 *
 * The flags are the same for every start, so they allow what some start needs: the working folder, and to start once more.
 * A start that needs another folder, or a cleaner environment, becomes itself again, there and with it.
 */
import { readFileSync, writeSync } from 'node:fs';
import { EXIT, isSecurechatError } from '../../core/errors.js';
import { permission } from '../system/enforced.js';
import { isReally, startedIn, startFolder } from '../system/folder.js';
import { report } from '../text/describe.js';
import { CLI_WORDS } from '../words/cli.js';
import { cleaned } from './environment.js';
import { COOKIES, type Rights, rightsOf } from './rights.js';

/** From the first start to the second: where it was started, and what its folder was called. They can only take away. */
const FROM = 'SECURECHAT_FROM';
const AT = 'SECURECHAT_AT';

/** In place of a file its folder; in place of nothing, nothing. */
const AGAIN = `ulimit -c 0
[ -d "$1" ] || set -- "$(dirname -- "$1")" "$@"
cd -P -- "$1" 2>/dev/null && export ${AT}="$1"
while [ "$1" != -- ]; do shift; done
shift
exec "$@"`;

interface Executable {
  execve?(file: string, args: readonly string[], env: NodeJS.ProcessEnv): never;
}

void begin();

async function begin(): Promise<void> {
  // Whoever started it with NODE_CHANNEL_FD has a channel into this process, and Node has forgotten the name.
  process.disconnect?.();
  const argv = process.argv.slice(2);
  const { [FROM]: from, [AT]: at, ...given } = process.env;
  if (from !== undefined) startedIn(from);
  let rights: Rights;
  try {
    rights = rightsOf(argv, startFolder());
  } catch (error) {
    if (!isSecurechatError(error)) throw error;
    writeSync(2, report(error.code, error.detail));
    return void (process.exitCode = error.exit);
  }
  const { dropped, env } = cleaned(given);
  if (dropped.length > 0) writeSync(2, `securechat: ${CLI_WORDS.dropped(dropped.join(' '))}\n`);
  const here = workingFolder();
  const elsewhere = rights.files !== 'none' && from === undefined && rights.folder !== here;
  if (elsewhere || dropped.length > 0 || allowsCores()) {
    const args = ['sh', '-c', AGAIN, 'securechat', rights.folder, '--', process.execPath, ...argv];
    (process as Executable).execve?.('/bin/sh', args, { ...env, [FROM]: startFolder() });
  }
  Reflect.deleteProperty(process.env, FROM);
  Reflect.deleteProperty(process.env, AT);
  // In a path that is allowed, Node takes a * for anything.
  if (rights.files !== 'none' && here?.includes('*') === true) {
    writeSync(2, `${CLI_WORDS.star}\n`);
    return void (process.exitCode = EXIT.usage);
  }
  if (at !== undefined && here !== undefined) isReally(at, here);
  giveUp(from !== undefined && at === undefined ? { ...rights, files: 'none' } : rights, here);
  if (argv[0] === 'relay') process.chdir(startFolder());
  await import('./main.js');
}

/** What cannot be taken back. */
function giveUp(rights: Rights, here: string | undefined): void {
  const model = permission();
  model?.drop?.('child');
  if (rights.files !== 'write') model?.drop?.('fs.write');
  if (rights.files === 'none' && !rights.cookies) return model?.drop?.('fs.read');
  if (rights.files === 'none' && here !== undefined) model?.drop?.('fs.read', here);
  if (!rights.cookies) for (const each of COOKIES) model?.drop?.('fs.read', each);
}

/** A crash would leave the memory of this process in a file; only Linux says so. */
function allowsCores(): boolean {
  try {
    return !/^Max core file size +0 /m.test(readFileSync('/proc/self/limits', 'utf8'));
  } catch {
    return false;
  }
}

/** Undefined: it may have been deleted. */
function workingFolder(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}
