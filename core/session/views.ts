/**
 * What a person is shown, on its way from the session to the UI: sentences and the time of day are added, buffers wiped
 * once they were shown. When something is shown is the session's to say; no sentence may be in this file.
 */
import type { Code, Detail } from '../errors.js';
import type { ClockPort, UiPort, UiView } from '../ports.js';
import type { RoomCode } from '../room/code.js';
import type { SessionView } from './events.js';

export interface ViewOptions {
  readonly clock: ClockPort;
  /** What the peer must type, and the same as a link; both are wiped after they were shown. */
  readonly present: (code: RoomCode) => { code: Uint8Array; invite: Uint8Array };
  /** The relay's address for the person; empty for a transport that needs none. */
  readonly relay: string;
  /** The sentence for a code. */
  readonly describe: (code: Code, detail: Detail) => string;
}

export interface Views {
  /** Throws what the UI throws; the buffers are wiped in any case. */
  show(view: Exclude<SessionView, { type: 'ended' }>): void;
}

/** `code`: as it is now. Its secret is wiped when it was shown. */
export function createViews(ui: UiPort, options: ViewOptions, code: () => RoomCode): Views {
  const { clock } = options;

  function showCode(): void {
    const shown = code();
    const presented = options.present(shown);
    try {
      ui.show({ type: 'code', ...presented });
    } finally {
      presented.code.fill(0);
      presented.invite.fill(0);
      shown.secret.fill(0);
    }
  }

  /** The session knows monotonic time only. */
  function atWallTime<V extends UiView>(view: V): V {
    if (view.type !== 'message' && view.type !== 'own') return view;
    return { ...view, at: Math.round(clock.wallTime() - (clock.now() - view.at)) };
  }

  return {
    show(view) {
      switch (view.type) {
        case 'code':
          return showCode();
        case 'notice':
        case 'file-failed':
          return ui.show({ ...view, text: options.describe(view.code, view.detail) });
        case 'relay':
          return ui.show({ ...view, address: options.relay, room: code().nameplate });
        default:
          try {
            ui.show(atWallTime(view));
          } finally {
            wipe(view);
          }
      }
    },
  };
}

function wipe(view: SessionView): void {
  if (view.type === 'message' || view.type === 'own') view.text.fill(0);
  if (view.type === 'message') view.from.fill(0);
  if (view.type === 'peer' || view.type === 'offer') view.name.fill(0);
}
