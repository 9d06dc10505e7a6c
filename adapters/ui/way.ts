/**
 * Over what the two talk and how long it takes, as both UIs for people tell it. Sentences are in words/; no neutralising and
 * no screen may be in this file.
 */
import type { State, UiView } from '../../core/ports.js';
import { UI_WORDS } from '../words/line.js';

type PathView = Extract<UiView, { type: 'path' }>;

export interface Way {
  /** Milliseconds, once they are known. */
  readonly roundTrip: number | undefined;
  /** Undefined where nothing but a relay was asked for. */
  readonly path: PathView['path'] | undefined;
  /** What is told to who has been alone for a while. */
  readonly aloneHint: string;
  /** For `/status`. */
  lines(state: State): readonly string[];
  take(view: PathView | Extract<UiView, { type: 'round-trip' }>): void;
}

const QUIET: ReadonlySet<string> = new Set(['trying', 'none', 'polling']);

function sentenceOf(view: PathView): string {
  const { path: words } = UI_WORDS;
  if (view.path === 'relay') return words.relay[view.why];
  return view.path === 'direct' ? words.direct(view.address) : words.local;
}

/** `say` is given what a person has to know of a change at once. */
export function createWay(say: (sentence: string) => void): Way {
  const { status } = UI_WORDS;
  let roundTrip: number | undefined;
  let path: PathView | undefined;

  return {
    get roundTrip() {
      return roundTrip;
    },
    get path() {
      return path?.path;
    },
    get aloneHint() {
      return path?.path === 'local network' ? UI_WORDS.aloneHintLocal : UI_WORDS.aloneHint;
    },
    lines(state) {
      // What was known before the connection went says nothing of now.
      if (state === 'reconnecting') return [status.away];
      const way = path === undefined ? [] : [sentenceOf(path)];
      return roundTrip === undefined ? way : [...way, status.roundTrip(roundTrip)];
    },
    take(view) {
      if (view.type === 'round-trip') {
        roundTrip = view.ms;
        return;
      }
      path = view;
      // Of a local network more is told at the start, and what comes of a search only to who asks.
      const quiet = view.path === 'local network' || (view.path === 'relay' && QUIET.has(view.why));
      if (!quiet) say(sentenceOf(view));
    },
  };
}
