/**
 * /healthz, /readyz and /metrics of a relay, on a port of their own. Counts, histograms and the state of the process only:
 * no room, seat or address, and no size of a single frame, may be in this file. Loaded only when it is asked for.
 */
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { METRIC_WORDS, RELAY_WORDS } from '../words/relay.js';
import type { Relay } from './listener.js';

/** Bytes are told in steps of this size: 14 of the largest frames, so that none can be told from the total. */
export const BYTES_STEP = 1024 * 1024;
/** Seconds that somebody waited for a peer. */
const WAITS = [0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600];
const PREFIX = 'securechat_relay_';
/** Of a request to the monitor, bytes and milliseconds. */
const HEADER_LIMIT = 8 * 1024;
const REQUEST_TIMEOUT_MS = 5_000;
const CONNECTIONS_LIMIT = 64;

export interface Monitor {
  readonly url: URL;
  /** /readyz says no from now on. */
  stopping(): void;
  close(): void;
}

/** Rejects with the error of the operating system when it cannot listen. */
export async function startMonitor(relay: Relay, host: string, port: number): Promise<Monitor> {
  const registry = metricsOf(relay);
  let stopping = false;

  /** Whether newcomers are taken now, and why not. */
  function readiness(): readonly [status: number, text: string] {
    if (stopping) return [503, RELAY_WORDS.stopping];
    if (relay.figures.cluster?.up === false) return [503, RELAY_WORDS.redisDown];
    return [200, RELAY_WORDS.ready];
  }

  async function answer(path: string, response: ServerResponse): Promise<void> {
    switch (path) {
      case '/healthz':
        return say(response, 200, 'ok\n');
      case '/readyz':
        return say(response, ...readiness());
      case '/metrics':
        return say(response, 200, await registry.metrics(), registry.contentType);
      default:
        return say(response, 404, RELAY_WORDS.monitorPaths);
    }
  }

  const bounds = {
    maxHeaderSize: HEADER_LIMIT,
    headersTimeout: REQUEST_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
  };
  const server = createServer(bounds, (request, response) => {
    if (request.method === 'GET') void answer(request.url?.split('?', 1)[0] ?? '', response);
    else say(response, 405, RELAY_WORDS.getOnly);
  });
  server.maxConnections = CONNECTIONS_LIMIT;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', () => undefined);
  // The relay decides when the process ends.
  server.unref();
  const address = server.address() as AddressInfo;
  return {
    url: new URL(`http://${isIPv6(host) ? `[${host}]` : host}:${String(address.port)}/`),
    stopping() {
      stopping = true;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function say(response: ServerResponse, status: number, text: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(text);
}

/** Everything is read from the relay at the moment it is asked for: nothing here costs anything in between. */
function metricsOf(relay: Relay): Registry {
  const { figures } = relay;
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name: PREFIX + name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  };
  const total = (name: string, help: string, value: () => number): void => {
    new Counter({
      name: PREFIX + name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(value());
      },
    });
  };
  const totals = (name: string, help: string, label: string, values: ReadonlyMap<string, number>): void => {
    new Counter({
      name: PREFIX + name,
      help,
      labelNames: [label],
      registers,
      collect() {
        this.reset();
        for (const [each, value] of values) this.inc({ [label]: each }, value);
      },
    });
  };

  gauge('connections', METRIC_WORDS.connections, () => relay.counts.members);
  gauge('rooms', METRIC_WORDS.rooms, () => relay.counts.rooms);
  gauge('addresses', METRIC_WORDS.addresses, () => relay.counts.addresses);
  total('connections_total', METRIC_WORDS.made, () => figures.connections);
  totals('ends_total', METRIC_WORDS.ends, 'why', figures.ends);
  totals('joins_total', METRIC_WORDS.joins, 'outcome', figures.joins);
  total('frames_total', METRIC_WORDS.frames, () => figures.frames);
  total('bytes_total', METRIC_WORDS.bytes(BYTES_STEP), () => figures.bytes - (figures.bytes % BYTES_STEP));
  const { cluster } = figures;
  if (cluster !== undefined) {
    gauge('cluster_up', METRIC_WORDS.clusterUp, () => Number(cluster.up));
    gauge('cluster_relays', METRIC_WORDS.clusterRelays, () => cluster.relays);
    total('cluster_losses_total', METRIC_WORDS.clusterLosses, () => cluster.losses);
    total('cluster_frames_total', METRIC_WORDS.clusterFrames, () => cluster.frames);
  }
  const waits = new Histogram({ name: `${PREFIX}wait_seconds`, help: METRIC_WORDS.waits, buckets: WAITS, registers });
  figures.onPaired = (waitedMs) => waits.observe(waitedMs / 1000);
  return registry;
}
