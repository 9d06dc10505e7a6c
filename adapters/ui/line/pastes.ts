/**
 * Typed or pasted, for a terminal that hands over whole lines: nobody types two of them at once, so lines that come together
 * were pasted, and a pasted line is never a command. What a line means is line.ts.
 */
import type { ClockPort } from '../../../core/ports.js';
import { plainCopy } from '../../../core/protocol/bytes.js';
import { fileCommand } from '../file-commands.js';
import { lineKind } from './commands.js';

/**
 * Lines that follow each other within this came together, milliseconds. A terminal hands over one at a time, all that are
 * there at once; more time would take a fast answer of a script for a paste.
 */
export const PASTE_GAP_MS = 5;

export interface LineOrigins {
  typed(line: Uint8Array): void;
  /** To be taken as it stands. */
  pasted(line: Uint8Array): void;
}

export interface PasteGuard {
  /** A line, a view. What may be a command is told when nothing has come behind it. */
  take(line: Uint8Array): void;
  /** Nothing more comes: what waits is told now. */
  flush(): void;
  /** Wipes. */
  close(): void;
}

export function createPasteGuard(clock: ClockPort, to: LineOrigins): PasteGuard {
  let pending: Uint8Array | undefined;
  let cancel = (): void => undefined;
  let lastAt = Number.NEGATIVE_INFINITY;

  function release(tell: (line: Uint8Array) => void): void {
    const line = pending;
    if (line === undefined) return;
    cancel();
    pending = undefined;
    tell(line);
    line.fill(0);
  }

  return {
    take(line) {
      const follows = clock.now() - lastAt < PASTE_GAP_MS;
      release(to.pasted);
      const kind = fileCommand(line) === undefined ? lineKind(line, true) : 'command';
      if (follows) to.pasted(line);
      else if (kind === 'text' || kind === 'empty') to.typed(line);
      else {
        pending = plainCopy(line);
        cancel = clock.wakeAt(clock.now() + PASTE_GAP_MS, () => release(to.typed));
      }
      // Not before: taking a line takes time, too.
      lastAt = clock.now();
    },
    flush: () => release(to.typed),
    close: () => release(() => undefined),
  };
}
