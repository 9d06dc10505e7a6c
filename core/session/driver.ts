/**
 * The one asynchronous file of the core: it carries events from the ports into the session and performs the effects that
 * come out. No decision may be made here.
 */
import { type Code, type ExitStatus, isSecurechatError, LocalProtocolError, type SecurechatError } from '../errors.js';
import type { PathPort } from '../path-port.js';
import type { BulkPort } from '../bulk-port.js';
import type { Connection, CryptoPort, TransportEvent, TransportPort, UiPort } from '../ports.js';
import { plainCopy } from '../protocol/bytes.js';
import type { Purpose } from '../protocol/purpose.js';
import type { RoomCode } from '../room/code.js';
import type { Effect, SessionEvent, SessionView } from './events.js';
import { FLUSH_TIMEOUT } from './goodbye.js';
import { guardCrypto, guardPath, guardTransport, guardUi } from '../checked-ports.js';
import { createSession, type Session } from './session.js';
import { NEVER } from '../timers.js';
import { createViews, type ViewOptions } from './views.js';

/** A UI that takes longer to close is not waited for, milliseconds. */
export const UI_CLOSE_TIMEOUT = 5_000;

export interface ChatOptions extends ViewOptions {
  readonly crypto: CryptoPort;
  readonly transport: TransportPort;
  readonly ui: UiPort;
  /** Has the files or the pipe; absent: no stream is opened or taken. */
  readonly bulk?: BulkPort | undefined;
  /** Has the sockets of a direct path; absent: none is looked for. */
  readonly path?: PathPort | undefined;
  /** Its secret buffer is taken over and wiped. */
  readonly code: RoomCode;
  /** This side made the nameplate: it is created at the relay, shown when it is settled, re-rolled when it is taken. */
  readonly reroll?: (code: RoomCode) => RoomCode;
  /**
   * Reads a code that was typed again after a wrong one; throws SecurechatError SC-301 and SC-302. Absent where nobody can
   * be asked.
   */
  readonly retype?: ((typed: Uint8Array) => RoomCode) | undefined;
  /** What this side was started for. Default: chat, or with `bulk` a chat with files. */
  readonly purpose?: Purpose | undefined;
  readonly verify: boolean;
  readonly name: Uint8Array;
  readonly receipts: boolean;
  /** Milliseconds; session.ts says more. */
  readonly resumeTimeout: number;
  readonly idleTimeout: number;
  readonly cover?: boolean;
  readonly pace: boolean;
  readonly version: Uint8Array;
  readonly words: readonly string[];
  /** The end, when the UI could not show it. */
  readonly untold?: (code: Code, text: string) => void | Promise<void>;
}

export interface Chat {
  /** The exit status, when everything is wiped, the UI is closed and the connection is flushed. Never rejects. */
  readonly done: Promise<ExitStatus>;
  /** Ctrl-C or a signal: the first one says goodbye, the second one does not wait. */
  interrupt(): void;
  /** Something outside broke: the session ends with this error, as with one of its own. After its end this does nothing. */
  fail(error: SecurechatError): void;
}

/**
 * Whatever an adapter does, `done` resolves. Throws SecurechatError SC-506 when the crypto adapter fails at once: then
 * nothing was opened, and everything is wiped.
 */
export function chat(options: ChatOptions): Chat {
  const { clock, reroll, retype } = options;
  const crypto = guardCrypto(options.crypto);
  const transport = guardTransport(options.transport, fail);
  const ui = guardUi(options.ui, fail);
  const path = options.path === undefined ? undefined : guardPath(options.path, fail);
  let code = options.code;
  const views = createViews(ui, options, () => code);
  let session: Session;
  try {
    session = createSession({
      ...options,
      crypto,
      bulk: options.bulk !== undefined,
      direct: path !== undefined,
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
      retype:
        retype === undefined
          ? undefined
          : (typed) => {
              const read = retype(typed);
              // The session takes its secret over.
              code = { ...read, secret: code.secret };
              return read;
            },
    });
  } catch (error) {
    wipe();
    throw error;
  }
  if (reroll === undefined) code.secret.fill(0);

  let connection: Connection | undefined;
  /** What an abandoned connection still says is not for the session. */
  let connections = 0;
  let connectionClosed = Promise.resolve();
  let uiOpened = false;
  /** The UI has shown the end. */
  let told = false;
  /** What comes in time is not set anew with each event: a timer that rings too early looks again. */
  let timer: { readonly at: number; readonly cancel: () => void } | undefined;
  /** A wake-up comes at the end of this turn. */
  let soon = false;
  /** Of the last event, and of those that it led to. */
  let time = 0;
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
    time = clock.now();
    try {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        for (const effect of session.handle(next, time, connection?.waiting ?? 0)) {
          try {
            perform(effect);
          } catch (error) {
            fail(error);
          }
        }
      }
    } finally {
      pumping = false;
    }
    if (!soon) rest(event.type === 'wake' || event.type === 'prepare');
  }

  /** What is due now is done at the end of this turn: whatever else comes in it goes along. Once, then a timer is set. */
  function rest(woken: boolean): void {
    if (!woken && session.wakeAt <= time) {
      soon = true;
      void Promise.resolve().then(() => {
        soon = false;
        dispatch({ type: 'wake' });
      });
    } else if (!session.prepared) dispatch({ type: 'prepare' });
    else arm(session.wakeAt);
  }

  function arm(at: number): void {
    if (timer === undefined || at < timer.at || at === NEVER) setTimer(at);
  }

  function setTimer(at: number): void {
    timer?.cancel();
    timer = at === NEVER ? undefined : { at, cancel: clock.wakeAt(at, ring) };
  }

  function ring(): void {
    timer = undefined;
    if (session.wakeAt > clock.now()) setTimer(session.wakeAt);
    else if (!soon) dispatch({ type: 'wake' });
  }

  function fail(error: unknown): void {
    const known = isSecurechatError(error) ? error : new LocalProtocolError('an effect could not be performed');
    dispatch({ type: 'failed', error: known });
  }

  function perform(effect: Effect): void {
    switch (effect.type) {
      case 'connect':
        return connect((sink) => transport.open(effect.join, sink));
      case 'join':
        connection?.join?.(effect.join);
        return;
      case 'transmit':
        connection?.send(effect.frame);
        return;
      case 'disconnect':
        connection?.close();
        return;
      case 'bulk':
        options.bulk?.tell(effect.command);
        return;
      case 'path':
        path?.tell(effect.command);
        return;
      case 'take':
        return connect((sink) => path?.take(effect.id, sink));
      case 'show':
        return effect.view.type === 'ended' ? end(effect.view) : views.show(effect.view);
    }
  }

  function connect(open: (sink: (event: TransportEvent) => void) => Connection | undefined): void {
    connection?.close();
    connection = undefined;
    connections += 1;
    const number = connections;
    let closed = (): void => undefined;
    connection = open((event) => {
      if (event.type === 'closed') closed();
      if (number === connections) dispatch({ type: 'transport', event });
    });
    connectionClosed = new Promise((resolve) => {
      closed = resolve;
    });
  }

  function end(view: Extract<SessionView, { type: 'ended' }>): void {
    const text = options.describe(view.code, view.detail);
    try {
      ui.show({ ...view, text });
      told = uiOpened;
    } catch {
      // Told after the terminal is free again.
    }
    void finish(view, text);
  }

  async function finish({ code: why, exit }: { code: Code; exit: ExitStatus }, text: string): Promise<void> {
    wipe();
    await within(UI_CLOSE_TIMEOUT, (async () => options.bulk?.close())());
    await within(FLUSH_TIMEOUT, (async () => path?.close())());
    told = (await within(UI_CLOSE_TIMEOUT, ui.close())) && told;
    if (!told) await within(FLUSH_TIMEOUT, (async () => options.untold?.(why, text))());
    await within(FLUSH_TIMEOUT, connectionClosed);
    settle(exit);
  }

  function wipe(): void {
    code.secret.fill(0);
    try {
      crypto.wipeAll();
    } catch {
      // There is nothing behind it that could still wipe.
    }
  }

  /** Whether `work` succeeded in time. */
  async function within(ms: number, work: Promise<void>): Promise<boolean> {
    let cancel = (): void => undefined;
    const late = new Promise<boolean>((resolve) => {
      cancel = clock.wakeAt(clock.now() + ms, () => resolve(false));
    });
    const inTime = await Promise.race([
      work.then(
        () => true,
        () => false,
      ),
      late,
    ]);
    cancel();
    return inTime;
  }

  try {
    ui.open((event) => dispatch({ type: 'ui', event }));
    uiOpened = true;
    path?.open((event) => dispatch({ type: 'path', event }));
    options.bulk?.open((event) => dispatch({ type: 'bulk', event }));
    dispatch({ type: 'start' });
  } catch (error) {
    fail(error);
  }
  return { done, fail, interrupt: () => dispatch({ type: 'ui', event: { type: 'interrupt' } }) };
}
