/**
 * A UI that is told a few things first, and with --quiet only what matters. No sentence and no other rule may be in this
 * file.
 */
import { CODES, type Code, EXIT } from '../../core/errors.js';
import type { UiPort, UiView } from '../../core/ports.js';

export type Notice = Extract<UiView, { type: 'notice' }>;

/** They end nothing, and somebody who does not hear of them believes too much: an open room, words to be compared. */
const MATTER: ReadonlySet<Code> = new Set(['SC-318', 'SC-321']);

/** `first` is shown as soon as `ui` is open. With `quiet` no notice is shown that can neither end the program nor matter. */
export function toldUi(ui: UiPort, first: readonly Notice[], quiet: boolean): UiPort {
  const show = (view: UiView): void => {
    if (!quiet || view.type !== 'notice' || CODES[view.code] !== EXIT.ok || MATTER.has(view.code)) ui.show(view);
  };
  let closing: Promise<void> | undefined;
  return {
    open(sink) {
      ui.open(sink);
      for (const notice of first) show(notice);
    },
    show,
    /** Once, however often it is asked. */
    close: () => (closing ??= ui.close()),
  };
}
