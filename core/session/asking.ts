/**
 * How the relay is asked, as the person is told: how often, whether it has answered, and once why it takes so long. When it
 * is asked is line.ts; no connection may be in this file.
 */
import type { Host } from './events.js';

export interface Asking {
  /** One more connection. `shown`: the person sees how many, before there are keys. */
  begun(shown: boolean): void;
  /** The relay has given the seat. */
  answered(shown: boolean): void;
  /** Says why it takes so long, once until `believed`. */
  trouble(why: string): void;
  /** The connection is one that lasts. */
  believed(): void;
}

export function createAsking(host: Host): Asking {
  /** Connections since the relay last answered, and what the person knows of that. */
  let tries = 0;
  let seen: { readonly attempt: number; readonly joined: boolean } | undefined;
  let told = false;

  function show(joined: boolean): void {
    if (tries === seen?.attempt && joined === seen.joined) return;
    seen = { attempt: tries, joined };
    host.emit({ type: 'show', view: { type: 'relay', ...seen } });
  }

  return {
    begun(shown) {
      tries += 1;
      if (shown) show(false);
    },

    answered(shown) {
      tries = 0;
      if (shown) show(true);
    },

    trouble(why) {
      if (!told) host.notice('SC-325', { why });
      told = true;
    },

    believed() {
      told = false;
    },
  };
}
