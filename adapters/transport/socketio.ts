/**
 * Transport `socketio`: one socket.io connection to the relay (protocol.md section 3), WebSocket first, long polling
 * where nothing else gets through. What comes in is bounded and passed on unchecked; no protocol state and no retry may be
 * in this file.
 */
import { Fetch, NodeWebSocket } from 'engine.io-client';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { LocalProtocolError } from '../../core/errors.js';
import type { CloseReason, TransportEvent, TransportPort } from '../../core/ports.js';
import { EVENTS, parser } from '../../core/wire/socketio-packets.js';
import {
  CONTROL_LIMIT,
  FRAME_LIMIT,
  joinMessage,
  shardHint,
  WAITING_LIMIT,
  WAITING_MARK,
} from '../../core/wire/control.js';

/** From `open()` to the joined namespace, for each of the two ways, milliseconds. */
export const CONNECT_TIMEOUT_MS = 10_000;
/** From `close()` to `closed`: the time there is for flushing, milliseconds. */
export const CLOSE_WAIT_MS = 2_000;
/** Of text from outside in `detail`. */
export const DETAIL_LIMIT = 100;
/** One WebSocket message: a frame or a packet, and the type byte of engine.io. */
const MESSAGE_LIMIT = FRAME_LIMIT + 64;
/** One answer to a poll: the relay may put several messages into it, frames in base64. */
export const POLL_LIMIT = 2 * 1024 * 1024;

/** The library's, with bounds. */
class BoundedWebSocket extends NodeWebSocket {
  override createSocket(uri: string, protocols: string | string[] | undefined, options: object): WebSocket {
    const limits = { maxPayload: MESSAGE_LIMIT, perMessageDeflate: false, followRedirects: false };
    return new WebSocket(uri, protocols, { ...options, ...limits });
  }
}

/** The library's, reading at most POLL_LIMIT of an answer. */
class BoundedPolling extends Fetch {
  override doPoll(): void {
    this.poll().catch((error: unknown) => {
      this.fail(error);
    });
  }

  private async poll(): Promise<void> {
    const { uri } = this as unknown as { uri(): string };
    const response = await fetch(uri.call(this), { redirect: 'error' });
    if (!response.ok) {
      await response.body?.cancel();
      this.fail(response.status);
      return;
    }
    const pieces: Uint8Array[] = [];
    let length = 0;
    for await (const piece of response.body ?? []) {
      length += (piece as Uint8Array).length;
      if (length > POLL_LIMIT) throw new Error('an answer is too long');
      pieces.push(piece as Uint8Array);
    }
    this.onData(Buffer.concat(pieces).toString());
  }

  private fail(why: unknown): void {
    // The library's own words and form of an error of this kind.
    this.onError('fetch read error', why, undefined);
  }
}

export interface SocketioTransportOptions {
  /** ws://, wss://, http:// or https://. */
  readonly relay: URL;
  /** Default CONNECT_TIMEOUT_MS. */
  readonly connectTimeoutMs?: number;
  /** Which ways to try, in this order. Default: both. */
  readonly ways?: readonly ('websocket' | 'polling')[];
}

const WAYS = { websocket: BoundedWebSocket, polling: BoundedPolling };

export function createSocketioTransport({
  relay,
  connectTimeoutMs = CONNECT_TIMEOUT_MS,
  ways = ['websocket', 'polling'],
}: SocketioTransportOptions): TransportPort {
  return {
    open(join, sink) {
      let opened = false;
      let asked = false;
      let over = false;
      let blocked = false;
      let timer: NodeJS.Timeout | undefined;

      const socket = io(httpAddress(relay, join.room), {
        parser,
        transports: ways.map((way) => WAYS[way]),
        tryAllTransports: true,
        upgrade: false,
        reconnection: false,
        forceNew: true,
        autoConnect: false,
        timeout: connectTimeoutMs,
      });

      function emit(event: TransportEvent): void {
        if (over) return;
        over = event.type === 'closed';
        // After close() only `closed` is of interest.
        if (!asked || over) sink(event);
      }

      function end(reason: CloseReason, detail: string): void {
        clearTimeout(timer);
        emit({ type: 'closed', reason: asked ? 'closed' : reason, detail: detail.slice(0, DETAIL_LIMIT) });
        socket.disconnect();
        // Not there before the first attempt to connect.
        (socket.io.engine as typeof socket.io.engine | undefined)?.close();
      }

      /** Bytes that have not left the library. */
      function waiting(): number {
        const { writeBuffer } = socket.io.engine as unknown as { writeBuffer: { data?: string | Uint8Array }[] };
        const { ws } = socket.io.engine.transport as unknown as { ws?: WebSocket | null };
        return writeBuffer.reduce((sum, { data }) => sum + (data?.length ?? 0), ws?.bufferedAmount ?? 0);
      }

      /** The library tells when it has handed on, not when that has left: looked at again until it has. */
      function watch(): void {
        timer = setTimeout(() => {
          if (over) return;
          if (waiting() > WAITING_MARK) return watch();
          blocked = false;
          emit({ type: 'drain' });
        }, 5);
      }

      function closeWhenFlushed(deadline: number): void {
        if (over) return;
        if (waiting() > 0 && performance.now() < deadline) setTimeout(() => closeWhenFlushed(deadline), 5);
        else end('closed', '');
      }

      socket.on('connect', () => {
        opened = true;
        socket.emit(EVENTS.control, joinMessage(join));
        emit({ type: 'open' });
      });
      socket.on(EVENTS.frame, (frame: unknown) => {
        if (frame instanceof Uint8Array && frame.length > 0 && frame.length <= FRAME_LIMIT)
          emit({ type: 'frame', frame: new Uint8Array(frame) });
      });
      socket.on(EVENTS.control, (message: unknown) => {
        const bounded = JSON.stringify(message).length <= CONTROL_LIMIT;
        emit({ type: 'control', message: bounded ? message : undefined });
      });
      socket.on(EVENTS.invalid, () => {
        emit({ type: 'control', message: undefined });
      });
      socket.on('connect_error', (error) => {
        end(answered(error) ? 'rejected' : 'unreachable', nameOf(error));
      });
      socket.on('disconnect', (reason) => {
        end(opened ? 'lost' : 'unreachable', reason);
      });
      queueMicrotask(() => {
        if (asked) end('closed', '');
        else socket.connect();
      });

      return {
        get waiting() {
          return socket.connected && !over ? waiting() : 0;
        },
        send(frame) {
          if (frame.length === 0 || frame.length > FRAME_LIMIT) {
            throw new LocalProtocolError('a frame has 1 to 73728 bytes');
          }
          if (asked || over || !socket.connected) return false;
          if (waiting() + frame.length > WAITING_LIMIT) {
            end('lost', 'the relay does not read');
            return false;
          }
          socket.emit(EVENTS.frame, Buffer.from(frame));
          if (!blocked && waiting() > WAITING_MARK) {
            blocked = true;
            watch();
          }
          return !blocked;
        },
        join(again) {
          if (!asked && socket.connected) socket.emit(EVENTS.control, joinMessage(again));
        },
        close() {
          if (asked || over) return;
          asked = true;
          if (socket.connected) closeWhenFlushed(performance.now() + CLOSE_WAIT_MS);
          else if (socket.active) queueMicrotask(() => end('closed', ''));
        },
      };
    },
  };
}

function httpAddress(relay: URL, room: string): string {
  const address = new URL(relay);
  address.searchParams.set('s', String(shardHint(room)));
  return address.href.replace(/^ws/, 'http');
}

/** Something spoke HTTP with us, and it is no relay of this kind. */
function answered(error: Error): boolean {
  const { description } = error as { description?: unknown };
  if (typeof description === 'number' || error.message === 'Invalid namespace') return true;
  const message = (description as { message?: unknown } | undefined)?.message;
  return typeof message === 'string' && /Unexpected server response|Parse Error|invalid/i.test(message);
}

function nameOf(error: Error): string {
  const { description } = error as { description?: unknown };
  if (typeof description === 'number') return `HTTP ${String(description)}`;
  const cause = (description as { cause?: { code?: unknown }; code?: unknown } | undefined)?.cause?.code;
  return typeof cause === 'string' ? cause : error.message;
}
