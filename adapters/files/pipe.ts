/**
 * The adapter of a pipe: what is read here goes to the peer byte for byte, what the peer sends is written here; each
 * direction ends on its own, and neither is read faster than the other end takes it. No protocol state may be in this file.
 */
import { closeSync } from 'node:fs';
import type { Code, Detail } from '../../core/errors.js';
import type { BulkCommand, BulkEvent, BulkPort } from '../../core/bulk-port.js';
import { CHUNK_DATA } from '../../core/protocol/chunk.js';
import { READ_AHEAD } from '../../core/session/bulk/outgoing.js';
import { unfilled } from '../system/bytes.js';
import { FILE_WORDS } from '../words/files.js';

/** Bytes that are read and wait to be wanted; then reading rests. */
export const READ_LIMIT = 4 * CHUNK_DATA;

type Input = NodeJS.ReadableStream & { destroy?: () => unknown; reuse?: (chunk: Uint8Array) => void };
type Output = NodeJS.WritableStream & { readonly fd?: number; _handle?: { close?: () => void } };

export interface PipeOptions {
  readonly input: Input;
  readonly output: Output;
  /** Bytes went out or came in: for who shows progress. */
  readonly moved: (sent: number, received: number) => void;
  /** Both directions are over. */
  readonly over: () => void;
}

export interface Pipe extends BulkPort {
  /** A direction was begun. */
  readonly begun: boolean;
  /** Why the pipe is not whole, or undefined. Before its end it is not. */
  readonly failure: { readonly code: Code; readonly detail: Detail } | undefined;
}

interface Direction {
  id: number | undefined;
  state: 'idle' | 'open' | 'whole' | 'broken';
  code: Code | undefined;
}

export function createPipe({ input, output, moved, over }: PipeOptions): Pipe {
  let sink: (event: BulkEvent) => void = () => undefined;
  const up: Direction = { id: undefined, state: 'idle', code: undefined };
  const down: Direction = { id: undefined, state: 'idle', code: undefined };
  let chunks: Uint8Array[] = [];
  let buffered = 0;
  /** Memory of the pieces that were given last: one that is READ_AHEAD behind is sealed and overwritten. */
  const pieces: Uint8Array[] = [];
  let given = 0;
  let wanted = 0;
  let ended = false;
  let lastGiven = false;
  let scheduled = false;
  let broken = false;
  let closed = false;
  let reading = false;
  /** Offers that are no pipe, or a second one. */
  const refused = new Set<number>();

  // -- to the peer

  function read(): void {
    if (reading) return;
    reading = true;
    input.on('data', (chunk: Uint8Array | string) => {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      if (up.state === 'broken' || closed) return;
      chunks.push(bytes);
      buffered += bytes.length;
      if (buffered >= READ_LIMIT) input.pause();
      pump();
    });
    input.on('end', finish);
    input.on('close', finish);
    input.on('error', () => fail(up, 'cancelled'));
  }

  function finish(): void {
    ended = true;
    pump();
  }

  /** Full pieces at once; what does not fill one waits for what is being read in this moment. */
  function pump(): void {
    while (wanted > 0 && buffered >= CHUNK_DATA) give();
    if (wanted === 0 || scheduled || (buffered === 0 && !ended)) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      if (wanted > 0 && (buffered > 0 || ended)) give();
    });
  }

  function give(): void {
    if (lastGiven || up.id === undefined || up.state !== 'open') return;
    const piece = take(Math.min(buffered, CHUNK_DATA));
    const last = ended && buffered === 0;
    if (piece.length === 0 && !last) return;
    wanted -= 1;
    lastGiven = last;
    moved(piece.length, 0);
    sink({ type: 'data', id: up.id, data: piece, last, content: piece.length, ...(last ? { sum: '' } : {}) });
    if (buffered < READ_LIMIT / 2 && !ended) input.resume();
  }

  function take(length: number): Uint8Array {
    const memory = pieces[given % READ_AHEAD] ?? (pieces[given % READ_AHEAD] = unfilled(CHUNK_DATA));
    given += 1;
    const piece = memory.subarray(0, length);
    let filled = 0;
    while (filled < length) {
      const [chunk] = chunks;
      if (chunk === undefined) break;
      const part = chunk.subarray(0, length - filled);
      piece.set(part, filled);
      filled += part.length;
      part.fill(0);
      if (part.length < chunk.length) {
        chunks[0] = chunk.subarray(part.length);
        continue;
      }
      chunks.shift();
      input.reuse?.(chunk);
    }
    buffered -= length;
    return piece;
  }

  function stopReading(): void {
    wanted = 0;
    for (const chunk of chunks) chunk.fill(0);
    chunks = [];
    buffered = 0;
    input.pause();
    if (reading) input.destroy?.();
  }

  // -- from the peer

  function write(id: number, data: Uint8Array, last: boolean): void {
    const written = (error?: Error | null): void => {
      data.fill(0);
      if (error !== undefined && error !== null) return fail(down, 'cancelled');
      moved(0, data.length);
      sink({ type: 'used', id, count: 1, content: data.length });
      if (!last) return;
      endOutput();
      sink({ type: 'whole', id, sum: '' });
    };
    if (broken) return void data.fill(0);
    // Bytes also where there are none: beside a string Node copies what waits into memory that nobody overwrites.
    output.write(data, written);
  }

  /** The reader sees the end although this process lives on: the descriptor itself is closed. */
  function endOutput(): void {
    if (output.fd !== 1) return void output.end();
    try {
      output._handle?.close?.();
      closeSync(1);
    } catch {
      // It is closed already.
    }
  }

  function fail(direction: Direction, reason: 'cancelled'): void {
    if (direction === down) broken = true;
    if (direction.id === undefined || direction.state !== 'open') return;
    sink({ type: 'failed', id: direction.id, reason, code: 'SC-349', detail: {} });
  }

  // -- both

  function finished({ id, whole, code }: Extract<BulkCommand, { type: 'over' }>): void {
    const direction = id === down.id ? down : up;
    direction.state = whole ? 'whole' : 'broken';
    direction.code = code;
    if (direction === up && !whole) stopReading();
    // Whoever ended it here is leaving already.
    if (code === 'SC-343') return;
    // Who refuses a pipe opens none.
    const alone = direction === up && code === 'SC-342';
    if (alone || (isOver(up) && isOver(down))) over();
  }

  /** Who stopped; undefined: nobody, the session ended. */
  function stopped(): string | undefined {
    if (down.code === 'SC-349') return FILE_WORDS.stopped.output;
    if (up.code === 'SC-349') return FILE_WORDS.stopped.input;
    if (up.code === 'SC-344') return FILE_WORDS.stopped.peerOutput;
    return down.code === 'SC-344' ? FILE_WORDS.stopped.peerInput : undefined;
  }

  output.on('error', () => fail(down, 'cancelled'));

  return {
    get begun() {
      return up.state !== 'idle' || down.state !== 'idle';
    },
    get failure(): Pipe['failure'] {
      if (up.code === 'SC-342') return { code: 'SC-358', detail: {} };
      if (up.state === 'whole' && down.state === 'whole') return undefined;
      const why = stopped();
      return { code: 'SC-349', detail: why === undefined ? {} : { why } };
    },

    open(to) {
      sink = to;
    },

    tell(command) {
      switch (command.type) {
        case 'active':
          return sink({ type: 'ready', id: undefined, offer: { kind: 'pipe' } });
        case 'offered':
          if (command.offer.kind === 'pipe' && down.state === 'idle') {
            down.id = command.id;
            down.state = 'open';
            return sink({ type: 'accept', id: command.id });
          }
          refused.add(command.id);
          return sink({ type: 'failed', id: command.id, reason: 'refused', code: 'SC-358', detail: {} });
        case 'taken':
          up.id = command.id;
          up.state = 'open';
          return read();
        case 'want':
          wanted += command.count;
          return pump();
        case 'data':
          return write(command.id, command.data, command.last);
        case 'over':
          if (!refused.delete(command.id)) finished(command);
          return;
        case 'prepare':
        case 'take':
          return;
      }
    },

    close() {
      closed = true;
      stopReading();
      return Promise.resolve();
    },
  };
}

function isOver({ state }: Direction): boolean {
  return state === 'whole' || state === 'broken';
}
