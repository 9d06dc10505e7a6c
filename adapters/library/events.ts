/**
 * Who listens to a session. A listener that throws stops neither the session nor the other listeners: its error is nobody's
 * to catch, as with every other event of the platform. Nothing about the events may be in this file.
 */
import type { SessionEvents } from './api.js';

type Listener<Event> = (event: Event) => void;
type Listeners = { readonly [Name in keyof SessionEvents]?: Set<Listener<SessionEvents[Name]>> };

export interface Events {
  on<Name extends keyof SessionEvents>(name: Name, listener: Listener<SessionEvents[Name]>): () => void;
  emit<Name extends keyof SessionEvents>(name: Name, event: SessionEvents[Name]): void;
  /** Forgets all listeners. */
  end(): void;
}

export function createEvents(): Events {
  let all: { [Name in keyof Listeners]: Listeners[Name] } = {};

  return {
    on(name, listener) {
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
