/**
 * The terminal itself: single keys, the alternate screen and its modes, the size, and that all of it is as it was when the
 * chat is left, in whatever way. No text of a chat and no key may be known to this file.
 */
import { ascii } from '../../../core/protocol/bytes.js';
import type { ClockPort } from '../../../core/ports.js';
import { createOutlet, type Unread } from '../../../plugins/kit/outlet.js';
import type { Size } from './layout.js';

/**
 * Alternate screen, pastes in brackets, no wrapping: what is too long is cut and moves no row. A mouse wheel that sends Up
 * and Down would recall other texts over the one being written: what the terminal has for it is saved, and off.
 */
export const ENTER = '\x1b[?1049h\x1b[?2004h\x1b[?7l\x1b[?1007s\x1b[?1007l';
/**
 * Everything back, nothing left on the screen that is left: some terminals keep it. Most terminals begin with a wheel that
 * sends keys; one that saves modes gets back what it had.
 */
export const LEAVE = '\x1b[?1007h\x1b[?1007r\x1b[?2026l\x1b[0m\x1b[2J\x1b[?7h\x1b[?2004l\x1b[?25h\x1b[?1049l';
/** Milliseconds after which a suspension that did not come is over. */
export const SUSPEND_MS = 100;
/** What a terminal is taken for that does not tell its size. */
const UNKNOWN_SIZE: Size = { columns: 80, rows: 24 };

type Input = NodeJS.ReadableStream & {
  readonly isTTY?: boolean;
  readonly readableEnded?: boolean;
  readonly destroyed?: boolean;
  setRawMode?: (raw: boolean) => unknown;
  unref?: () => void;
};
type Output = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };

/** The process around the terminal. */
export interface Host {
  /** Returns what takes the listener away again. */
  on(event: 'SIGTSTP' | 'SIGCONT' | 'exit', listener: () => void): () => void;
  /** Stops this process and those started with it from the same shell, as the terminal does on Ctrl-Z. */
  stop(): void;
}

export interface TerminalTaker {
  /** Bytes of the keyboard; the taker overwrites them. */
  keys(chunk: Uint8Array): void;
  /** The end of the input, once. */
  end(): void;
  /** The output is broken, or nobody reads it: once. */
  gone(why: Unread): void;
  /** Others had the terminal: what was begun on it, a key or a paste, will not be completed. */
  resumed(): void;
  /** The screen has another size, or its content is lost. */
  changed(): void;
  /** It can take the next frame. */
  ready(): void;
}

export interface Terminal {
  open(): void;
  readonly size: Size;
  /** Earlier bytes are still on their way, or the terminal is not ours just now: a frame would be wasted. */
  readonly busy: boolean;
  /** Writes and overwrites the bytes. `out` is called when the terminal has them. */
  write(bytes: Uint8Array, out?: () => void): void;
  suspend(): void;
  /** Everything as it was, then these bytes on the normal screen. Resolves when they are out, or nobody reads. Idempotent. */
  close(last: Uint8Array): Promise<void>;
}

export function createTerminal(
  streams: { readonly input: Input; readonly output: Output },
  clock: ClockPort,
  host: Host,
  taker: TerminalTaker,
): Terminal {
  const { input, output } = streams;
  let entered = false;
  let opened = false;
  let ended = false;
  let closing: Promise<void> | undefined;
  let pending = 0;
  let cancelResume = (): void => undefined;
  let off: (() => void)[] = [];
  const outlet = createOutlet(output, clock, (why) => taker.gone(why));

  function write(bytes: Uint8Array, out?: () => void): void {
    pending += 1;
    outlet.write(bytes, () => {
      pending -= 1;
      out?.();
      if (pending === 0 && closing === undefined) taker.ready();
    });
  }

  function raw(on: boolean): void {
    try {
      if (input.isTTY === true) input.setRawMode?.(on);
    } catch {
      // The terminal is gone: its end is told by the streams.
    }
  }

  function enter(): void {
    if (entered || closing !== undefined) return;
    entered = true;
    raw(true);
    write(ascii(ENTER));
  }

  function leave(last: Uint8Array = new Uint8Array(0)): void {
    if (entered) write(ascii(LEAVE));
    if (last.length > 0) write(last);
    if (entered) raw(false);
    entered = false;
  }

  function suspend(): void {
    if (!entered) return;
    leave();
    // The signal stops the process only when nobody listens.
    stopListening();
    host.stop();
    cancelResume();
    cancelResume = clock.wakeAt(clock.now() + SUSPEND_MS, resume);
  }

  function resume(): void {
    cancelResume();
    if (closing !== undefined) return;
    listenForStop();
    // The shell may have changed the terminal without a word: its modes are set anew.
    raw(false);
    entered = false;
    enter();
    taker.resumed();
    taker.changed();
  }

  let stopListening = (): void => undefined;
  function listenForStop(): void {
    stopListening();
    stopListening = host.on('SIGTSTP', suspend);
  }

  function onData(chunk: Uint8Array | string): void {
    taker.keys(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  }

  function onEnd(): void {
    if (ended || closing !== undefined) return;
    ended = true;
    taker.end();
  }

  const onResize = (): void => taker.changed();

  return {
    open() {
      if (opened || closing !== undefined) return;
      opened = true;
      input.on('data', onData);
      for (const event of ['end', 'close', 'error']) input.on(event, onEnd);
      output.on('resize', onResize);
      off = [
        host.on('SIGCONT', resume),
        // The last resort: whatever ends the process, the terminal is left as it was.
        host.on('exit', () => leave()),
      ];
      listenForStop();
      enter();
      input.resume();
      if (input.readableEnded === true || input.destroyed === true) queueMicrotask(onEnd);
    },
    get size() {
      const { columns = 0, rows = 0 } = output;
      return columns > 0 && rows > 0 ? { columns, rows } : UNKNOWN_SIZE;
    },
    get busy() {
      return !entered || pending > 0;
    },
    write,
    suspend,
    close(last) {
      if (closing !== undefined) return closing;
      cancelResume();
      leave(last);
      for (const each of [...off, stopListening]) each();
      input.removeListener('data', onData);
      for (const event of ['end', 'close']) input.removeListener(event, onEnd);
      output.removeListener('resize', onResize);
      input.pause();
      input.unref?.();
      closing = outlet.flush();
      return closing;
    },
  };
}
