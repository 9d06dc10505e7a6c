/**
 * Control messages between client and relay (protocol.md section 3) and their limits, shared by clients and relays.
 * Everything that comes in is `unknown` until it has passed a check here. No socket and no state may be in this file.
 */

/** Control messages, as JSON text: at most this many bytes. */
export const CONTROL_LIMIT = 1024;
/** Frames: at most this many bytes. */
export const FRAME_LIMIT = 72 * 1024;
/** What a transport may have to send before it says stop: one chunk (protocol.md section 8) and the longest head of one. */
export const WAITING_MARK = 65_472 + 14;
/** A transport that has more than this to send gives its connection up. */
export const WAITING_LIMIT = 2 * 1024 * 1024;
/** A server-given delay is believed up to this many milliseconds (protocol.md section 7). */
export const RETRY_AFTER_LIMIT = 60_000;

/** The version of the control messages. */
export const CONTROL_VERSION = 1;

/** `room` and `seat` are base64url of 32 bytes: 43 characters, no padding. */
export interface Join {
  readonly room: string;
  readonly seat: string;
  readonly mode: 'create' | 'join';
  /** For the challenge that this connection got: base64url of 8 bytes, 11 characters. */
  readonly ticket?: string;
  /** It wants to be told the address and port that the relay sees (protocol.md section 8a). */
  readonly address?: boolean;
}

/** What a relay asks a client to work for (core/protocol/ticket.ts). */
export interface Challenge {
  /** base64url of 32 random bytes. */
  readonly challenge: string;
  /** Zero bits. */
  readonly difficulty: number;
}

/** What goes over the wire for a join. */
export interface JoinMessage extends Join {
  readonly v: typeof CONTROL_VERSION;
  readonly type: 'join';
}

export const RELAY_ERRORS = [
  'room-full',
  'room-taken',
  'bad-request',
  'rate-limited',
  'too-large',
  'unsupported-version',
  'busy',
  'shutting-down',
] as const;

export type RelayErrorCode = (typeof RELAY_ERRORS)[number];

export type RelayMessage =
  | { readonly type: 'joined'; readonly peer: boolean; readonly address?: string }
  | { readonly type: 'peer-joined' }
  | { readonly type: 'peer-left' }
  | {
      readonly type: 'error';
      readonly code: RelayErrorCode;
      readonly retryAfterMs?: number;
      /** With it the connection stays open for a join that brings the ticket. */
      readonly ticket?: Challenge;
    };

const TICKET = /^[A-Za-z0-9_-]{11}$/;
/** `203.0.113.7:51234` or `[2001:db8::1]:51234`: what the relay tells of a client's own connection. */
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]{2,45}\]):\d{1,5}$/;
/** The longest: an IPv6 address in full with an IPv4 address at its end, in brackets, and a port. */
export const ADDRESS_LIMIT = 53;
const ID = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/**
 * The first 10 bits of a room id, 0 to 1023: what a client adds to the address as `?s=`, so that what stands in front of
 * several relays can bring both seats to the same one. It tells nothing that the room id does not.
 */
export function shardHint(room: string): number {
  return DIGITS.indexOf(room.charAt(0)) * 16 + (DIGITS.indexOf(room.charAt(1)) >> 2);
}

/** The message a client sends for `join`. */
export function joinMessage({ room, seat, mode, ticket, address }: Join): JoinMessage {
  return {
    ...({ v: CONTROL_VERSION, type: 'join', room, seat, mode } as const),
    ...(ticket === undefined ? {} : { ticket }),
    ...(address === true ? { address } : {}),
  };
}

/** Relay side: the join in `value`, or the error code to answer with. Unknown extra fields are ignored. */
export function checkJoin(value: unknown): Join | 'bad-request' | 'unsupported-version' {
  if (!isObject(value)) return 'bad-request';
  const { v, type, room, seat, mode, ticket, address } = value;
  if (v !== CONTROL_VERSION) return typeof v === 'number' ? 'unsupported-version' : 'bad-request';
  if (type !== 'join' || (mode !== 'create' && mode !== 'join')) return 'bad-request';
  if (typeof room !== 'string' || typeof seat !== 'string' || !ID.test(room) || !ID.test(seat)) return 'bad-request';
  if (address !== undefined && typeof address !== 'boolean') return 'bad-request';
  const join: Join = { room, seat, mode, ...(address === true ? { address } : {}) };
  if (ticket === undefined) return join;
  return typeof ticket === 'string' && TICKET.test(ticket) ? { ...join, ticket } : 'bad-request';
}

/** Client side: the relay's message in `value`, or undefined if it is none. Extra fields and unknown types are none. */
export function checkRelayMessage(value: unknown): RelayMessage | undefined {
  if (!isObject(value)) return undefined;
  switch (value['type']) {
    case 'joined':
      return typeof value['peer'] === 'boolean'
        ? { type: 'joined', peer: value['peer'], ...checkAddress(value['address']) }
        : undefined;
    case 'peer-joined':
      return { type: 'peer-joined' };
    case 'peer-left':
      return { type: 'peer-left' };
    case 'error': {
      const code = RELAY_ERRORS.find((known) => known === value['code']);
      if (code === undefined) return undefined;
      const delay = value['retryAfterMs'];
      const ticket = checkChallenge(value['ticket']);
      const error = { type: 'error', code, ...(ticket === undefined ? {} : { ticket }) } as const;
      if (typeof delay !== 'number' || !Number.isFinite(delay) || delay < 0) return error;
      return { ...error, retryAfterMs: Math.min(delay, RETRY_AFTER_LIMIT) };
    }
    default:
      return undefined;
  }
}

/** An address that is none is left out. */
function checkAddress(value: unknown): { readonly address?: string } {
  const good = typeof value === 'string' && value.length <= ADDRESS_LIMIT && ADDRESS.test(value);
  return good ? { address: value } : {};
}

function checkChallenge(value: unknown): Challenge | undefined {
  if (!isObject(value)) return undefined;
  const { challenge, difficulty } = value;
  if (typeof challenge !== 'string' || !ID.test(challenge)) return undefined;
  if (typeof difficulty !== 'number' || !Number.isInteger(difficulty) || difficulty < 0) return undefined;
  return { challenge, difficulty };
}

/** JSON text of at most CONTROL_LIMIT bytes (counted as UTF-16 units first, so that nothing large is parsed). */
export function parseControl(text: string): unknown {
  if (text.length > CONTROL_LIMIT) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
