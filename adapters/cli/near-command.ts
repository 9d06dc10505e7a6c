/**
 * Whether a word was probably meant to be a command. Nothing is asked or refused in this file.
 */
import { nearestOf } from '../system/command-line.js';
import { RESERVED, TOPICS } from './flags.js';

/** What can be the name of a room alone. */
const NAME = /^\w{3,16}$/;
/** What `help` explains. */
const EXPLAINED: ReadonlySet<string> = new Set([...TOPICS, 'man']);

/** The command that `word` is close to, or that explains it; undefined for a command itself, and for what is not like one. */
export function nearCommand(word: string | undefined): string | undefined {
  if (word === undefined || !NAME.test(word) || RESERVED.has(word)) return undefined;
  if (EXPLAINED.has(word)) return `help ${word}`;
  return nearestOf(word, [...RESERVED]);
}
