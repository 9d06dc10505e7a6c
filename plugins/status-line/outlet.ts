/**
 * Lines on a stream of which only the newest counts: a reader that does not keep up misses the ones between, so that what
 * waits is bounded. Lines are overwritten with zeros when they are out. Nothing about their content may be in this file.
 */
import type { ClockPort } from 'securechat/plugin';

/** Lines that a stream may hold; of further ones only the newest is kept. */
export const LINES_HELD = 128;
/** How long `flush` waits for a reader that does not read, milliseconds. */
export const FLUSH_LIMIT_MS = 2_000;

export interface Outlet {
  /** Takes the line over. */
  write(line: Uint8Array): void;
  /** Resolves when everything is out, the stream is broken, or FLUSH_LIMIT_MS are over. */
  flush(): Promise<void>;
}

/** `broken` is called once, and never from within `write`. */
export function createOutlet(stream: NodeJS.WritableStream, clock: ClockPort, broken: () => void): Outlet {
  const held = new Set<Uint8Array>();
  let newest: Uint8Array | undefined;
  let gone = false;
  let settle = (): void => undefined;

  function out(line: Uint8Array): void {
    line.fill(0);
    held.delete(line);
    if (held.size > 0) return;
    const next = newest;
    newest = undefined;
    if (next === undefined) settle();
    else put(next);
  }

  function put(line: Uint8Array): void {
    if (gone) {
      line.fill(0);
      return settle();
    }
    held.add(line);
    stream.write(line, () => out(line));
  }

  function fail(): void {
    if (gone) return;
    gone = true;
    wipe();
    queueMicrotask(broken);
  }

  function wipe(): void {
    newest?.fill(0);
    newest = undefined;
    for (const line of held) line.fill(0);
    held.clear();
    settle();
  }

  // They stay after the end: a late EPIPE must not become an uncaught error.
  stream.on('error', fail);
  stream.on('close', fail);

  return {
    write(line) {
      if (held.size < LINES_HELD) return put(line);
      newest?.fill(0);
      newest = line;
    },
    async flush() {
      if (held.size === 0) return;
      await new Promise<void>((resolve) => {
        const cancel = clock.wakeAt(clock.now() + FLUSH_LIMIT_MS, resolve);
        settle = () => {
          cancel();
          resolve();
        };
      });
      // What nobody has read by now is not left in memory.
      settle = () => undefined;
      wipe();
    },
  };
}
