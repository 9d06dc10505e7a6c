/**
 * One WebSocket to a relay with a bound on everything that it holds, for both transports. What a message says may not be
 * looked at in this file.
 */
import { randomBytes } from 'node:crypto';
import { type RawData, WebSocket } from 'ws';
import { FRAME_LIMIT, WAITING_LIMIT, WAITING_MARK } from '../../core/wire/control.js';
import { type Answer, explainFailure } from './failure.js';
import { CLOSE_WAIT_MS, CONNECT_TIMEOUT_MS, DEAF, DETAIL_LIMIT, type Pipe, type PipeEvents } from './pipe.js';
import type { Origin } from './origin.js';
import type { Route } from './way.js';
import { quick } from '../../core/quick.js';

/** Something is heard from the relay at least this often while the connection lives, milliseconds; … */
export const PING_INTERVAL_MS = 20_000;
/** … and so long without a message and without the answer to a ping ends it. */
export const PING_TIMEOUT_MS = 10_000;
/** What a ping carries, bytes. */
const PING_BYTES = 8;
/** The longest head of a WebSocket message of a client, bytes. */
const HEAD = 14;
/** The relay's bound on pieces of a frame and on reads of a frame, for the same reason (relay-ws/server.ts). */
export const FRAGMENT_LIMIT = 64;
export const READ_LIMIT = 1_024;

const BOUNDS = {
  autoPong: false,
  perMessageDeflate: false,
  // Ciphertext under keys that no page chooses: a mask would protect nothing, and costs a copy of every frame.
  generateMask: (mask: Buffer): void => void mask.fill(0),
  followRedirects: false,
  maxPayload: FRAME_LIMIT,
  maxFragments: FRAGMENT_LIMIT,
  maxBufferedChunks: READ_LIMIT,
  closeTimeout: CLOSE_WAIT_MS,
} as const;
const TEXT = { binary: false, compress: false, fin: true } as const;
const BYTES = { binary: true, compress: false, fin: true } as const;

export interface WebSocketOptions {
  readonly address: URL;
  /** Absent: directly. */
  readonly route?: Route | undefined;
  /** Where it starts from, when that matters. */
  readonly origin?: Origin | undefined;
  /** Default CONNECT_TIMEOUT_MS. */
  readonly connectTimeoutMs?: number | undefined;
  /** Default PING_INTERVAL_MS. */
  readonly pingIntervalMs?: number | undefined;
  /** Default PING_TIMEOUT_MS. */
  readonly pingTimeoutMs?: number | undefined;
}

export function openWebSocket(options: WebSocketOptions, events: PipeEvents): Pipe {
  const { connectTimeoutMs = CONNECT_TIMEOUT_MS, pingIntervalMs = PING_INTERVAL_MS } = options;
  const { pingTimeoutMs = PING_TIMEOUT_MS, route } = options;
  let opened = false;
  let asked = false;
  let over = false;
  let blocked = false;
  /** Why it ends, when that is known before it does. */
  let detail = '';
  let answer: Answer | undefined;
  /** What the pong must bring back; nothing when no ping is out. */
  let pinged = Buffer.alloc(0);
  /** A message came while the answer to the ping is waited for. */
  let heard = false;
  /** For opening, for pings, for closing. */
  let timer: NodeJS.Timeout | undefined;

  function end(why: string): void {
    clearTimeout(timer);
    over = true;
    const said = (detail === '' ? why : detail).slice(0, DETAIL_LIMIT);
    if (asked) events.closed({ reason: 'closed', detail: said });
    else if (opened) events.closed({ reason: 'lost', detail: said });
    else events.closed(route?.blame() ?? explainFailure(answer, said));
  }

  function drop(why: string): void {
    detail = why;
    socket?.terminate();
  }

  /** Whether there is room for so many bytes; if not, the connection is over. */
  function fits(open: WebSocket, bytes: number): boolean {
    if (open.bufferedAmount + bytes + HEAD <= WAITING_LIMIT) return true;
    drop(DEAF);
    return false;
  }

  /** The answer may stand behind data on its way, so each message is a sign of life. No second ping goes meanwhile. */
  function awaitAnswer(): void {
    heard = false;
    timer = setTimeout(() => {
      if (heard) awaitAnswer();
      else drop('no answer to a ping');
    }, pingTimeoutMs);
  }

  /** A connection that died unnoticed looks like a quiet one: it is asked, and only the answer to this ping is one. */
  function ping(open: WebSocket): void {
    clearTimeout(timer);
    pinged = Buffer.alloc(0);
    timer = setTimeout(() => {
      awaitAnswer();
      pinged = randomBytes(PING_BYTES);
      if (fits(open, pinged.length)) open.ping(pinged);
    }, pingIntervalMs);
  }

  function onSent(): void {
    if (!blocked || socket === undefined || socket.bufferedAmount > WAITING_MARK) return;
    blocked = false;
    if (socket.readyState === WebSocket.OPEN && !asked) events.drain();
  }

  const socket = connect(options);
  if (socket === undefined) {
    // An address that cannot be one; told as every failure is.
    queueMicrotask(() => end('not an address of a relay'));
  } else {
    timer = setTimeout(() => drop('time-out'), connectTimeoutMs);
    socket.on('open', () => {
      opened = true;
      ping(socket);
      events.open();
    });
    socket.on('message', (message: RawData, isBinary) => {
      heard = true;
      // After close() only the end is of interest. The library's default type of messages: a Buffer.
      if (!asked) events.message(message as Buffer, isBinary);
    });
    socket.on('pong', (bytes) => {
      if (!asked && pinged.length > 0 && pinged.equals(bytes)) ping(socket);
    });
    socket.on('ping', (bytes) => {
      if (!asked && fits(socket, bytes.length)) socket.pong(bytes);
    });
    socket.on('upgrade', (response) => {
      answer ??= { type: 'other' };
      options.origin?.up(response.socket);
    });
    socket.on('unexpected-response', (_request, response) => {
      answer = { type: 'http', status: response.statusCode ?? 0 };
      response.on('error', ignore);
      socket.terminate();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      answer ??= { type: 'error', error };
      detail ||= error.code ?? error.message;
    });
    socket.on('close', (code, reason) => end(`${String(code)} ${reason.toString()}`.trimEnd()));
  }

  return quick({
    get waiting() {
      const flushes = socket?.readyState === WebSocket.OPEN || asked;
      return opened && !over && flushes ? (socket?.bufferedAmount ?? 0) : 0;
    },
    send(message) {
      if (asked || socket?.readyState !== WebSocket.OPEN || !fits(socket, message.length)) return false;
      socket.send(message, typeof message === 'string' ? TEXT : BYTES, onSent);
      blocked = socket.bufferedAmount > WAITING_MARK;
      return !blocked;
    },
    close() {
      if (asked || socket === undefined) return;
      asked = true;
      clearTimeout(timer);
      timer = setTimeout(() => socket.terminate(), CLOSE_WAIT_MS);
      // Flushes, then shakes hands.
      socket.close(1000);
    },
    drop,
  });
}

function connect({ address, route, origin }: WebSocketOptions): WebSocket | undefined {
  const localPort = origin?.next();
  const options = {
    ...(localPort === undefined ? {} : { localPort }),
    ...(route === undefined ? {} : { agent: route.agent }),
    ...BOUNDS,
  };
  try {
    return new WebSocket(address, options);
  } catch {
    return undefined;
  }
}

function ignore(): void {
  // The answer of something that is no relay may break off as it likes.
}
