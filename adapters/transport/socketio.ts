/**
 * Transport `socketio`: one connection to the relay in the packets of socket.io (protocol.md section 3), over WebSocket
 * first, over long polling where nothing else gets through. What comes in is bounded and passed on unchecked; no protocol
 * state and no retry may be in this file.
 */
import type { CloseReason, TransportEvent, TransportPort } from '../../core/ports.js';
import { CONTROL_LIMIT, type Join, joinMessage, shardHint } from '../../core/wire/control.js';
import { CONNECT, CONTROL, createSocketioClient, HANDSHAKE_LIMIT, PONG } from '../../core/wire/socketio-client.js';
import { EVENTS, PACKET_LIMIT } from '../../core/wire/socketio-packets.js';
import { owned } from '../system/bytes.js';
import { tellKind } from './kind.js';
import { checkFrame } from './messages.js';
import type { Origin } from './origin.js';
import { CONNECT_TIMEOUT_MS, type End, type Pipe, type PipeEvents } from './pipe.js';
import { openPolling } from './polling.js';
import type { Way } from './way.js';
import { openWebSocket } from './web-socket.js';
import { quick } from '../../core/quick.js';

/** A text packet with the letter of engine.io: longer ones are not looked at. */
const TEXT_LIMIT = 1 + Math.max(PACKET_LIMIT, HANDSHAKE_LIMIT);

export interface SocketioTransportOptions {
  /** ws://, wss://, http:// or https://. */
  readonly relay: URL;
  /** How the relay is reached; absent: directly. */
  readonly way?: Way | undefined;
  /** Where its connections start from, when that matters; polling has several, and cannot say. */
  readonly origin?: Origin | undefined;
  /** From `open()` to the joined namespace, for each of the two ways, milliseconds. Default CONNECT_TIMEOUT_MS. */
  readonly connectTimeoutMs?: number;
  /** Which ways to try, in this order. Default: both. */
  readonly ways?: readonly ('websocket' | 'polling')[];
}

export function createSocketioTransport({
  relay,
  way,
  origin,
  connectTimeoutMs = CONNECT_TIMEOUT_MS,
  ways = ['websocket', 'polling'],
}: SocketioTransportOptions): TransportPort {
  return quick({
    open(join, sink) {
      const left = [...ways];
      let opened = false;
      let asked = false;
      let timer: NodeJS.Timeout | undefined;
      let callOff = (): void => undefined;
      let pipe = tryNext();

      function emit(event: TransportEvent): void {
        if (!asked) sink(event);
      }

      function say(packet: string): void {
        pipe.send(packet);
      }

      function tryNext(): Pipe {
        const kind = left.shift() ?? 'websocket';
        const client = createSocketioClient();
        const address = addressOf(relay, join.room, kind);
        const route = way?.routeTo(address);
        let sid = (_sid: string): void => undefined;
        const events: PipeEvents = {
          open: () => undefined,
          message(bytes, isBinary) {
            // What is too long is no packet, whatever it says.
            const packet = isBinary ? bytes : bytes.length > TEXT_LIMIT ? '4' : bytes.toString();
            hear(client.hear(packet));
          },
          drain: () => emit({ type: 'drain' }),
          closed(end) {
            clearTimeout(timer);
            if (opened || asked) return over({ ...end, reason: asked ? 'closed' : 'lost' });
            if (left.length > 0 && end.code === undefined) {
              pipe = tryNext();
              return;
            }
            const reason: CloseReason = end.reason === 'lost' ? 'rejected' : end.reason;
            callOff = tellKind({ relay, route, own: 'socketio' }, { ...end, reason }, over);
          },
        };

        function hear(heard: ReturnType<typeof client.hear>): void {
          switch (heard.type) {
            case 'nothing':
              return;
            case 'handshake':
              sid(heard.sid);
              return say(CONNECT);
            case 'ping':
              return say(PONG);
            case 'open':
              clearTimeout(timer);
              opened = true;
              say(control(join));
              return emit({ type: 'open' });
            case 'frame':
              return emit({ type: 'frame', frame: owned(heard.frame) });
            case 'control': {
              const text = JSON.stringify(heard.message) as string | undefined;
              const bounded = text !== undefined && text.length <= CONTROL_LIMIT;
              return emit({ type: 'control', message: bounded ? heard.message : undefined });
            }
            case 'end':
              return pipe.drop(heard.why);
          }
        }

        timer = setTimeout(() => pipe.drop('time-out'), connectTimeoutMs);
        if (kind === 'websocket') return openWebSocket({ address, route, origin, connectTimeoutMs }, events);
        const polling = openPolling({ address, route, connectTimeoutMs }, events);
        sid = (id) => polling.identify(id);
        return polling;
      }

      function over(end: End): void {
        sink({ type: 'closed', ...end });
      }

      return {
        get waiting() {
          return opened ? pipe.waiting : 0;
        },
        send(frame) {
          checkFrame(frame);
          return opened && pipe.send(frame);
        },
        join(again) {
          if (opened) say(control(again));
        },
        close() {
          if (asked) return;
          asked = true;
          clearTimeout(timer);
          callOff();
          pipe.close();
        },
      };
    },
  });
}

function addressOf(relay: URL, room: string, kind: 'websocket' | 'polling'): URL {
  const address = new URL(relay);
  if (kind === 'polling') address.protocol = address.protocol.replace(/^ws/, 'http');
  address.pathname = `${address.pathname.replace(/\/$/, '')}/socket.io/`;
  address.searchParams.set('EIO', '4');
  address.searchParams.set('transport', kind);
  address.searchParams.set('s', String(shardHint(room)));
  return address;
}

function control(join: Join): string {
  return CONTROL + JSON.stringify([EVENTS.control, joinMessage(join)]);
}
