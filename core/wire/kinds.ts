/** The wires that relays take, and how a relay tells which are its own. No logic may be in this file. */

export const WIRE_KINDS = ['ws', 'socketio'] as const;
export type WireKind = (typeof WIRE_KINDS)[number];

/** In its answers to plain HTTP, and to an upgrade that it does not take, a relay names its wires here, with ", " between. */
export const RELAY_HEADER = 'securechat-relay';
/** The version of the program that is this relay, beside it. */
export const VERSION_HEADER = 'securechat-version';
