/**
 * Whether a word was probably meant to be a command. Nothing is asked or refused in this file.
 */
import { ascii } from '../../core/protocol/bytes.js';
import { editDistance } from '../../core/room/words.js';
import { RESERVED, TOPICS } from './flags.js';

/** Of a short word one letter may be wrong, of a longer one two. */
const SHORT = 4;
/** What can be the name of a room alone. */
const NAME = /^\w{3,16}$/;
/** What `help` explains. */
const EXPLAINED: ReadonlySet<string> = new Set([...TOPICS, 'man']);

/** The command that `word` is close to, or that explains it; undefined for a command itself, and for what is not like one. */
export function nearCommand(word: string | undefined): string | undefined {
  if (word === undefined || !NAME.test(word) || RESERVED.has(word)) return undefined;
  if (EXPLAINED.has(word)) return `help ${word}`;
  const distances = [...RESERVED].map((name) => [name, editDistance(ascii(name), ascii(word))] as const);
  const [near] = distances.filter(([name, far]) => far <= (name.length > SHORT ? 2 : 1)).sort((a, b) => a[1] - b[1]);
  return near?.[0];
}
