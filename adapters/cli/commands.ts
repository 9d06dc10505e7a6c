/**
 * The commands that only answer: `page`, `doctor`, `completion`, `help`, `version`, each with `--help`. A relay is relays.ts, a
 * chat is run.ts; no sentence may be in this file.
 */
import { SecurechatError } from '../../core/errors.js';
import { createRegistry } from '../../plugins/kit/registry.js';
import { CLI_WORDS } from '../words/cli.js';
import { builtins } from './builtins.js';
import { doctor, type Surroundings } from './doctor.js';
import { COMMANDS, OWN_FLAGS, SHELLS, TOPICS } from './flags.js';
import { commandHelp, shortHelp, topicHelp } from './help.js';
import { VERSION } from '../../core/version.js';

export type Answering = 'page' | 'doctor' | 'completion' | 'help' | 'version';

const isHelp = (word: string | undefined): boolean => word === '--help' || word === '-h';

function refuse(why: string): never {
  throw new SecurechatError('SC-503', { why });
}

/** What to print. `argv` is what follows the command. Throws SecurechatError SC-109, SC-110, SC-503. */
export async function answer(command: Answering, argv: readonly string[], surroundings: Surroundings): Promise<string> {
  const [first, ...more] = argv;
  if (isHelp(first) && more.length === 0) return commandHelp(command);
  switch (command) {
    case 'version':
      return first === undefined ? `${VERSION}\n` : refuse(CLI_WORDS.noArguments(command));
    case 'page':
      return page(first, more);
    case 'doctor':
      return `${(await doctor(argv, surroundings)).join('\n')}\n`;
    case 'completion': {
      const shell = SHELLS.find((name) => name === first);
      if (shell === undefined || more.length > 0) return refuse(CLI_WORDS.unknownShell(SHELLS));
      const { completion } = await import('./completion.js');
      return completion(shell, registry());
    }
    case 'help':
      return help(first, more);
  }
}

/** The file as the build has made it, which is UTF-8: the same bytes come out. */
async function page(flag: string | undefined, more: readonly string[]): Promise<string> {
  if (more.length > 0 || (flag !== undefined && flag !== '--hash')) return refuse(CLI_WORDS.pageUsage);
  const { pageFile, pageHash } = await import('../relay/page.js');
  const file = pageFile();
  if (file === undefined) throw new SecurechatError('SC-369');
  return flag === undefined ? file.toString('utf8') : `${pageHash(file)}\n`;
}

async function help(topic: string | undefined, more: readonly string[]): Promise<string> {
  if (topic === undefined) return shortHelp(registry());
  const found = TOPICS.find((name) => name === topic);
  if (more.length > 0) return refuse(CLI_WORDS.unknownTopic(TOPICS));
  if (found !== undefined) return topicHelp(found, registry());
  if (topic === 'man') return (await import('./man.js')).manPage(registry());
  const command = COMMANDS.find((name) => name === topic);
  if (command === undefined || command === 'relay') return refuse(CLI_WORDS.unknownTopic(TOPICS));
  return commandHelp(command);
}

function registry() {
  const all = createRegistry(OWN_FLAGS);
  all.register(builtins);
  return all;
}
