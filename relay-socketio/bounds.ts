/**
 * The bounds of relay-ws for the WebSockets under socket.io, which has no options for them. No socket may be opened in this
 * file.
 */
import { WebSocketServer } from 'ws';

/** Time for what was sent to get out, when the relay stops or ends a connection, milliseconds. */
export const CLOSE_WAIT_MS = 2_000;
/** A frame in more pieces, or in more reads, than this ends the connection: they cost memory that its bytes do not show. */
export const FRAGMENT_LIMIT = 64;
export const READ_LIMIT = 1_024;

/** What socket.io's option `wsEngine` takes. */
export class BoundedServer extends WebSocketServer {
  constructor(options: ConstructorParameters<typeof WebSocketServer>[0]) {
    const bounds = { closeTimeout: CLOSE_WAIT_MS, maxFragments: FRAGMENT_LIMIT, maxBufferedChunks: READ_LIMIT };
    super({ ...options, ...bounds });
  }
}
