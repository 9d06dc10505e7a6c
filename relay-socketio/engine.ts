/** What the relay knows of the inside of engine.io, the library under socket.io. No rule of the relay may be in this file. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Server } from 'socket.io';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { CLOSE_WAIT_MS, FRAGMENT_LIMIT, READ_LIMIT } from '../adapters/relay/host.js';

/** A connection of the library. */
export interface EngineSocket {
  readonly id: string;
  readonly request: IncomingMessage;
  readonly writeBuffer: readonly unknown[];
  readonly transport: EngineTransport;
  /** Set while the answer to a ping is waited for. */
  readonly pingTimeoutTimer?: NodeJS.Timeout | null;
  /** `flush`: what was written is on its way out; `drain`: more can be. */
  on(event: 'flush' | 'drain' | 'close', listener: (this: EngineSocket) => void): void;
  close(discard?: boolean): void;
}

export interface EngineTransport {
  readonly name: string;
  /** Of a WebSocket. */
  readonly socket?: OwnedSocket;
  readonly parser: { decodePacket(text: string): EnginePacket };
  maxHttpBufferSize?: number;
  /** A whole request of one that polls. */
  onData(payload: string): void;
  onPacket(packet: EnginePacket): void;
  onClose(): void;
}

export interface EnginePacket {
  readonly type: string;
}

/** Its server, without the HTTP server that it would like to listen on. */
export interface Engine {
  on(event: 'connection', listener: (socket: EngineSocket) => void): void;
  handleRequest(request: IncomingMessage, response: ServerResponse): void;
  handleUpgrade(request: IncomingMessage, raw: Duplex, head: Buffer): void;
  close(): void;
}

export function engineOf(server: Server): Engine {
  return server.engine;
}

/** A WebSocket with what is kept beside it, in place of a function for each connection that knows it. */
export class OwnedSocket extends WebSocket {
  owner: unknown;
  /** What the library does with a message. */
  receive: ((message: RawData, isBinary: boolean) => void) | undefined;
}

/** The WebSockets under socket.io with the bounds of relay-ws, for which it has no options: its option `wsEngine`. */
export class BoundedServer extends WebSocketServer {
  constructor(options: ConstructorParameters<typeof WebSocketServer>[0]) {
    const bounds = { closeTimeout: CLOSE_WAIT_MS, maxFragments: FRAGMENT_LIMIT, maxBufferedChunks: READ_LIMIT };
    super({ ...options, ...bounds, WebSocket: OwnedSocket });
  }
}

/** What the handshake leaves behind in listeners that are never called again: its response, and with that the request. */
export function forgetHandshake(socket: Duplex, web: WebSocket | undefined): void {
  for (const listener of web?.listeners('error') ?? []) {
    if (listener.name === 'onUpgradeError') web?.off('error', listener as unknown as (error: Error) => void);
  }
  for (const listener of socket.rawListeners('close')) {
    // The only one there that is called once.
    if ('listener' in listener) socket.off('close', listener as unknown as () => void);
  }
}

type Query = Readonly<Record<'sid' | 'transport', string | undefined>>;

/**
 * The query of a request, left where the library looks for it before it parses the address itself: it cannot come to
 * another one, whatever is doubled or encoded in it.
 */
export function queryOf(request: IncomingMessage): Query {
  const { searchParams } = new URL(request.url ?? '', 'http://relay');
  const query = Object.fromEntries(searchParams.entries());
  Object.assign(request, { _query: query });
  return query as unknown as Query;
}
