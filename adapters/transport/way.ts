/** The ways to a relay, as the transports see them. Only types may be in this file. */
import type { Agent } from 'node:http';
import type { Duplex } from 'node:stream';
import type { End } from './pipe.js';

export interface ProxyServer {
  /** socks: SOCKS 5. The others: CONNECT of HTTP, over TLS with https. */
  readonly kind: 'socks' | 'http' | 'https';
  readonly host: string;
  readonly port: number;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

/** How one attempt gets to the relay. */
export interface Route {
  readonly agent: Agent;
  /** A connection to there, without TLS. */
  open(host: string, port: number): Promise<Duplex>;
  /** The end, when the proxy is why the connection did not come up. */
  blame(): End | undefined;
}

export interface Way {
  /** For one attempt; undefined: directly. */
  routeTo(address: URL): Route | undefined;
}
