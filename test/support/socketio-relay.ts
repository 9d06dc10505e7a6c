/**
 * A relay of socket.io that says exactly what a test wants, over WebSocket and by polling, and nothing by itself. No
 * expectation may be here.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { guardTransport } from '../../core/checked-ports.js';
import type { Connection, TransportEvent, TransportPort } from '../../core/ports.js';
import { createSocketioTransport, type SocketioTransportOptions } from '../../adapters/transport/socketio.js';
import { randomJoin } from './relay-client.js';

export const HANDSHAKE = '0{"sid":"abc","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":100000}';
export const CONNECTED = '40{"sid":"def"}';

export interface Scripted {
  readonly url: URL;
  close(): Promise<void>;
}

/** `onSocket` gets each WebSocket; `onRequest` each poll, its body whole. Who asks what this is gets no answer that helps. */
export async function startScripted(scripts: {
  readonly onSocket?: (socket: WebSocket) => void;
  readonly onRequest?: (request: IncomingMessage, body: string, response: ServerResponse) => void;
}): Promise<Scripted> {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('error', () => undefined);
    request.on('end', () => {
      const polls = (request.url ?? '').startsWith('/socket.io/');
      if (scripts.onRequest === undefined || !polls) response.writeHead(404).end();
      else scripts.onRequest(request, Buffer.concat(pieces).toString(), response);
    });
  });
  const sockets = new WebSocketServer({ noServer: true });
  sockets.on('connection', (socket) => {
    socket.on('error', () => undefined);
    scripts.onSocket?.(socket);
  });
  if (scripts.onSocket !== undefined) {
    server.on('upgrade', (request, raw, head) => {
      sockets.handleUpgrade(request, raw, head, (socket) => sockets.emit('connection', socket, request));
    });
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: new URL(`ws://127.0.0.1:${String((server.address() as AddressInfo).port)}/`),
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export interface Listening {
  readonly connection: Connection;
  readonly events: TransportEvent[];
  /** What guardTransport found wrong with the transport. */
  readonly breaches: unknown[];
  readonly closed: Promise<Extract<TransportEvent, { type: 'closed' }>>;
}

/** A connection as the session has it, behind the guard. */
export function listen(
  relay: URL,
  options: Omit<SocketioTransportOptions, 'relay'>,
  hear?: (event: TransportEvent, connection: Connection) => void,
): Listening {
  const events: TransportEvent[] = [];
  const breaches: unknown[] = [];
  let settle: (event: Extract<TransportEvent, { type: 'closed' }>) => void;
  const closed = new Promise<Extract<TransportEvent, { type: 'closed' }>>((resolve) => {
    settle = resolve;
  });
  const transport: TransportPort = guardTransport(createSocketioTransport({ relay, ...options }), (error) =>
    breaches.push(error),
  );
  const connection = transport.open(randomJoin(), (event) => {
    events.push(event);
    hear?.(event, connection);
    if (event.type === 'closed') settle(event);
  });
  return { connection, events, breaches, closed };
}
