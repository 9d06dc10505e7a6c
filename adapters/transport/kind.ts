/**
 * Which kind of relay answers, when one of the asked kind does not: each relay names itself in its answer to plain HTTP. No
 * sentence may be in this file.
 */
import { request as requestHttp } from 'node:http';
import { RELAY_HEADER, WIRE_KINDS, type WireKind } from '../../core/wire/kinds.js';
import type { End } from './pipe.js';
import type { Route } from './way.js';

/** For an answer, milliseconds. */
export const KIND_TIMEOUT_MS = 2_000;

export interface KindQuestion {
  readonly relay: URL;
  readonly route: Route | undefined;
  /** What was asked for. */
  readonly own: WireKind;
}

/**
 * Passes on how a connection ended. Of one that was rejected without more being known, the address is asked what it is
 * first; the function that comes back calls that off.
 */
export function tellKind({ relay, route, own }: KindQuestion, end: End, told: (end: End) => void): () => void {
  if (end.reason !== 'rejected' || end.code !== undefined) {
    told(end);
    return () => undefined;
  }
  const address = new URL(relay);
  address.protocol = address.protocol.replace(/^ws/, 'http');
  let over = false;
  function settle(known: End): void {
    if (over) return;
    over = true;
    request.destroy();
    told(known);
  }
  const agent = route?.agent ?? false;
  const signal = AbortSignal.timeout(KIND_TIMEOUT_MS);
  // TLS takes a while to load: only where it is spoken.
  const ask = address.protocol === 'https:' ? process.getBuiltinModule('node:https').request : requestHttp;
  const request = ask(address, { agent, signal });
  request.on('error', () => settle(end));
  // Also when it says that it goes on in another protocol.
  request.on('close', () => settle(end));
  request.on('response', (response) => {
    response.on('error', () => undefined);
    const named = String(response.headers[RELAY_HEADER] ?? '').split(', ');
    const other = named.includes(own) ? undefined : WIRE_KINDS.find((kind) => named.includes(kind));
    settle(other === undefined ? end : { reason: 'rejected', detail: other, code: 'SC-114' });
  });
  request.end();
  return () => settle({ reason: 'closed', detail: '' });
}
