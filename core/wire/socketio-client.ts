/**
 * What a relay may say on socket.io, and when: the client's side of engine.io 4 and socket.io 5, as one machine. Exactly one
 * handshake, then exactly one CONNECT, then frames and control messages; whatever comes otherwise is dropped or ends the
 * connection. Never throws. No socket and no timer may be in this file.
 *
 *   0 {"sid":…}   handshake, once, first      2   ping           6   nothing
 *   1             the relay closes            4…  a packet of socketio-packets.ts; binary: a frame
 */
import { decodePacket, EVENTS, PACKET_TYPES } from './socketio-packets.js';

/** A handshake: an id and a few numbers. */
export const HANDSHAKE_LIMIT = 1024;
/** A pong; CONNECT; a control message. */
export const PONG = '3';
export const CONNECT = `4${String(PACKET_TYPES.connect)}`;
export const CONTROL = `4${String(PACKET_TYPES.event)}`;

const SID = /^[A-Za-z0-9_-]{1,64}$/;

export type Heard =
  | { readonly type: 'nothing' }
  /** The handshake: CONNECT is to be said. */
  | { readonly type: 'handshake'; readonly sid: string }
  /** A PONG is to be said. */
  | { readonly type: 'ping' }
  /** Connected: the join is to be said. */
  | { readonly type: 'open' }
  | { readonly type: 'frame'; readonly frame: Uint8Array }
  | { readonly type: 'control'; readonly message: unknown }
  /** The end; nothing is heard after it. */
  | { readonly type: 'end'; readonly why: string };

const NOTHING: Heard = { type: 'nothing' };

export interface SocketioClient {
  /** One packet of engine.io: text, or the bytes of a frame. */
  hear(packet: string | Uint8Array): Heard;
}

export function createSocketioClient(): SocketioClient {
  let state: 'handshake' | 'connect' | 'open' | 'over' = 'handshake';

  function end(why: string): Heard {
    state = 'over';
    return { type: 'end', why };
  }

  function handshake(text: string): Heard {
    if (state !== 'handshake') return end('a second handshake');
    const sid = text.length > HANDSHAKE_LIMIT ? undefined : sidOf(text);
    if (sid === undefined) return end('not a handshake');
    state = 'connect';
    return { type: 'handshake', sid };
  }

  function packet(message: string | Uint8Array): Heard {
    const { type, data } = decodePacket(message);
    const [event, content] = Array.isArray(data) ? (data as readonly unknown[]) : [];
    const invalid = event === EVENTS.invalid;
    if (state === 'connect') {
      if (type === PACKET_TYPES.connectError) return end('refused');
      if (type === PACKET_TYPES.disconnect) return end('disconnect');
      // What comes before CONNECT is for nobody.
      if (type !== PACKET_TYPES.connect || invalid) return NOTHING;
      state = 'open';
      return { type: 'open' };
    }
    if (type === PACKET_TYPES.disconnect) return end('disconnect');
    if (type !== PACKET_TYPES.event) return end('not a packet for now');
    if (invalid) return { type: 'control', message: undefined };
    return event === EVENTS.frame
      ? { type: 'frame', frame: content as Uint8Array }
      : { type: 'control', message: content };
  }

  return {
    hear(given) {
      if (state === 'over') return NOTHING;
      if (typeof given !== 'string') return state === 'handshake' ? end('not a handshake') : packet(given);
      if (given.startsWith('0')) return handshake(given.slice(1));
      if (state === 'handshake') return end('not a handshake');
      switch (given.charAt(0)) {
        case '1':
          return end('the relay closed the connection');
        case '2':
          return { type: 'ping' };
        case '4':
          return packet(given.slice(1));
        case '6':
          return NOTHING;
        default:
          return end('not a packet of engine.io');
      }
    },
  };
}

function sidOf(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const { sid } = typeof value === 'object' && value !== null ? (value as { sid?: unknown }) : {};
    return typeof sid === 'string' && SID.test(sid) ? sid : undefined;
  } catch {
    return undefined;
  }
}
