/**
 * A UI that is told a few things first, and with --quiet only what matters. No sentence and no other rule may be in this
 * file.
 */
import { CODES, EXIT } from '../../core/errors.js';
import type { UiPort, UiView } from '../../core/ports.js';

export type Notice = Extract<UiView, { type: 'notice' }>;

/** `first` is shown as soon as `ui` is open. With `quiet` no notice is shown that cannot end the program. */
export function toldUi(ui: UiPort, first: readonly Notice[], quiet: boolean): UiPort {
  const show = (view: UiView): void => {
    if (!quiet || view.type !== 'notice' || CODES[view.code] !== EXIT.ok) ui.show(view);
  };
  return {
    open(sink) {
      ui.open(sink);
      for (const notice of first) show(notice);
    },
    show,
    close: () => ui.close(),
  };
}
