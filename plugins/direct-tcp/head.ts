/** The first bytes of a connection, from somebody of whom nothing is known yet: exact, bounded in size and time. */
import type { Socket } from 'node:net';
import type { ClockPort } from 'securechat/plugin';
import { HELLO_TIMEOUT_MS } from './wire.js';

/** foreign: it says something else. silent: it ended or said too little in time. */
export type NoHead = 'foreign' | 'silent';

/**
 * Reads `length` bytes that begin with `magic`. `done` is called once, with the bytes behind the magic and what came after
 * them, or with why there are none; the socket is then the caller's, and still open unless it ended by itself.
 */
export function readHead(
  clock: ClockPort,
  socket: Socket,
  magic: Uint8Array,
  length: number,
  done: (head: Uint8Array | NoHead, rest: Uint8Array) => void,
): void {
  const head = Buffer.alloc(length);
  let filled = 0;
  const cancel = clock.wakeAt(clock.now() + HELLO_TIMEOUT_MS, onEnd);

  function settle(result: Uint8Array | NoHead, rest: Uint8Array): void {
    cancel();
    socket.removeListener('data', onData);
    for (const event of ['end', 'close']) socket.removeListener(event, onEnd);
    done(result, rest);
  }

  function onEnd(): void {
    settle('silent', new Uint8Array(0));
  }

  function onData(chunk: Buffer): void {
    const part = chunk.subarray(0, length - filled);
    head.set(part, filled);
    filled += part.length;
    const known = Math.min(filled, magic.length);
    // Whoever begins otherwise is not waited for.
    if (!head.subarray(0, known).equals(magic.subarray(0, known))) settle('foreign', new Uint8Array(0));
    else if (filled === length) settle(head.subarray(magic.length), chunk.subarray(part.length));
  }

  socket.on('data', onData);
  for (const event of ['end', 'close']) socket.on(event, onEnd);
}
