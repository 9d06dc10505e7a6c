/**
 * The code, asked for again: the next line is it. One that is probably mistyped is said once before it is taken. Bytes only;
 * no sentence may be in this file.
 */
import type { UiEvent } from '../../../core/ports.js';
import { plainCopy } from '../../../core/protocol/bytes.js';
import { UI_WORDS } from '../../words/line.js';
import type { CodeHelp } from '../code-help.js';

export interface CodeAsked {
  /** The next line is the code. */
  readonly wanted: boolean;
  /** `same`: an empty line stands for the same code. */
  want(same: boolean): void;
  /** A line, a view. */
  take(line: Uint8Array): void;
}

/** Without `help` nothing is doubted: nobody could answer. */
export function createCodeAsked(
  help: Pick<CodeHelp, 'doubt'> | undefined,
  say: (sentence: string) => void,
  tell: (event: UiEvent) => void,
): CodeAsked {
  let wanted = false;
  let doubted: string | undefined;
  return {
    get wanted() {
      return wanted;
    },
    want(same) {
      wanted = true;
      say(same ? UI_WORDS.codeWantedSame : UI_WORDS.codeWanted);
    },
    take(line) {
      const doubt = line.length === 0 ? undefined : help?.doubt(line);
      if (doubt !== undefined && doubt !== doubted) {
        doubted = doubt;
        return say(doubt);
      }
      wanted = false;
      doubted = undefined;
      tell({ type: 'code', code: plainCopy(line) });
    },
  };
}
