/**
 * The one asynchronous file of the core: it carries events from the ports into the session and performs the effects that
 * come out. No decision may be made here.
 */
import type { Code, Detail, ExitStatus } from '../errors.js';
import type { ClockPort, Connection, CryptoPort, TransportPort, UiPort, UiView } from '../ports.js';
import { plainCopy } from '../protocol/bytes.js';
import type { RoomCode } from '../room/code.js';
import { FLUSH_TIMEOUT } from './conversation.js';
import type { Effect, SessionEvent, SessionView } from './events.js';
import { createSession } from './session.js';

export interface ChatOptions {
  readonly crypto: CryptoPort;
  readonly transport: TransportPort;
  readonly ui: UiPort;
  readonly clock: ClockPort;
  /** Its secret buffer is taken over and wiped. */
  readonly code: RoomCode;
  /** This side made the nameplate: it is created at the relay, shown when it is settled, re-rolled when it is taken. */
  readonly reroll?: (code: RoomCode) => RoomCode;
  /** What the peer must type, and the same as a link; both are wiped after they were shown. */
  readonly present: (code: RoomCode) => { code: Uint8Array; invite: Uint8Array };
  readonly verify: boolean;
  readonly name: Uint8Array;
  readonly receipts: boolean;
  readonly pace: boolean;
  readonly version: Uint8Array;
  readonly words: readonly string[];
  /** The sentence for a code. */
  readonly describe: (code: Code, detail: Detail) => string;
}

export interface Chat {
  /** The exit status, when everything is wiped, the UI is closed and the connection is flushed. Never rejects. */
  readonly done: Promise<ExitStatus>;
  /** Ctrl-C or a signal: the first one says goodbye, the second one does not wait. */
  interrupt(): void;
}

export function chat(options: ChatOptions): Chat {
  const { crypto, transport, ui, clock } = options;
  let code = options.code;
  const { reroll } = options;
  const session = createSession({
    ...options,
    nameplate: code.nameplate,
    form: code.form,
    prs: crypto.take(plainCopy(code.secret)),
    reroll:
      reroll === undefined
        ? undefined
        : () => {
            code = reroll(code);
            return code.nameplate;
          },
  });
  if (reroll === undefined) code.secret.fill(0);

  let connection: Connection | undefined;
  let connectionClosed = Promise.resolve();
  let cancelWake = (): void => undefined;
  const queue: SessionEvent[] = [];
  let pumping = false;
  let settle: (exit: ExitStatus) => void;
  const done = new Promise<ExitStatus>((resolve) => {
    settle = resolve;
  });

  /** Events that arise while effects are performed wait for their turn. */
  function dispatch(event: SessionEvent): void {
    queue.push(event);
    if (pumping) return;
    pumping = true;
    try {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        for (const effect of session.handle(next, clock.now())) perform(effect);
      }
    } finally {
      pumping = false;
    }
    cancelWake();
    const at = session.wakeAt(clock.now());
    cancelWake = at === Number.POSITIVE_INFINITY ? () => undefined : clock.wakeAt(at, () => dispatch({ type: 'wake' }));
  }

  function perform(effect: Effect): void {
    switch (effect.type) {
      case 'connect':
        return connect(effect.join);
      case 'transmit':
        connection?.send(effect.frame);
        return;
      case 'disconnect':
        connection?.close();
        return;
      case 'show':
        return show(effect.view);
    }
  }

  function connect(join: Parameters<TransportPort['open']>[0]): void {
    connection?.close();
    connectionClosed = new Promise((resolve) => {
      const opened = transport.open(join, (event) => {
        if (event.type === 'closed') resolve();
        // What an abandoned connection still says is not for the session.
        if (opened === connection) dispatch({ type: 'transport', event });
      });
      connection = opened;
    });
  }

  function show(view: SessionView): void {
    switch (view.type) {
      case 'code':
        return showCode();
      case 'notice':
        return ui.show({ ...view, text: options.describe(view.code, view.detail) });
      case 'ended':
        ui.show({ ...view, text: options.describe(view.code, view.detail) });
        void finish(view.exit);
        return;
      default:
        ui.show(atWallTime(view));
        wipeView(view);
    }
  }

  /** The session knows monotonic time only. */
  function atWallTime<V extends UiView>(view: V): V {
    if (view.type !== 'message' && view.type !== 'own') return view;
    return { ...view, at: Math.round(clock.wallTime() - (clock.now() - view.at)) };
  }

  function showCode(): void {
    const presented = options.present(code);
    ui.show({ type: 'code', ...presented });
    presented.code.fill(0);
    presented.invite.fill(0);
    code.secret.fill(0);
  }

  async function finish(exit: ExitStatus): Promise<void> {
    code.secret.fill(0);
    crypto.wipeAll();
    await ui.close();
    let cancel = (): void => undefined;
    const timeout = new Promise<void>((resolve) => {
      cancel = clock.wakeAt(clock.now() + FLUSH_TIMEOUT, resolve);
    });
    await Promise.race([connectionClosed, timeout]);
    cancel();
    settle(exit);
  }

  ui.open((event) => dispatch({ type: 'ui', event }));
  dispatch({ type: 'start' });
  return { done, interrupt: () => dispatch({ type: 'ui', event: { type: 'interrupt' } }) };
}

function wipeView(view: SessionView): void {
  if (view.type === 'message' || view.type === 'own') view.text.fill(0);
  if (view.type === 'message') view.from.fill(0);
  if (view.type === 'peer') view.name.fill(0);
}
