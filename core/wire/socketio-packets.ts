/**
 * How socket.io packets of a relay and its clients look on the wire: a parser for both ends, in place of the library's.
 * A frame is one binary message as it is; everything else is one short text. Whatever is not exactly one of these is
 * `invalid`, and is found before anything is allocated for it: other namespaces, acknowledgements, attachments and other
 * event names cannot even be written down. No socket may be in this file.
 *
 *   binary                      event `frame`
 *   0 {"sid":…}                 connect, and its answer        1             disconnect
 *   2 ["control",{…}]           event `control`                4 {…}         connect refused
 */
import { CONTROL_LIMIT, FRAME_LIMIT } from './control.js';

/** socket.io's packet types, protocol 5. */
export const PACKET_TYPES = { connect: 0, disconnect: 1, event: 2, connectError: 4 } as const;
const { connect: CONNECT, disconnect: DISCONNECT, event: EVENT, connectError: CONNECT_ERROR } = PACKET_TYPES;

/** Text packets: a control message and what stands around it. */
export const PACKET_LIMIT = CONTROL_LIMIT + 32;
const NAMESPACE = '/';

/** The events of protocol.md section 3, and what a packet that breaks the rules becomes. */
export const EVENTS = { control: 'control', frame: 'frame', invalid: 'invalid' } as const;

export interface Packet {
  readonly type: number;
  readonly nsp: string;
  readonly data?: unknown;
}

type Listener = (packet: Packet) => void;

/** What a packet of the library is as one message. Only what this program sends comes here. */
export function encodePacket(packet: Packet): string | Uint8Array {
  const { type, data } = packet;
  if (type === EVENT && Array.isArray(data) && data[0] === EVENTS.frame) return data[1] as Uint8Array;
  return `${String(type)}${data === undefined ? '' : JSON.stringify(data)}`;
}

/** The packet in a message of the other end. Never throws. */
export function decodePacket(given: unknown): Packet {
  const message = given instanceof ArrayBuffer ? new Uint8Array(given) : given;
  if (message instanceof Uint8Array) {
    const allowed = message.length > 0 && message.length <= FRAME_LIMIT;
    return allowed ? { type: EVENT, nsp: NAMESPACE, data: [EVENTS.frame, message] } : INVALID;
  }
  if (typeof message !== 'string' || message.length === 0 || message.length > PACKET_LIMIT) return INVALID;
  const type = message.charCodeAt(0) - 0x30;
  const data = parse(message.slice(1));
  switch (type) {
    case CONNECT:
    case CONNECT_ERROR:
      return data === undefined || isRecord(data) ? { type, nsp: NAMESPACE, data } : INVALID;
    case DISCONNECT:
      return { type, nsp: NAMESPACE };
    case EVENT:
      if (!Array.isArray(data) || data.length !== 2 || data[0] !== EVENTS.control) return INVALID;
      return { type, nsp: NAMESPACE, data };
    default:
      return INVALID;
  }
}

const INVALID: Packet = Object.freeze({ type: EVENT, nsp: NAMESPACE, data: Object.freeze([EVENTS.invalid]) });

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return null;
  }
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

class Encoder {
  encode(packet: Packet): (string | Uint8Array)[] {
    return [encodePacket(packet)];
  }
}

class Decoder {
  #listener: Listener | undefined;

  add(message: unknown): void {
    this.#listener?.(decodePacket(message));
  }
  on(_event: 'decoded', listener: Listener): this {
    this.#listener = listener;
    return this;
  }
  off(): this {
    this.#listener = undefined;
    return this;
  }
  /** The same for the relay's side of the library. */
  removeListener(): this {
    return this.off();
  }
  destroy(): void {
    this.#listener = undefined;
  }
}

/** The option `parser` of socket.io and of its client. */
export const parser = { Encoder, Decoder };
