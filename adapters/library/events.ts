/**
 * Who listens to a session. A listener that throws stops neither the session nor the other listeners: its error is nobody's
 * to catch, as with every other event of the platform. Nothing about the events may be in this file.
 */
import { LIBRARY_WORDS } from '../words/library.js';
import type { SessionEvents } from './api.js';
import { ChatError } from './chat-error.js';

type Listener<Event> = (event: Event) => void;
type Listeners = { readonly [Name in keyof SessionEvents]?: Set<Listener<SessionEvents[Name]>> };

/** All there are: a name that is none would never be heard. */
const NAMES: Readonly<Record<keyof SessionEvents, true>> = {
  ...{ state: true, words: true, comparing: true, confirmed: true, peer: true },
  ...{ relay: true, path: true, roundTrip: true, notice: true, end: true },
};

export interface Events {
  /** Throws ChatError SC-360. */
  on<Name extends keyof SessionEvents>(name: Name, listener: Listener<SessionEvents[Name]>): () => void;
  emit<Name extends keyof SessionEvents>(name: Name, event: SessionEvents[Name]): void;
  /** Forgets all listeners. */
  end(): void;
}

export function createEvents(): Events {
  let all: { [Name in keyof Listeners]: Listeners[Name] } = {};

  return {
    on(name, listener) {
      if (!Object.hasOwn(NAMES, name))
        throw new ChatError('SC-360', { name: 'on', why: LIBRARY_WORDS.event(Object.keys(NAMES)) });
      if (typeof listener !== 'function') throw new ChatError('SC-360', { name: 'on', why: LIBRARY_WORDS.listener });
      const own = (event: Parameters<typeof listener>[0]): void => listener(event);
      const listeners: Set<typeof own> = all[name] ?? new Set();
      listeners.add(own);
      all = { ...all, [name]: listeners };
      return () => void listeners.delete(own);
    },
    emit(name, event) {
      for (const listener of [...(all[name] ?? [])]) safely(() => listener(event));
    },
    end() {
      all = {};
    },
  };
}

/** What is not ours may throw. */
export function safely(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
