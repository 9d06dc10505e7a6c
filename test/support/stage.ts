/**
 * What a part of a session is put on, without the session: it keeps what the part emits. No expectation may be in this file.
 */
import type { Code, Detail } from '../../core/errors.js';
import type { Effect, Host, SessionView } from '../../core/session/events.js';
import type { Transition } from '../../core/session/transitions.js';

export interface Stage {
  readonly host: Host;
  readonly effects: Effect[];
  readonly moves: Transition[];
  readonly notices: { readonly code: Code; readonly detail: Detail }[];
  readonly codes: () => Code[];
  readonly views: <T extends SessionView['type']>(type: T) => Extract<SessionView, { type: T }>[];
}

export function createStage(): Stage {
  const effects: Effect[] = [];
  const moves: Transition[] = [];
  const notices: Stage['notices'] = [];
  return {
    host: {
      emit: (effect) => void effects.push(effect),
      notice: (code, detail = {}) => void notices.push({ code, detail }),
      move: (transition) => void moves.push(transition),
    },
    effects,
    moves,
    notices,
    codes: () => notices.map(({ code }) => code),
    views: <T extends SessionView['type']>(type: T) =>
      effects.flatMap((effect) =>
        effect.type === 'show' && effect.view.type === type ? [effect.view as Extract<SessionView, { type: T }>] : [],
      ),
  };
}
