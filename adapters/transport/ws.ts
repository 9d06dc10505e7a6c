/**
 * Transport `ws`: one WebSocket to the relay for each connection (protocol.md section 3). What comes in is bounded and
 * passed on unchecked; no protocol state and no retry may be in this file.
 */
import { type RawData, WebSocket } from 'ws';
import { LocalProtocolError } from '../../core/errors.js';
import type { CloseReason, TransportEvent, TransportPort } from '../../core/ports.js';
import { CONTROL_LIMIT, FRAME_LIMIT, joinMessage, parseControl, shardHint } from '../../core/wire/control.js';

/** From `open()` to the open socket, name look-up and TLS included, milliseconds. */
export const CONNECT_TIMEOUT_MS = 10_000;
/** From `close()` to `closed`: the time there is for flushing, milliseconds (protocol.md section 7). */
export const CLOSE_WAIT_MS = 2_000;
/** Something is heard from the relay at least this often while the connection lives, milliseconds; … */
export const PING_INTERVAL_MS = 20_000;
/** … and a ping that is not answered for so long ends it. */
export const PING_TIMEOUT_MS = 10_000;
/** `send` returns false when more bytes than this wait; `drain` follows when at most DRAIN_MARK are left. */
export const SEND_MARK = 256 * 1024;
export const DRAIN_MARK = 64 * 1024;
/** The relay's bound on pieces of a frame and on reads of a frame, for the same reason (relay-ws/server.ts). */
export const FRAGMENT_LIMIT = 64;
export const READ_LIMIT = 1_024;
/** Of text from outside in `detail`. */
export const DETAIL_LIMIT = 100;

const FRAME = { binary: true, compress: false, fin: true } as const;

export interface WsTransportOptions {
  /** ws://, wss://, http:// (means ws) or https:// (means wss). */
  readonly relay: URL;
  /** Default CONNECT_TIMEOUT_MS. */
  readonly connectTimeoutMs?: number;
  /** Default PING_INTERVAL_MS. */
  readonly pingIntervalMs?: number;
  /** Default PING_TIMEOUT_MS. */
  readonly pingTimeoutMs?: number;
}

export function createWsTransport(options: WsTransportOptions): TransportPort {
  const { relay, connectTimeoutMs = CONNECT_TIMEOUT_MS } = options;
  const { pingIntervalMs = PING_INTERVAL_MS, pingTimeoutMs = PING_TIMEOUT_MS } = options;
  return {
    open(join, sink) {
      let opened = false;
      let answered = false;
      let asked = false;
      let blocked = false;
      let detail = '';
      /** For opening, for pings, for closing. */
      let timer: NodeJS.Timeout | undefined;

      function emit(event: TransportEvent): void {
        // After close() only `closed` is of interest.
        if (!asked || event.type === 'closed') sink(event);
      }

      function end(why: string): void {
        clearTimeout(timer);
        const reason: CloseReason = asked ? 'closed' : opened ? 'lost' : answered ? 'rejected' : 'unreachable';
        emit({ type: 'closed', reason, detail: (detail === '' ? why : detail).slice(0, DETAIL_LIMIT) });
      }

      function onMessage(message: RawData, isBinary: boolean): void {
        // The library's default type of binary messages: a Buffer, a view of what came in one read.
        const bytes = message as Buffer;
        if (isBinary) {
          // Nothing at all is no frame; longer than one the library does not let through.
          if (bytes.length > 0) emit({ type: 'frame', frame: new Uint8Array(bytes) });
        } else {
          const parsed = bytes.length > CONTROL_LIMIT ? undefined : parseControl(bytes.toString());
          emit({ type: 'control', message: parsed });
        }
      }

      /** A connection that died unnoticed looks like a quiet one: it is asked. */
      function ping(open: WebSocket): void {
        clearTimeout(timer);
        timer = setTimeout(() => {
          open.ping();
          timer = setTimeout(() => {
            detail = 'no answer to a ping';
            open.terminate();
          }, pingTimeoutMs);
        }, pingIntervalMs);
      }

      function onSent(): void {
        if (!blocked || socket === undefined || socket.bufferedAmount > DRAIN_MARK) return;
        blocked = false;
        if (socket.readyState === WebSocket.OPEN) emit({ type: 'drain' });
      }

      const socket = connect(relay, join.room);
      if (socket === undefined) {
        // An address that cannot be one; told as every failure is, after open() has returned.
        queueMicrotask(() => {
          end('not an address of a relay');
        });
      } else {
        timer = setTimeout(() => {
          detail = 'time-out';
          socket.terminate();
        }, connectTimeoutMs);
        socket.on('open', () => {
          opened = true;
          ping(socket);
          socket.send(JSON.stringify(joinMessage(join)));
          emit({ type: 'open' });
        });
        socket.on('message', onMessage);
        socket.on('pong', () => {
          if (!asked) ping(socket);
        });
        socket.on('upgrade', () => {
          answered = true;
        });
        socket.on('unexpected-response', (_request, response) => {
          answered = true;
          detail = `HTTP ${String(response.statusCode)}`;
          response.on('error', ignore);
          socket.terminate();
        });
        socket.on('error', (error: NodeJS.ErrnoException) => {
          // Bytes that are not HTTP at all are an answer too.
          answered ||= error.code?.startsWith('HPE_') ?? false;
          detail ||= error.code ?? error.message;
        });
        socket.on('close', (code, reason) => {
          end(`${String(code)} ${reason.toString()}`.trimEnd());
        });
      }

      return {
        send(frame) {
          if (frame.length === 0 || frame.length > FRAME_LIMIT) {
            throw new LocalProtocolError('a frame has 1 to 73728 bytes');
          }
          if (asked || socket?.readyState !== WebSocket.OPEN) return false;
          socket.send(frame, FRAME, onSent);
          blocked = socket.bufferedAmount > SEND_MARK;
          return !blocked;
        },
        join(again) {
          if (!asked && socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(joinMessage(again)));
        },
        close() {
          if (asked || socket === undefined) return;
          asked = true;
          clearTimeout(timer);
          timer = setTimeout(() => {
            socket.terminate();
          }, CLOSE_WAIT_MS);
          // Flushes, then shakes hands.
          socket.close(1000);
        },
      };
    },
  };
}

function connect(relay: URL, room: string): WebSocket | undefined {
  const options = {
    perMessageDeflate: false,
    followRedirects: false,
    maxPayload: FRAME_LIMIT,
    maxFragments: FRAGMENT_LIMIT,
    maxBufferedChunks: READ_LIMIT,
    closeTimeout: CLOSE_WAIT_MS,
  };
  const address = new URL(relay);
  address.searchParams.set('s', String(shardHint(room)));
  try {
    return new WebSocket(address, options);
  } catch {
    return undefined;
  }
}

function ignore(): void {
  // The answer of something that is no relay may break off as it likes.
}
