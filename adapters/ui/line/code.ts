/**
 * The code, asked for again: the next line is it. One that is probably mistyped, or not finished, is said once before it is
 * taken. Bytes only; no sentence may be in this file.
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

const TAB = 0x09;

/** A view: Tab was pressed for the words that may follow. */
function withoutTabs(line: Uint8Array): Uint8Array {
  let end = line.length;
  while (end > 0 && line[end - 1] === TAB) end -= 1;
  return line.subarray(0, end);
}

/** Without `help` nothing is doubted: nobody could answer. */
export function createCodeAsked(
  help: CodeHelp | undefined,
  say: (sentence: string) => void,
  tell: (event: UiEvent) => void,
): CodeAsked {
  let wanted = false;
  let doubted: string | undefined;

  /** The terminal completes nothing by itself: what the last word may become is said, and the line is typed again. */
  function unfinished(typed: Uint8Array): string | undefined {
    const found = help?.suggest(typed);
    if (help === undefined || found === undefined || found.candidates.length === 0) return undefined;
    return UI_WORDS.codeUnfinished(help.choices(found));
  }

  return {
    get wanted() {
      return wanted;
    },
    want(same) {
      wanted = true;
      say(same ? UI_WORDS.codeWantedSame : UI_WORDS.codeWanted);
    },
    take(line) {
      const typed = withoutTabs(line);
      const doubt = typed.length === 0 ? undefined : (unfinished(typed) ?? help?.doubt(typed));
      if (doubt !== undefined && doubt !== doubted) {
        doubted = doubt;
        return say(doubt);
      }
      wanted = false;
      doubted = undefined;
      tell({ type: 'code', code: plainCopy(typed) });
    },
  };
}
