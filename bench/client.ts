/**
 * A whole client of ours inside the process of a benchmark: session, an adapter of each kind, and a UI that only tells.
 */
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { createTweetnaclCrypto } from '../adapters/crypto/tweetnacl.js';
import { createClock } from '../adapters/system/clock.js';
import { createWsTransport } from '../adapters/transport/ws.js';
import type { CryptoPort, TransportPort, UiEvent, UiView } from '../core/ports.js';
import type { Nameplate } from '../core/room/code.js';
import { type Chat, chat } from '../core/session/driver.js';

export interface Client {
  readonly chat: Chat;
  say(event: UiEvent): void;
  onView: (view: UiView) => void;
}

export interface ClientOptions {
  /** Default: tweetnacl, which needs nothing to be awaited. */
  readonly crypto?: CryptoPort;
  /** Default: ws. */
  readonly transport?: TransportPort;
  /** Milliseconds; 0, the default, ends the chat with its connection. */
  readonly resumeTimeout?: number;
}

export function client(port: number, nameplate: string, options: ClientOptions = {}): Client {
  const self: { onView: (view: UiView) => void; sink: (event: UiEvent) => void } = {
    onView: () => undefined,
    sink: () => undefined,
  };
  const running = chat({
    crypto: options.crypto ?? createTweetnaclCrypto(),
    transport: options.transport ?? createWsTransport({ relay: new URL(`ws://127.0.0.1:${port}`) }),
    clock: createClock(),
    ui: {
      open: (sink) => void (self.sink = sink),
      show(view) {
        if (view.type === 'message') self.sink({ type: 'shown', id: view.id });
        self.onView(view);
      },
      close: () => Promise.resolve(),
    },
    code: {
      nameplate: nameplate as Nameplate,
      secret: new TextEncoder().encode('tunnel-anchor-mango'),
      form: 'generated',
    },
    present: () => ({ code: new Uint8Array(0), invite: new Uint8Array(0) }),
    verify: false,
    name: new Uint8Array(0),
    receipts: true,
    resumeTimeout: options.resumeTimeout ?? 0,
    idleTimeout: Number.POSITIVE_INFINITY,
    pace: false,
    version: new Uint8Array(0),
    words: wordlist,
    relay: '',
    describe: (code) => code,
  });
  return {
    chat: running,
    say: (event) => self.sink(event),
    set onView(view: (view: UiView) => void) {
      self.onView = view;
    },
  };
}

/** Resolves when the client is active the next time. */
export function active(one: Client): Promise<void> {
  return new Promise((resolve) => {
    one.onView = (view) => {
      if (view.type === 'state' && view.state === 'active') resolve();
    };
  });
}
