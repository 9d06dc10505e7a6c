/**
 * What a client says to a relay over a WebSocket and what it takes from one (protocol.md section 3), whoever provides the
 * socket. No socket and no state may be in this file.
 */
import { LocalProtocolError } from '../../core/errors.js';
import { FRAME_LIMIT, type Join, joinMessage, shardHint } from '../../core/wire/control.js';

/** Where a room is asked for: the relay's address with the shard hint. */
export function addressOf(relay: URL, join: Join): URL {
  const address = new URL(relay);
  address.searchParams.set('s', String(shardHint(join.room)));
  return address;
}

/** The text of a join. */
export function textOf(join: Join): string {
  return JSON.stringify(joinMessage(join));
}

/** Throws for a frame that is none: a defect of ours, which must not reach a relay. */
export function checkFrame(frame: Uint8Array): void {
  if (frame.length === 0 || frame.length > FRAME_LIMIT) throw new LocalProtocolError('a frame has 1 to 73728 bytes');
}
