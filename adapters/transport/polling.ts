/**
 * engine.io's long polling as a pipe: for networks through which only plain HTTP gets. Each answer is read up to a limit,
 * one request to send is under way at a time. What a packet says may not be looked at in this file.
 */
import { Agent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as TlsAgent, request as requestHttps } from 'node:https';
import { CONTROL_LIMIT, FRAME_LIMIT, WAITING_LIMIT, WAITING_MARK } from '../../core/wire/control.js';
import { type Answer, explainFailure } from './failure.js';
import { CLOSE_WAIT_MS, CONNECT_TIMEOUT_MS, DEAF, DETAIL_LIMIT, type Pipe, type PipeEvents } from './pipe.js';
import type { Route } from './way.js';
import { quick } from '../../core/quick.js';

/** One answer to a poll: the relay may put several packets into it, frames in base64. */
export const POLL_LIMIT = 2 * 1024 * 1024;
/** The pieces it may come in, as the bytes do: a small one costs many times its length. */
export const PIECES_LIMIT = 16 * 1024;
/** The packets in it, which are looked at in one go: more than the smallest frames that fit. */
export const PACKETS_LIMIT = 4_096;
/** One request: a frame in base64 and a control message, as the relay takes it (relay-socketio). */
export const POST_LIMIT = Math.ceil(FRAME_LIMIT / 3) * 4 + 2 * CONTROL_LIMIT;
/** A poll that brings no whole packet for so long, not even a ping, is a lost connection, milliseconds. */
export const POLL_TIMEOUT_MS = 60_000;
/** The most that stands before a packet in a request, bytes: a separator and a letter, and room for what is kept of it. */
const HEAD = 14;
const SEPARATOR = '\u001e';
/** engine.io's packet that closes. */
const CLOSE = '1';

export interface PollingOptions {
  /** http:// or https://, with everything but the id of the session. */
  readonly address: URL;
  readonly route?: Route | undefined;
  /** Default CONNECT_TIMEOUT_MS. */
  readonly connectTimeoutMs?: number | undefined;
}

export interface Polling extends Pipe {
  /** The id that the relay gave: goes with every request from now on. */
  identify(sid: string): void;
}

export function openPolling(options: PollingOptions, events: PipeEvents): Polling {
  const { route, connectTimeoutMs = CONNECT_TIMEOUT_MS } = options;
  const address = new URL(options.address);
  const secure = address.protocol === 'https:';
  const agent = route?.agent ?? new (secure ? TlsAgent : Agent)({ keepAlive: true, maxSockets: 2 });
  const cancel = new AbortController();
  let queue: string[] = [];
  /** Of the messages in `queue` and in the request under way. */
  let [queued, posted] = [0, 0];
  let posting = false;
  let opened = false;
  let asked = false;
  let closing = false;
  let over = false;
  let blocked = false;
  let timer: NodeJS.Timeout | undefined;

  function end(answer: Answer | undefined, why: string): void {
    if (over) return;
    over = true;
    clearTimeout(timer);
    cancel.abort();
    // That of a route goes with its attempt: what it keeps open is of no use to another one.
    agent.destroy();
    queue = [];
    const detail = why.slice(0, DETAIL_LIMIT);
    if (asked) events.closed({ reason: 'closed', detail });
    else if (opened) events.closed({ reason: 'lost', detail });
    else events.closed(route?.blame() ?? explainFailure(answer, detail));
  }

  /** One request; `done` gets a whole answer of status 200. */
  function ask(body: string | undefined, timeoutMs: number, done: (answer: Buffer) => void): void {
    let whole = false;
    // Not that of the socket alone: a byte now and then keeps one alive.
    const late = setTimeout(() => end(undefined, 'time-out'), timeoutMs);
    const method = body === undefined ? 'GET' : 'POST';
    const headers = body === undefined ? {} : { 'content-type': 'text/plain;charset=UTF-8' };
    const request = (secure ? requestHttps : requestHttp)(address, { agent, method, headers, signal: cancel.signal });
    request.on('error', (error: NodeJS.ErrnoException) => end({ type: 'error', error }, error.code ?? error.message));
    // Also when it says that it goes on in another protocol.
    request.on('close', () => {
      clearTimeout(late);
      if (!whole) end({ type: 'other' }, 'no whole answer');
    });
    request.on('response', (response: IncomingMessage) => {
      const { statusCode: status = 0 } = response;
      response.on('error', (error: NodeJS.ErrnoException) => end(undefined, error.code ?? error.message));
      if (status !== 200) return end({ type: 'http', status }, `HTTP ${String(status)}`);
      const pieces: Buffer[] = [];
      let length = 0;
      response.on('data', (piece: Buffer) => {
        length += piece.length;
        if (length > POLL_LIMIT || pieces.length >= PIECES_LIMIT) end({ type: 'other' }, 'an answer is too long');
        else pieces.push(piece);
        if (piece.includes(SEPARATOR)) late.refresh();
      });
      response.on('end', () => {
        whole = true;
        if (!over) done(Buffer.concat(pieces));
      });
    });
    request.end(body);
  }

  function poll(): void {
    ask(undefined, opened ? POLL_TIMEOUT_MS : connectTimeoutMs, (answer) => {
      if (!opened) {
        clearTimeout(timer);
        opened = true;
        events.open();
      }
      let packets = 0;
      for (const packet of packetsOf(answer)) {
        packets += 1;
        if (packets > PACKETS_LIMIT) end(undefined, 'too many packets');
        if (isOver()) return;
        // After close() only the end is of interest.
        if (asked) break;
        const isBinary = packet[0] === 0x62;
        events.message(isBinary ? Buffer.from(packet.toString('latin1', 1), 'base64') : packet, isBinary);
      }
      if (!isOver()) poll();
    });
  }

  function post(): void {
    if (posting || over) return;
    if (queue.length === 0) {
      if (!asked) return;
      // By itself: what stands before it in the same request is dropped with the connection.
      if (opened && !closing) queue.push(CLOSE);
      else return end(undefined, '');
      closing = true;
    }
    let [count, length] = [0, 0];
    for (const packet of queue) {
      length += packet.length + 1;
      if (count > 0 && length > POST_LIMIT) break;
      count += 1;
    }
    posting = true;
    const packets = queue.splice(0, count);
    posted = packets.reduce((sum, packet) => sum + sizeOf(packet), 0);
    queued -= posted;
    ask(packets.join(SEPARATOR), POLL_TIMEOUT_MS, () => {
      posting = false;
      posted = 0;
      if (blocked && queued <= WAITING_MARK) {
        blocked = false;
        if (!asked) events.drain();
      }
      post();
    });
  }

  /** An event may have ended it. */
  function isOver(): boolean {
    return over;
  }

  timer = setTimeout(() => end(undefined, 'time-out'), connectTimeoutMs);
  queueMicrotask(() => {
    if (!over) poll();
  });

  return quick({
    get waiting() {
      return opened && !over ? queued + posted : 0;
    },
    send(message) {
      if (!opened || asked || over) return false;
      const packet = typeof message === 'string' ? message : `b${Buffer.from(message).toString('base64')}`;
      if (queued + posted + sizeOf(packet) > WAITING_LIMIT) {
        end(undefined, DEAF);
        return false;
      }
      queue.push(packet);
      queued += sizeOf(packet);
      post();
      blocked = queued + posted > WAITING_MARK;
      return !blocked;
    },
    close() {
      if (asked || over) return;
      asked = true;
      timer = setTimeout(() => end(undefined, ''), CLOSE_WAIT_MS);
      queueMicrotask(post);
    },
    drop(why) {
      end(undefined, why);
    },
    identify(sid) {
      address.searchParams.set('sid', sid);
    },
  });
}

/** Of the message, not of its base64. */
function sizeOf(packet: string): number {
  return (packet.startsWith('b') ? Math.floor(((packet.length - 1) / 4) * 3) : packet.length) + HEAD;
}

function* packetsOf(answer: Buffer): Generator<Buffer> {
  for (let at = 0; at <= answer.length; ) {
    const next = answer.indexOf(SEPARATOR, at);
    const to = next < 0 ? answer.length : next;
    yield answer.subarray(at, to);
    at = to + 1;
  }
}
