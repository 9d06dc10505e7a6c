/**
 * What answers at the address of a relay: asked in plain HTTP, then by each wire that it says it takes; no room is joined. No sentence
 * may be in this file.
 */
import { type Agent, type IncomingHttpHeaders, type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { connect } from 'node:net';
import { TLSSocket } from 'node:tls';
import { pageOf } from './relay-address.js';
import { RELAY_HEADER, VERSION_HEADER, WIRE_KINDS, type WireKind } from '../../core/wire/kinds.js';

/** Milliseconds for an answer. */
export const ANSWER_LIMIT_MS = 3_000;

/** How long its first answer took, or what came instead of it. */
export type WireFound = { readonly kind: WireKind } & ({ readonly ms: number } | { readonly why: string });

export type RelayFound =
  | {
      readonly answers: true;
      /** The wires it says that it takes, each tried; none: it is no relay. */
      readonly wires: readonly WireFound[];
      /** As it says; undefined where it does not. */
      readonly version: string | undefined;
      readonly tls: string | undefined;
      /** Seconds by which this machine's clock is ahead of its; undefined where it does not say. */
      readonly ahead: number | undefined;
    }
  | { readonly answers: false; readonly why: string };

/** `agent`: what leads through a proxy. */
export async function checkRelay(url: URL, agent?: Agent): Promise<RelayFound> {
  const target = new URL(url.href.replace(/^ws/, 'http'));
  const asked = await ask(target, agent, {});
  if (!asked.answers) return asked;
  const { status, headers, tls } = asked;
  const told = status === 426 ? String(headers[RELAY_HEADER] ?? '').split(', ') : [];
  const kinds = WIRE_KINDS.filter((known) => told.includes(known));
  const wires: WireFound[] = [];
  for (const kind of kinds) wires.push(await tryWire(kind, target, agent));
  const version = /^[\w.+-]{1,32}$/.exec(String(headers[VERSION_HEADER] ?? ''))?.[0];
  return { answers: true, wires, version, tls, ahead: aheadOf(headers.date) };
}

/** What stands before a relay says so to a program, and lets a browser in, after a password, a question or a while. */
const DOORKEEPERS: ReadonlySet<number> = new Set([401, 403, 429]);

/** Whether a browser finds something to open there; who does not answer, or is busy, is not the reason why not. */
export async function servesPage(relay: URL, agent?: Agent): Promise<boolean> {
  const asked = await ask(new URL(pageOf(relay.href)), agent, { accept: 'text/html' });
  return !asked.answers || asked.status < 400 || asked.status >= 500 || DOORKEEPERS.has(asked.status);
}

/** Whether this wire gets through: an upgrade to WebSocket, the first poll of socket.io. */
async function tryWire(kind: WireKind, relay: URL, agent: Agent | undefined): Promise<WireFound> {
  const address = new URL(relay);
  const upgrades = kind === 'ws';
  if (!upgrades) {
    address.pathname = `${address.pathname.replace(/\/$/, '')}/socket.io/`;
    address.search = '?EIO=4&transport=polling';
  }
  const asked = await ask(address, agent, upgrades ? upgrade() : {});
  if (!asked.answers) return { kind, why: asked.why };
  const { status, ms } = asked;
  return status === (upgrades ? 101 : 200) ? { kind, ms } : { kind, why: `HTTP ${String(status)}` };
}

/** RFC 6455, section 4.1. */
function upgrade(): Record<string, string> {
  const key = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64');
  return {
    ...{ connection: 'Upgrade', upgrade: 'websocket' },
    ...{ 'sec-websocket-version': '13', 'sec-websocket-key': key },
  };
}

interface Answered {
  readonly answers: true;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly tls: string | undefined;
  readonly ms: number;
}

/** The head of the answer, whatever it is; then the connection is closed. */
function ask(
  target: URL,
  agent: Agent | undefined,
  headers: Record<string, string>,
): Promise<Answered | { readonly answers: false; readonly why: string }> {
  const began = performance.now();
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
    const request = target.protocol === 'https:' ? requestTls : requestPlain;
    const asked = request(target, { agent: agent ?? false, signal, headers });
    const answered = (response: IncomingMessage): void => {
      const ms = Math.round(performance.now() - began);
      const { socket, statusCode: status = 0 } = response;
      const tls = socket instanceof TLSSocket ? (socket.getProtocol() ?? undefined) : undefined;
      resolve({ answers: true, status, headers: response.headers, tls, ms });
      response.on('error', () => undefined);
      socket.on('error', () => undefined).destroy();
    };
    asked.on('response', answered);
    asked.on('upgrade', answered);
    asked.on('error', (error: NodeJS.ErrnoException) => resolve({ answers: false, why: error.code ?? error.name }));
    asked.end();
  });
}

/** The header has whole seconds, and was written some time ago. */
function aheadOf(date: string | undefined): number | undefined {
  const told = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isNaN(told) ? undefined : Math.round((Date.now() - told) / 1000);
}

/** Whether something accepts a connection there. */
export function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (answers: boolean): void => {
      socket.destroy();
      resolve(answers);
    };
    socket.setTimeout(ANSWER_LIMIT_MS, () => end(false));
    socket.on('connect', () => end(true));
    socket.on('error', () => end(false));
  });
}
