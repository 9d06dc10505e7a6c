/**
 * A relay behind a forwarder that can cut every connection, a place where nobody listens and one where something else
 * answers: what the transport contract needs of every transport. No expectation may be in this
 * file.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import type { TransportPort } from '../../core/ports.js';
import type { TransportFixture } from '../../plugins/testing/transport.js';
import { freePort } from './free-port.js';
import { startTestRelay } from './relay.js';

export interface WsPlaces {
  readonly relay: URL;
  readonly unused: URL;
  readonly foreign: URL;
  cut(): void;
  dispose(): Promise<void>;
}

export interface FixtureOptions {
  /** The transport can tell that something else answers, which a browser's cannot. */
  readonly telling?: boolean;
  /** Default: one that speaks WebSocket. */
  readonly startRelay?: () => Promise<{ readonly port: number; close(): Promise<void> }>;
}

export async function wsFixture(
  make: (relay: URL) => TransportPort,
  { telling = true, startRelay = startTestRelay }: FixtureOptions = {},
): Promise<TransportFixture> {
  const { relay, unused, foreign, cut, dispose } = await wsPlaces(startRelay);
  const transport = make(relay);
  return {
    pair: [transport, transport],
    unreachable: make(unused),
    ...(telling ? { foreign: make(foreign) } : {}),
    cut,
    dispose,
  };
}

export async function wsPlaces(
  startRelay: NonNullable<FixtureOptions['startRelay']> = startTestRelay,
): Promise<WsPlaces> {
  const relay = await startRelay();
  // The connections go through a forwarder, so that they can be broken without a word.
  const sockets = new Set<Socket>();
  const forwarder = createTcpServer((client) => {
    sockets.add(client);
    client.on('error', () => undefined);
    client.on('close', () => sockets.delete(client));
    const upstream = connect(relay.port, '127.0.0.1');
    upstream.on('error', () => client.destroy());
    client.pipe(upstream).pipe(client);
    client.on('close', () => upstream.destroy());
  });
  forwarder.listen(0, '127.0.0.1');
  await once(forwarder, 'listening');
  const foreign = createServer((_request, response) => response.writeHead(404).end('no relay'));
  foreign.listen(0, '127.0.0.1');
  await once(foreign, 'listening');

  const at = (port: number) => new URL(`ws://127.0.0.1:${String(port)}/`);
  const port = (server: { address(): unknown }) => (server.address() as AddressInfo).port;
  const unused = await freePort();
  return {
    relay: at(port(forwarder)),
    unused: at(unused),
    foreign: at(port(foreign)),
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    async dispose() {
      for (const socket of sockets) socket.destroy();
      forwarder.close();
      foreign.close();
      await relay.close();
    },
  };
}
