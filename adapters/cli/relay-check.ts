/**
 * What answers at the address of a relay, asked in plain HTTP: that costs the relay nothing and counts nothing. No sentence
 * may be in this file.
 */
import { type Agent, request as requestPlain, type IncomingMessage } from 'node:http';
import { request as requestTls } from 'node:https';
import { connect } from 'node:net';
import { TLSSocket } from 'node:tls';
import { RELAY_HEADER, WIRE_KINDS, type WireKind } from '../../core/wire/kinds.js';

/** Milliseconds for an answer. */
export const ANSWER_LIMIT_MS = 3_000;

export type RelayFound =
  | {
      readonly answers: true;
      /** The wires it takes; none: it is no relay. */
      readonly kinds: readonly WireKind[];
      readonly tls: string | undefined;
      readonly ms: number;
      /** Seconds by which this machine's clock is ahead of its; undefined where it does not say. */
      readonly ahead: number | undefined;
    }
  | { readonly answers: false; readonly why: string };

/** `agent`: what leads through a proxy. */
export function checkRelay(url: URL, agent?: Agent): Promise<RelayFound> {
  const secure = url.protocol === 'wss:';
  const target = new URL(url.href.replace(/^ws/, 'http'));
  const began = performance.now();
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
    const asked = (secure ? requestTls : requestPlain)(target, { agent: agent ?? false, signal });
    asked.on('response', (response: IncomingMessage) => {
      const ms = Math.round(performance.now() - began);
      const told = response.statusCode === 426 ? String(response.headers[RELAY_HEADER] ?? '').split(', ') : [];
      const { socket } = response;
      const tls = socket instanceof TLSSocket ? (socket.getProtocol() ?? undefined) : undefined;
      const kinds = WIRE_KINDS.filter((known) => told.includes(known));
      resolve({ answers: true, kinds, tls, ms, ahead: aheadOf(response.headers.date) });
      response.on('error', () => undefined).destroy();
    });
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
