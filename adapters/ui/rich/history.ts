/**
 * What was sent from here, to be recalled: in memory only, bounded, overwritten at the end. Nothing of it may be written
 * anywhere else.
 */
import { plainBuffer, plainCopy, sameBytes } from '../../../core/protocol/bytes.js';

/** Texts that are kept, … */
export const HISTORY_LIMIT = 100;
/** … and their bytes together. The newest is kept in any case. */
export const HISTORY_BYTES = 256 * 1024;

export interface Recalled {
  readonly text: Uint8Array;
  readonly draft: boolean;
}

export interface History {
  /** Keeps a copy as the newest; the same text twice in a row is kept once. Recalling begins anew. */
  add(text: Uint8Array): void;
  /**
   * The next older one, a view; undefined when there is none. `current` is what stands there now: what is not what was
   * recalled is kept as the draft, which comes back in the end.
   */
  older(current: Uint8Array): Recalled | undefined;
  /** The next newer one, at last the draft; undefined when `current` is not what was recalled. */
  newer(current: Uint8Array): Recalled | undefined;
  /** This is what was recalled last. */
  recalls(current: Uint8Array): boolean;
  clear(): void;
}

export function createHistory(): History {
  const texts: Uint8Array[] = [];
  let bytes = 0;
  /** Index of the recalled one; texts.length: none. */
  let at = 0;
  let draft: Uint8Array = plainBuffer(0);

  function drop(): void {
    const oldest = texts.shift();
    bytes -= oldest?.length ?? 0;
    oldest?.fill(0);
  }

  function rest(): void {
    at = texts.length;
    draft.fill(0);
    draft = plainBuffer(0);
  }

  function recalls(current: Uint8Array): boolean {
    const text = texts[at];
    return text !== undefined && sameBytes(text, current);
  }

  return {
    add(text) {
      const last = texts.at(-1);
      if (last === undefined || !sameBytes(last, text)) {
        texts.push(plainCopy(text));
        bytes += text.length;
        while (texts.length > 1 && (texts.length > HISTORY_LIMIT || bytes > HISTORY_BYTES)) drop();
      }
      rest();
    },
    older(current) {
      if (!recalls(current)) {
        rest();
        draft = plainCopy(current);
      }
      if (at === 0) return undefined;
      at -= 1;
      return { text: texts[at] ?? draft, draft: false };
    },
    newer(current) {
      if (!recalls(current)) return undefined;
      at += 1;
      return { text: texts[at] ?? draft, draft: at === texts.length };
    },
    recalls,
    clear() {
      while (texts.length > 0) drop();
      rest();
    },
  };
}
