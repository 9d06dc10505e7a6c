/**
 * Transport for a browser: the platform's own WebSocket to a relay (protocol.md section 3). It has no pings, no certificates
 * and no reason for a failure, because a page is told none; what comes in is bounded and passed on unchecked. Neither Node
 * nor the DOM, no protocol state and no retry may be in this file.
 */
import type { CloseReason, TransportPort } from '../../core/ports.js';
import { CONTROL_LIMIT, FRAME_LIMIT, parseControl, WAITING_LIMIT, WAITING_MARK } from '../../core/wire/control.js';
import { addressOf, checkFrame, textOf } from './messages.js';
import { CLOSE_WAIT_MS, CONNECT_TIMEOUT_MS, DEAF, DETAIL_LIMIT } from './pipe.js';
import { quick } from '../../core/quick.js';

/** What waits is looked at this often while the relay is slow, milliseconds: a browser does not tell when it is taken. */
export const DRAIN_LOOK_MS = 10;
/** The longest head of a WebSocket message of a client, bytes. */
const HEAD = 14;
/** `readyState` of a socket that is open. */
const OPEN = 1;

/** What is used of a WebSocket. */
export interface PlatformSocket {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  onerror: (() => void) | null;
  send(data: string | Uint8Array): void;
  close(code?: number): void;
}

export interface BrowserTransportOptions {
  /** ws://, wss://, http:// (means ws) or https:// (means wss). */
  readonly relay: URL;
  /** Makes the socket. Default: the platform's WebSocket. */
  readonly connect?: (address: string) => PlatformSocket;
  /** Default CONNECT_TIMEOUT_MS. */
  readonly connectTimeoutMs?: number;
}

export function createBrowserTransport({
  relay,
  connect = platformSocket,
  connectTimeoutMs = CONNECT_TIMEOUT_MS,
}: BrowserTransportOptions): TransportPort {
  return quick({
    open(join, sink) {
      let opened = false;
      let asked = false;
      let over = false;
      let blocked = false;
      let timer: ReturnType<typeof setTimeout> | undefined;
      let looking: ReturnType<typeof setTimeout> | undefined;
      let socket: PlatformSocket | undefined;

      /** The last word; whatever the socket still says is nobody's. */
      function end(reason: CloseReason, why: string): void {
        if (over) return;
        over = true;
        clearTimeout(timer);
        clearTimeout(looking);
        if (socket !== undefined) socket.onopen = socket.onmessage = socket.onclose = null;
        sink({ type: 'closed', reason: asked ? 'closed' : reason, detail: why.slice(0, DETAIL_LIMIT) });
      }

      function drop(why: string): void {
        const left = socket;
        end(opened ? 'lost' : 'unreachable', why);
        left?.close();
      }

      /** Whether there is room for so many bytes; if not, the connection is over. */
      function fits(open: PlatformSocket, bytes: number): boolean {
        if (open.bufferedAmount + bytes + HEAD <= WAITING_LIMIT) return true;
        drop(DEAF);
        return false;
      }

      function say(message: string | Uint8Array): boolean {
        if (asked || over || socket?.readyState !== OPEN || !fits(socket, message.length)) return false;
        socket.send(message);
        if (!blocked && socket.bufferedAmount > WAITING_MARK) {
          blocked = true;
          looking = setTimeout(look, DRAIN_LOOK_MS);
        }
        return !blocked;
      }

      /** Timers of a page in the background are slow, so what comes in is taken as an occasion, too. */
      function look(): void {
        if (!blocked || over || socket === undefined) return;
        clearTimeout(looking);
        if (socket.bufferedAmount > WAITING_MARK) {
          looking = setTimeout(look, DRAIN_LOOK_MS);
          return;
        }
        blocked = false;
        if (!asked) sink({ type: 'drain' });
      }

      function take(data: unknown): void {
        if (typeof data === 'string') {
          // Characters of JSON text as they are counted in parseControl: nothing large is parsed.
          const parsed = data.length > CONTROL_LIMIT ? undefined : parseControl(data);
          sink({ type: 'control', message: parsed });
          return;
        }
        if (!(data instanceof ArrayBuffer) || data.byteLength > FRAME_LIMIT) {
          drop('a message is too long');
          return;
        }
        // Nothing at all is no frame.
        if (data.byteLength > 0) sink({ type: 'frame', frame: new Uint8Array(data) });
      }

      try {
        const address = addressOf(relay, join);
        address.protocol = address.protocol.replace(/^http/, 'ws');
        socket = connect(address.href);
        const made = socket;
        made.binaryType = 'arraybuffer';
        timer = setTimeout(() => drop('time-out'), connectTimeoutMs);
        made.onopen = () => {
          clearTimeout(timer);
          if (asked || over) return;
          opened = true;
          made.send(textOf(join));
          sink({ type: 'open' });
        };
        made.onmessage = ({ data }) => {
          // After close() only the end is of interest.
          if (asked || over) return;
          look();
          if (!asked) take(data);
        };
        made.onclose = ({ code, reason }) =>
          end(opened ? 'lost' : 'unreachable', `${String(code)} ${reason}`.trimEnd());
        // Without a listener, a socket of Node ends the process; `close` follows in any case.
        made.onerror = () => undefined;
      } catch {
        // An address that cannot be one, or that the page may not reach; told as every failure is.
        queueMicrotask(() => end('unreachable', 'not an address that this page may reach'));
      }

      return {
        get waiting() {
          return opened && !over && socket !== undefined ? socket.bufferedAmount : 0;
        },
        send(frame) {
          checkFrame(frame);
          return say(frame);
        },
        join: (again) => void say(textOf(again)),
        close() {
          if (asked || over) return;
          asked = true;
          clearTimeout(timer);
          const left = socket;
          timer = setTimeout(() => end('closed', 'time-out'), CLOSE_WAIT_MS);
          // Flushes, then shakes hands.
          left?.close(1000);
        },
      };
    },
  });
}

function platformSocket(address: string): PlatformSocket {
  return new (globalThis as unknown as { readonly WebSocket: new (address: string) => PlatformSocket }).WebSocket(
    address,
  );
}
