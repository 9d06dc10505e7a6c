/**
 * A peer without a WebSocket: what of its requests and answers has to wait is counted here, and a request is worked on
 * packet by packet, so that nothing more of it is looked at once its sender is held. No room may be in this file.
 */
import type { ServerResponse } from 'node:http';
import { FRAME_OVERHEAD } from '../adapters/relay/batch.js';
import type { EngineSocket } from './engine.js';

const SEPARATOR = '\x1e';
/** What packets begin with that carry something: a message as text, one in base64. */
const MESSAGE = '4';
const BINARY = 'b';

export interface Poller {
  /** Bytes that wait for a poll, and those of answers that the network has not taken. */
  readonly pending: number;
  queued(bytes: number): void;
  /** A poll: the library will answer it. */
  poll(response: ServerResponse): void;
  /** A request with packets, which `read` hands to the library, now or later. False: one waits already. */
  post(read: () => void): boolean;
  /** It may be read from again. */
  resume(): void;
  /** Its session is over: a request that waits is the library's to refuse. */
  end(): void;
}

interface Around {
  /** Nothing may be read from it now. */
  stopped(): boolean;
  /** A packet that carries nothing. */
  noise(): void;
  /** In front of the library, which would come to it later; false: it is the library's after all. */
  frame(frame: Buffer): boolean;
  /** Some of what was pending has gone. */
  drained(): void;
}

export function createPoller(engine: EngineSocket, around: Around): Poller {
  const { transport } = engine;
  /** Of the request that is worked on, and where in it. */
  let payload = '';
  let at = 0;
  /** The next one, unread. An honest client has one under way. */
  let delayed: (() => void) | undefined;
  let answer: ServerResponse | undefined;
  let waiting = 0;
  let leaving = 0;

  transport.onData = (text) => {
    payload = text;
    at = 0;
    work();
  };
  engine.on('flush', () => {
    const bytes = waiting;
    waiting = 0;
    if (answer === undefined || bytes === 0) return;
    leaving += bytes;
    answer.once('close', () => {
      leaving -= bytes;
      around.drained();
    });
    answer = undefined;
  });

  function work(): void {
    while (at < payload.length && !around.stopped()) {
      const found = payload.indexOf(SEPARATOR, at);
      const end = found === -1 ? payload.length : found;
      const packet = payload.slice(at, end);
      at = end + 1;
      take(packet);
    }
    if (at >= payload.length) payload = '';
  }

  function release(): void {
    const read = delayed;
    delayed = undefined;
    read?.();
  }

  function take(text: string): void {
    if (text.startsWith(BINARY) && around.frame(Buffer.from(text.slice(BINARY.length), 'base64'))) return;
    const packet = transport.parser.decodePacket(text);
    if (packet.type === 'close') {
      at = payload.length;
      transport.onClose();
      return;
    }
    const kind = text.charAt(0);
    if (kind !== MESSAGE && kind !== BINARY) around.noise();
    if (packet.type === 'error') at = payload.length;
    transport.onPacket(packet);
  }

  return {
    get pending() {
      return waiting + leaving;
    },
    queued(bytes) {
      waiting += bytes + FRAME_OVERHEAD;
    },
    poll(response) {
      answer = response;
    },
    post(read) {
      if (!around.stopped() && payload === '') read();
      else if (delayed === undefined) delayed = read;
      else return false;
      return true;
    },
    resume() {
      work();
      if (payload !== '' || around.stopped()) return;
      release();
    },
    end() {
      payload = '';
      release();
    },
  };
}
