/**
 * The relay on this machine: uses the one that answers, or starts the one that it is given inside this process. No relay
 * may be imported in this file.
 */
import { type IncomingMessage, request } from 'node:http';
import { isIPv6 } from 'node:net';
import { SecurechatError } from '../../core/errors.js';
import type { TransportPort } from '../../core/ports.js';
import type { Meeting } from '../../core/room/invite.js';
import { RELAY_HEADER, WIRE_KINDS, type WireKind } from '../../core/wire/kinds.js';
import type { RelayOptions } from '../relay/flags.js';
import type { Relay } from '../relay/listener.js';

/** For an answer of what listens there, milliseconds. */
export const PROBE_TIMEOUT_MS = 3_000;
/** How often a port that is free for one moment and taken for the next is tried. */
export const START_ATTEMPTS = 5;

export interface LocalRelay {
  readonly url: URL;
  /** It runs inside this process and ends with it. */
  readonly started: boolean;
  /** Where others reach it, the most likely first; absent: where nobody else does, or where they know it themselves. */
  readonly meetings?: readonly Meeting[];
  /** SHA-256 of its certificate (DER), 32 bytes, where it has one of its own. */
  readonly pin?: Uint8Array;
  /** `transport` as before; the rooms that it joins are those that the relay takes. */
  guard?(transport: TransportPort): TransportPort;
  /** Resolves when others can reach it no more although it runs; absent: they always can. */
  readonly unreachable?: Promise<void>;
  /** Flushes and stops a relay that was started here; does nothing to another one. Idempotent. */
  close(): Promise<void>;
}

/**
 * The relay on `host` and `port` (0: a free one, always started here). Two programs that start at once end up with one
 * relay. SC-111 with detail `host`, `port` and `why` when something else listens there (`occupied`) or when a relay
 * cannot listen there (the code of the operating system).
 */
export async function findOrStartRelay({
  host,
  port,
  kind = 'ws',
  startRelay,
}: {
  readonly host: string;
  readonly port: number;
  /** What the client speaks. */
  readonly kind?: WireKind;
  readonly startRelay: (options: RelayOptions) => Promise<Relay>;
}): Promise<LocalRelay> {
  const url = new URL(`ws://${isIPv6(host) ? `[${host}]` : host}:${String(port)}/`);
  const refuse = (why: string) => new SecurechatError('SC-111', { host, port, why });

  for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
    const found = port === 0 ? 'nothing' : await probe(host, port);
    if (found === 'other') throw refuse('occupied');
    if (found !== 'nothing') {
      if (!found.includes(kind)) throw refuse(`a relay for ${found.join(', ')}`);
      return { url, started: false, close: () => Promise.resolve() };
    }
    try {
      const relay = await startRelay({ host, port });
      return { url: relay.url, started: true, close: () => relay.close() };
    } catch (error) {
      const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      // Another program was quicker: use its relay.
      if (why !== 'EADDRINUSE') throw refuse(why);
    }
  }
  throw refuse('EADDRINUSE');
}

/** Who listens there. A plain HTTP request costs the relay nothing and counts nothing. */
function probe(host: string, port: number): Promise<readonly WireKind[] | 'other' | 'nothing'> {
  return new Promise((resolve) => {
    const asked = request({ host, port, agent: false, signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    asked.on('response', (response: IncomingMessage) => {
      response.on('error', () => undefined);
      const told = response.statusCode === 426 ? String(response.headers[RELAY_HEADER] ?? '').split(', ') : [];
      const kinds = WIRE_KINDS.filter((known) => told.includes(known));
      resolve(kinds.length > 0 ? kinds : 'other');
      response.destroy();
    });
    asked.on('error', (error: NodeJS.ErrnoException) => {
      resolve(NOTHING_THERE.has(error.code ?? '') ? 'nothing' : 'other');
    });
    asked.end();
  });
}

/** The port is free, or the host is no address of this machine: starting a relay there tells which. */
const NOTHING_THERE = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EADDRNOTAVAIL',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
