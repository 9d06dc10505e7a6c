/**
 * Transport `ws`: one WebSocket to the relay for each connection (protocol.md section 3). What comes in is bounded and
 * passed on unchecked; no protocol state and no retry may be in this file.
 */
import type { TransportPort } from '../../core/ports.js';
import { CONTROL_LIMIT, parseControl } from '../../core/wire/control.js';
import { owned } from '../system/bytes.js';
import { tellKind } from './kind.js';
import { addressOf, checkFrame, textOf } from './messages.js';
import type { Origin } from './origin.js';
import type { Pipe } from './pipe.js';
import type { Way } from './way.js';
import { openWebSocket } from './web-socket.js';
import { quick } from '../../core/quick.js';

export interface WsTransportOptions {
  /** ws://, wss://, http:// (means ws) or https:// (means wss). */
  readonly relay: URL;
  /** How the relay is reached; absent: directly. */
  readonly way?: Way | undefined;
  /** Where its connections start from, when that matters. */
  readonly origin?: Origin | undefined;
  /** Default CONNECT_TIMEOUT_MS. */
  readonly connectTimeoutMs?: number;
  /** Default PING_INTERVAL_MS. */
  readonly pingIntervalMs?: number;
  /** Default PING_TIMEOUT_MS. */
  readonly pingTimeoutMs?: number;
}

export function createWsTransport({ relay, way, ...times }: WsTransportOptions): TransportPort {
  return quick({
    open(join, sink) {
      const address = addressOf(relay, join);
      const route = way?.routeTo(address);
      let callOff = (): void => undefined;
      const pipe: Pipe = openWebSocket(
        { address, route, ...times },
        {
          open() {
            pipe.send(textOf(join));
            sink({ type: 'open' });
          },
          message(bytes, isBinary) {
            if (isBinary) {
              // Nothing at all is no frame; longer than one the pipe does not let through.
              if (bytes.length > 0) sink({ type: 'frame', frame: owned(bytes) });
            } else {
              const parsed = bytes.length > CONTROL_LIMIT ? undefined : parseControl(bytes.toString());
              sink({ type: 'control', message: parsed });
            }
          },
          drain: () => sink({ type: 'drain' }),
          closed(end) {
            callOff = tellKind({ relay, route, own: 'ws' }, end, (told) => sink({ type: 'closed', ...told }));
          },
        },
      );
      return {
        get waiting() {
          return pipe.waiting;
        },
        send(frame) {
          checkFrame(frame);
          return pipe.send(frame);
        },
        join: (again) => void pipe.send(textOf(again)),
        close() {
          callOff();
          pipe.close();
        },
      };
    },
  });
}
