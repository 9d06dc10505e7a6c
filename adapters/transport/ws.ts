/**
 * Transport `ws`: one WebSocket to the relay for each connection (protocol.md section 3). What comes in is bounded and
 * passed on unchecked; no protocol state and no retry may be in this file.
 */
import { randomBytes } from 'node:crypto';
import { type RawData, WebSocket } from 'ws';
import { LocalProtocolError } from '../../core/errors.js';
import type { CloseReason, TransportEvent, TransportPort } from '../../core/ports.js';
import {
  CONTROL_LIMIT,
  FRAME_LIMIT,
  joinMessage,
  parseControl,
  shardHint,
  WAITING_LIMIT,
  WAITING_MARK,
} from '../../core/wire/control.js';

/** From `open()` to the open socket, name look-up and TLS included, milliseconds. */
export const CONNECT_TIMEOUT_MS = 10_000;
/** From `close()` to `closed`: the time there is for flushing, milliseconds (protocol.md section 7). */
export const CLOSE_WAIT_MS = 2_000;
/** Something is heard from the relay at least this often while the connection lives, milliseconds; … */
export const PING_INTERVAL_MS = 20_000;
/** … and a ping that is not answered for so long ends it. */
export const PING_TIMEOUT_MS = 10_000;
/** What a ping carries, bytes. */
const PING_BYTES = 8;
/** The longest head of a WebSocket message of a client, bytes. */
const HEAD = 14;
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
      let over = false;
      let blocked = false;
      let detail = '';
      /** What the pong must bring back; nothing when no ping is out. */
      let pinged = Buffer.alloc(0);
      /** For opening, for pings, for closing. */
      let timer: NodeJS.Timeout | undefined;

      function emit(event: TransportEvent): void {
        // After close() only `closed` is of interest.
        if (!asked || event.type === 'closed') sink(event);
      }

      function end(why: string): void {
        clearTimeout(timer);
        over = true;
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

      function drop(open: WebSocket, why: string): void {
        detail = why;
        open.terminate();
      }

      /** Whether there is room for so many bytes; if not, the connection is over. */
      function fits(open: WebSocket, bytes: number): boolean {
        if (open.bufferedAmount + bytes <= WAITING_LIMIT) return true;
        drop(open, 'the relay does not read');
        return false;
      }

      /** A connection that died unnoticed looks like a quiet one: it is asked, and only the answer to this ping is one. */
      function ping(open: WebSocket): void {
        clearTimeout(timer);
        pinged = Buffer.alloc(0);
        timer = setTimeout(() => {
          timer = setTimeout(() => drop(open, 'no answer to a ping'), pingTimeoutMs);
          pinged = randomBytes(PING_BYTES);
          if (fits(open, pinged.length)) open.ping(pinged);
        }, pingIntervalMs);
      }

      function onSent(): void {
        if (!blocked || socket === undefined || socket.bufferedAmount > WAITING_MARK) return;
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
          drop(socket, 'time-out');
        }, connectTimeoutMs);
        socket.on('open', () => {
          opened = true;
          ping(socket);
          socket.send(JSON.stringify(joinMessage(join)));
          emit({ type: 'open' });
        });
        socket.on('message', onMessage);
        socket.on('pong', (bytes) => {
          if (!asked && pinged.length > 0 && pinged.equals(bytes)) ping(socket);
        });
        socket.on('ping', (bytes) => {
          if (!asked && fits(socket, bytes.length)) socket.pong(bytes);
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
        get waiting() {
          const flushes = socket?.readyState === WebSocket.OPEN || asked;
          return opened && !over && flushes ? (socket?.bufferedAmount ?? 0) : 0;
        },
        send(frame) {
          if (frame.length === 0 || frame.length > FRAME_LIMIT) {
            throw new LocalProtocolError('a frame has 1 to 73728 bytes');
          }
          if (asked || socket?.readyState !== WebSocket.OPEN || !fits(socket, frame.length + HEAD)) return false;
          socket.send(frame, FRAME, onSent);
          blocked = socket.bufferedAmount > WAITING_MARK;
          return !blocked;
        },
        join(again) {
          if (asked || socket?.readyState !== WebSocket.OPEN) return;
          const text = JSON.stringify(joinMessage(again));
          if (fits(socket, text.length + HEAD)) socket.send(text);
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
    autoPong: false,
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
