/**
 * The safety words that a person is shown: of the handshake, and of the present when they are compared again (protocol.md
 * sections 4 and 5). How they come about is protocol/ and compare.ts; no answer of a person may be handled in this file.
 */
import type { Comparison } from './compare.js';
import type { Host } from './events.js';

export interface ShownWords {
  /** The person has said whether these words match. */
  answered: boolean;
  /** Four indices into the list; `required`: they must be compared before anything is shown or sent. */
  show(indices: readonly number[], required: boolean): void;
  /** How comparing again goes on. */
  compared(what: Comparison): void;
}

/** `list`: 2048 words. */
export function createShownWords(host: Host, list: readonly string[]): ShownWords {
  function show(indices: readonly number[], required: boolean): void {
    self.answered = false;
    const words = indices.map((index) => list[index] ?? '');
    host.emit({ type: 'show', view: { type: 'safety-words', words, required } });
  }

  const self: ShownWords = {
    answered: false,
    show,
    compared(what) {
      if (what.type === 'words') return show(what.words, false);
      host.emit({ type: 'show', view: { type: 'comparing', late: what.type === 'starved' } });
      if (what.type === 'starved') host.notice('SC-329');
    },
  };
  return self;
}
