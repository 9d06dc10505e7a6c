/**
 * Lines about files on their way: an offer, a line for each tenth, the end. Names are neutralised; no input may be known
 * here.
 */
import type { UiView } from '../../../core/ports.js';
import { ascii, concat } from '../../../core/protocol/bytes.js';
import type { Sanitize } from '../../../plugins/kit/define.js';
import { others } from '../../words/files.js';
import { UI_WORDS } from '../../words/line.js';
import type { Printer } from './print.js';

export interface TransferLines {
  show(view: Extract<UiView, { type: 'offer' | 'progress' | 'file-done' }>): void;
  /** It failed, which is told elsewhere. */
  over(id: number): void;
}

export function createTransferLines({ notice }: Printer, sanitize: Sanitize): TransferLines {
  const { files } = UI_WORDS;
  /** How far each transfer was said to be. */
  const steps = new Map<number, number>();

  /** A line for each tenth of a transfer; with an unknown end for each doubling. */
  function progress({ id, bytes, total }: Extract<UiView, { type: 'progress' }>): void {
    const step = total === undefined ? Math.floor(Math.log2(bytes + 1)) : Math.floor((bytes * 10) / Math.max(total, 1));
    if (steps.get(id) === step) return;
    steps.set(id, step);
    notice(ascii(files.progress(id, bytes, total)));
  }

  return {
    show(view) {
      if (view.type === 'progress') return progress(view);
      if (view.type === 'offer') {
        const name = sanitize(view.name);
        notice(ascii((view.incoming ? files.offered : files.offering)(view)), concat(name, ascii(others(view.count))));
        name.fill(0);
        return;
      }
      steps.delete(view.id);
      notice(ascii(files.done(view)));
    },
    over: (id) => void steps.delete(id),
  };
}
