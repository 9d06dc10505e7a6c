/**
 * What became of the own messages, and which of it is told: once all have arrived, and how many did not. No text and no
 * input may be known here.
 */
import type { MessageStatus, UiView } from '../../../core/ports.js';
import { UI_WORDS } from '../../words/line.js';
import { createStatuses } from '../statuses.js';

export interface Tally {
  readonly counts: Readonly<Record<MessageStatus, number>>;
  own(id: number): void;
  status(view: Extract<UiView, { type: 'status' }>): void;
  /** Messages fail together: one line for all of them. */
  tellFailed(): void;
}

export function createTally(say: (sentence: string) => void): Tally {
  const statuses = createStatuses();
  let lastOwn = -1;
  let lastDelivered = -1;
  let failed = 0;

  return {
    counts: statuses.counts,
    own(id) {
      lastOwn = id;
      statuses.own(id);
    },
    status({ id, status }) {
      statuses.set(id, status);
      if (status === 'failed') failed += 1;
      if (status !== 'delivered' || id !== lastOwn) return;
      say(UI_WORDS.delivered(id - lastDelivered));
      lastDelivered = id;
    },
    tellFailed() {
      if (failed > 0) say(UI_WORDS.failed(failed));
      failed = 0;
    },
  };
}
