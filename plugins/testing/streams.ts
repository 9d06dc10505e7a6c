/**
 * The three streams of a UI without a terminal: what is typed and what is shown can be seen, broken and held back. For
 * tests only; no rule of a UI may be in this file.
 */
import { Readable, Writable } from 'node:stream';

export interface FakeInput {
  readonly stream: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  /** Types these bytes, as one chunk. */
  type(bytes: Uint8Array | string): void;
  end(): void;
  /** Breaks as a terminal that goes away. */
  fail(): void;
  /** Nothing is asked of the input at the moment. */
  paused(): boolean;
}

export interface FakeOutput {
  readonly stream: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** What was written so far. */
  bytes(): Uint8Array;
  text(): string;
  /** Resolves when the text satisfies the condition; looks again after each write. */
  until(condition: (text: string) => boolean): Promise<void>;
  /** From now on every write fails with EPIPE. */
  fail(): void;
  /** From now on nobody reads: writes are taken and never finished, until `release`. */
  hold(): void;
  release(): void;
}

export function createFakeInput(isTTY = false): FakeInput {
  const stream = Object.assign(new Readable({ read: () => undefined }), { isTTY, setRawMode: () => undefined });
  return {
    stream,
    // A copy of its own, as from a socket: the UI may overwrite it.
    type: (bytes) => void stream.push(Buffer.from(Uint8Array.from(Buffer.from(bytes)).buffer)),
    end: () => void stream.push(null),
    fail: () => void stream.destroy(Object.assign(new Error('read EIO'), { code: 'EIO' })),
    paused: () => stream.isPaused(),
  };
}

export function createFakeOutput(isTTY = false): FakeOutput {
  const chunks: Buffer[] = [];
  let broken = false;
  let held = false;
  let finish: (() => void)[] = [];
  let watchers: (() => void)[] = [];

  const writable = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (broken) {
        done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
        return;
      }
      // Read only when it is written, as a file descriptor would: a buffer that was wiped too early shows zeros.
      const take = (): void => {
        chunks.push(Buffer.from(chunk));
        done();
        for (const look of watchers) look();
      };
      if (held) finish.push(take);
      else setImmediate(take);
    },
  });
  const stream = Object.assign(writable, { isTTY, columns: 80, rows: 24 });
  const bytes = (): Uint8Array => Uint8Array.from(Buffer.concat(chunks));
  const text = (): string => Buffer.concat(chunks).toString('utf8');

  return {
    stream,
    bytes,
    text,
    until: (condition) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!condition(text())) return;
          watchers = watchers.filter((other) => other !== look);
          resolve();
        };
        watchers.push(look);
        look();
      }),
    fail: () => {
      broken = true;
    },
    hold: () => {
      held = true;
    },
    release: () => {
      held = false;
      const due = finish;
      finish = [];
      for (const take of due) take();
    },
  };
}
