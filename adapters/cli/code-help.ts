/**
 * The help for a code that is typed again inside a chat: the same words and sentences as at the first question. No typed
 * word may become a string here, and nothing is sent.
 */
import { parseCode } from '../../core/room/code.js';
import { CANDIDATES, doubtOf, suggest } from '../../core/room/completion.js';
import type { Wordlist } from '../../core/room/words.js';
import type { CodeHelp } from '../ui/code-help.js';
import { CLI_WORDS } from '../words/cli.js';
import { normalize } from '../text/normalize.js';

export function createCodeHelp(words: Wordlist): CodeHelp {
  return {
    suggest: (typed) => suggest(typed, words),
    hint({ candidates: [only, more], wrong }) {
      if (wrong !== undefined) return CLI_WORDS.ask.notListed(wrong.position, wrong.nearest);
      return only === undefined || more !== undefined ? '' : CLI_WORDS.ask.tab(only);
    },
    choices: ({ candidates }) => CLI_WORDS.ask.choices(candidates.slice(0, CANDIDATES), candidates.length > CANDIDATES),
    doubt(typed) {
      try {
        const code = parseCode(typed, words, normalize);
        const doubt = doubtOf(code, words);
        code.secret.fill(0);
        return doubt === undefined ? undefined : CLI_WORDS.ask.doubt(doubt);
      } catch {
        // What is no code at all is told by who reads it.
        return undefined;
      }
    },
  };
}
