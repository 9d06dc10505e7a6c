/**
 * A UI that is told a few things first, and with --quiet only what matters. No sentence and no other rule may be in this
 * file.
 */
import { CODES, type Code, EXIT } from '../../core/errors.js';
import type { UiPort, UiView } from '../../core/ports.js';

export type Notice = Extract<UiView, { type: 'notice' }>;

export interface Told {
  /** As soon as the UI is open. */
  readonly first: readonly (Notice | Extract<UiView, { type: 'path' }>)[];
  /** A code that nobody else shows, after them; it is wiped then, and at the latest when the UI is closed. */
  readonly code: { readonly code: Uint8Array; readonly invite: Uint8Array } | undefined;
  /** What the peer needs beside the code: after the first one that is shown. */
  readonly later: readonly Notice[];
}

/** They end nothing, and somebody who does not hear of them believes too much: an open room, words to be compared. */
const MATTER: ReadonlySet<Code> = new Set(['SC-318', 'SC-321']);

/** With `quiet` no notice is shown that can neither end the program nor matter. */
export function toldUi(ui: UiPort, { first, code, later }: Told, quiet: boolean): UiPort {
  let waiting = later;
  const show = (view: UiView): void => {
    if (!quiet || view.type !== 'notice' || CODES[view.code] !== EXIT.ok || MATTER.has(view.code)) ui.show(view);
    if (view.type !== 'code') return;
    const now = waiting;
    waiting = [];
    for (const notice of now) show(notice);
  };
  const wipe = (): void => {
    code?.code.fill(0);
    code?.invite.fill(0);
  };
  let closing: Promise<void> | undefined;
  return {
    open(sink) {
      ui.open(sink);
      for (const notice of first) show(notice);
      if (code !== undefined) show({ type: 'code', ...code });
      wipe();
    },
    show,
    /** Once, however often it is asked. */
    close() {
      wipe();
      return (closing ??= ui.close());
    },
  };
}
