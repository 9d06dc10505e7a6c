/**
 * Over what the two talk and how long it takes, as both UIs for people tell it. Sentences are in words/; no neutralising and
 * no screen may be in this file.
 */
import type { UiView } from '../../core/ports.js';
import { UI_WORDS } from '../words/line.js';

type PathView = Extract<UiView, { type: 'path' }>;

export interface Way {
  /** Milliseconds, once they are known. */
  readonly roundTrip: number | undefined;
  /** Undefined where no direct path was asked for. */
  readonly path: PathView['path'] | undefined;
  /** For `/status`. */
  readonly lines: readonly string[];
  take(view: PathView | Extract<UiView, { type: 'round-trip' }>): void;
}

/** `say` is given what a person has to know of a change at once. */
export function createWay(say: (sentence: string) => void): Way {
  const { status, path: words } = UI_WORDS;
  let roundTrip: number | undefined;
  let path: PathView | undefined;

  return {
    get roundTrip() {
      return roundTrip;
    },
    get path() {
      return path?.path;
    },
    get lines() {
      const way =
        path === undefined ? [] : [path.path === 'direct' ? words.direct(path.address) : words.relay[path.why]];
      return roundTrip === undefined ? way : [...way, status.roundTrip(roundTrip)];
    },
    take(view) {
      if (view.type === 'round-trip') {
        roundTrip = view.ms;
        return;
      }
      path = view;
      if (view.path === 'direct') say(words.direct(view.address));
      else if (view.why !== 'trying' && view.why !== 'none') say(words.relay[view.why]);
    },
  };
}
