/**
 * One TCP connection of a direct path: bare messages while it is proven, then frames as a connection of a transport carries
 * them. Who is at the other end, and which one is taken, may not be in this file.
 */
import type { Socket } from 'node:net';
import { LocalProtocolError } from '../../core/errors.js';
import type { Connection, TransportEvent } from '../../core/ports.js';
import { WAITING_LIMIT, WAITING_MARK } from '../../core/wire/control.js';
import { CLOSE_WAIT_MS, DEAF } from '../transport/pipe.js';
import { createReader, LENGTH, PATH_FRAME_LIMIT } from './reader.js';
import { quick } from '../../core/quick.js';

/** A path that died unnoticed is asked after this long without a byte, milliseconds. */
const KEEP_ALIVE_MS = 10_000;

export interface Link {
  readonly socket: Socket;
  /** A message of the proof. */
  send(bytes: Uint8Array): void;
  /** Breaks it; nothing is told any more. */
  drop(): void;
  /** It carries frames from now on. */
  take(sink: (event: TransportEvent) => void): Connection;
}

/** The socket is connected, and belongs to the link. */
export function createLink(socket: Socket, events: { message(bytes: Uint8Array): void; ended(): void }): Link {
  let sink: ((event: TransportEvent) => void) | undefined;
  let dropped = false;
  let asked = false;
  let over = false;
  let blocked = false;
  let why = '';
  let timer: NodeJS.Timeout | undefined;

  const reader = createReader({
    message: (bytes) => events.message(bytes),
    frame(frame) {
      if (!asked && !over) sink?.({ type: 'frame', frame });
    },
  });

  function lose(reason: string): void {
    why ||= reason;
    socket.destroy();
  }

  function read(ok: boolean): void {
    if (!ok) lose('not a frame');
    // What is behind the proof waits in the system until it is known whose it is.
    else if (reader.held) socket.pause();
  }

  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  socket.on('data', (bytes) => read(reader.push(bytes)));
  socket.on('error', (error: NodeJS.ErrnoException) => {
    why ||= error.code ?? error.name;
  });
  // Nothing more can be told to it.
  socket.on('end', () => lose('the other side closed the connection'));
  socket.on('close', () => {
    clearTimeout(timer);
    if (over) return;
    over = true;
    if (sink !== undefined) sink({ type: 'closed', reason: asked ? 'closed' : 'lost', detail: why });
    else if (!dropped) events.ended();
  });

  function onSent(): void {
    if (!blocked || over || asked || socket.writableLength > WAITING_MARK) return;
    blocked = false;
    sink?.({ type: 'drain' });
  }

  return quick({
    socket,
    send(bytes) {
      if (sink === undefined && !socket.destroyed) socket.write(bytes);
    },
    drop() {
      if (sink !== undefined) return;
      dropped = true;
      socket.destroy();
    },
    take(to) {
      sink = to;
      // Nothing is told before this has returned.
      queueMicrotask(() => {
        read(reader.frames());
        socket.resume();
      });
      return {
        get waiting() {
          return over ? 0 : socket.writableLength;
        },
        send(frame) {
          if (frame.length === 0 || frame.length > PATH_FRAME_LIMIT)
            throw new LocalProtocolError('a frame of a path has 1 to 65536 bytes');
          if (over || asked || socket.destroyed) return false;
          if (socket.writableLength + LENGTH + frame.length > WAITING_LIMIT) {
            lose(DEAF);
            return false;
          }
          const head = Buffer.alloc(LENGTH);
          head.writeUInt32BE(frame.length);
          socket.cork();
          socket.write(head);
          socket.write(frame, onSent);
          socket.uncork();
          blocked = socket.writableLength > WAITING_MARK;
          return !blocked;
        },
        close() {
          if (asked || over) return;
          asked = true;
          timer = setTimeout(() => socket.destroy(), CLOSE_WAIT_MS);
          socket.end();
        },
      };
    },
  });
}
