/**
 * What was sent from here, to be recalled: in memory only, bounded, overwritten at the end. Nothing of it may be written
 * anywhere else.
 */
import { plainBuffer, plainCopy, sameBytes } from '../../../core/protocol/bytes.js';

/** Texts that are kept, … */
export const HISTORY_LIMIT = 100;
/** … and their bytes together. The newest is kept in any case. */
export const HISTORY_BYTES = 256 * 1024;

export interface History {
  /** Keeps a copy as the newest; the same text twice in a row is kept once. Recalling begins anew. */
  add(text: Uint8Array): void;
  /** The next older one, a view; undefined when there is none. `current` is what is to come back in the end. */
  older(current: () => Uint8Array): Uint8Array | undefined;
  /** The next newer one, at last what was there before (`draft`); undefined when nothing is recalled. */
  newer(): { readonly text: Uint8Array; readonly draft: boolean } | undefined;
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
      if (at === 0) return undefined;
      if (at === texts.length) {
        draft.fill(0);
        draft = current();
      }
      at -= 1;
      return texts[at];
    },
    newer() {
      if (at === texts.length) return undefined;
      at += 1;
      return { text: texts[at] ?? draft, draft: at === texts.length };
    },
    clear() {
      while (texts.length > 0) drop();
      rest();
    },
  };
}
