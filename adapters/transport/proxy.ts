/**
 * How a relay is reached through a proxy: SOCKS 5, where the proxy looks names up, or CONNECT of HTTP. No name of a relay is
 * ever looked up in this file, and no sentence may be in it. Loaded only when there is a proxy.
 */
import { Agent, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { SocksClient } from 'socks';
import type { TransportCode } from '../../core/errors.js';
import { explainFailure } from './failure.js';
import type { End } from './pipe.js';
import type { ProxyServer, Route, Way } from './way.js';

/** For the proxy to answer, milliseconds. */
export const PROXY_TIMEOUT_MS = 10_000;

/** `proxyFor` is asked for each attempt; undefined: directly. */
export function createWay(proxyFor: (relay: URL) => ProxyServer | undefined): Way {
  return {
    routeTo(address) {
      const proxy = proxyFor(address);
      return proxy === undefined ? undefined : createRoute(proxy, address);
    },
  };
}

/** What the proxy did wrong, before there was anything of the relay. */
class ProxyFailure extends Error {
  readonly code: TransportCode;
  constructor(code: TransportCode, why: string) {
    super(why);
    this.code = code;
  }
}

/** Connects through a proxy for Node's own requests. */
class ProxyAgent extends Agent {
  readonly #open: (host: string, port: number) => Promise<Duplex>;
  readonly protocol: string;
  readonly defaultPort: number;

  constructor(secure: boolean, open: (host: string, port: number) => Promise<Duplex>) {
    super({ keepAlive: true, maxSockets: 2 });
    this.#open = open;
    this.protocol = secure ? 'https:' : 'http:';
    this.defaultPort = secure ? 443 : 80;
  }

  override createConnection(
    options: { host?: string; port?: number | string },
    done: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    const host = options.host ?? '';
    this.#open(host, Number(options.port ?? this.defaultPort)).then(
      (socket) => {
        if (this.protocol === 'http:') return done(null, socket);
        const servername = isIP(host) === 0 ? { servername: host } : { host };
        done(null, connectTls({ socket, ALPNProtocols: ['http/1.1'], ...servername }));
      },
      (error: unknown) => done(error as Error, undefined as unknown as Duplex),
    );
    return undefined;
  }
}

function createRoute(proxy: ProxyServer, address: URL): Route {
  const secure = address.protocol === 'wss:' || address.protocol === 'https:';
  let failure: ProxyFailure | undefined;
  const open = proxy.kind === 'socks' ? openSocks : openHttp;
  async function openOrBlame(host: string, port: number): Promise<Duplex> {
    try {
      return await open(proxy, host, port);
    } catch (error) {
      failure = error instanceof ProxyFailure ? error : new ProxyFailure('SC-119', wordsOf(error));
      throw failure;
    }
  }
  return {
    agent: new ProxyAgent(secure, openOrBlame),
    open: openOrBlame,
    blame(): End | undefined {
      if (failure === undefined) return undefined;
      return { reason: 'unreachable', detail: failure.message, code: failure.code };
    },
  };
}

/** Resolves when the proxy has accepted the connection. */
function reach({ host, port }: ProxyServer): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host, port });
    socket.setNoDelay(true);
    socket.setTimeout(PROXY_TIMEOUT_MS, () => socket.destroy(new Error('time-out')));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      reject(new ProxyFailure('SC-115', error.code ?? error.message));
    });
    socket.once('connect', () => {
      socket.setTimeout(0);
      resolve(socket);
    });
  });
}

async function openSocks(server: ProxyServer, host: string, port: number): Promise<Duplex> {
  const socket = await reach(server);
  const { user, password = '' } = server;
  const known = user === undefined ? {} : { userId: user, password };
  try {
    await SocksClient.createConnection({
      proxy: { host: server.host, port: server.port, type: 5, ...known },
      existing_socket: socket,
      command: 'connect',
      destination: { host, port },
      timeout: PROXY_TIMEOUT_MS,
    });
    return socket;
  } catch (error) {
    socket.destroy();
    throw socksFailure(wordsOf(error), user !== undefined);
  }
}

/** The library tells why in words. */
function socksFailure(words: string, named: boolean): ProxyFailure {
  const refused = /^Socks5 proxy rejected connection - (\w+)/.exec(words)?.[1];
  if (refused === 'NotAllowed') return new ProxyFailure('SC-117', 'not allowed');
  if (refused !== undefined) return new ProxyFailure('SC-118', refused);
  if (/Authentication failed|no accepted authentication/.test(words)) return new ProxyFailure('SC-116', 'SOCKS 5');
  if (/timed out/.test(words)) return new ProxyFailure('SC-115', 'time-out');
  // Some hang up on whoever they do not know.
  if (named && /Socket closed/.test(words)) return new ProxyFailure('SC-116', 'it hung up');
  return new ProxyFailure('SC-119', words.replace(/^Received /, ''));
}

/** Node's own parser reads the answer: its head is bounded. */
function openHttp(server: ProxyServer, host: string, port: number): Promise<Duplex> {
  const target = `${isIP(host) === 6 ? `[${host}]` : host}:${String(port)}`;
  const credentials = `${server.user ?? ''}:${server.password ?? ''}`;
  const known = { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
  return new Promise((resolve, reject) => {
    const request = (server.kind === 'https' ? requestHttps : requestHttp)({
      host: server.host,
      port: server.port,
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...(server.user === undefined ? {} : known) },
      agent: false,
    });
    const timer = setTimeout(() => request.destroy(new ProxyFailure('SC-115', 'time-out')), PROXY_TIMEOUT_MS);
    const fail = (failure: ProxyFailure): void => {
      clearTimeout(timer);
      reject(failure);
      request.destroy();
    };
    request.on('error', (error: NodeJS.ErrnoException) => fail(httpFailure(error)));
    request.on('response', ({ statusCode }) => fail(statusFailure(statusCode ?? 0)));
    request.on('upgrade', (response, socket) => {
      socket.destroy();
      fail(statusFailure(response.statusCode ?? 0));
    });
    request.on('connect', ({ statusCode = 0 }, socket, head) => {
      clearTimeout(timer);
      if (statusCode !== 200) {
        socket.destroy();
        return fail(statusFailure(statusCode));
      }
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    request.end();
  });
}

function httpFailure(error: NodeJS.ErrnoException): ProxyFailure {
  if (error instanceof ProxyFailure) return error;
  const { code = '', message } = error;
  // Its certificate, or no TLS, told as that of a relay is.
  const { code: tls, detail } = explainFailure({ type: 'error', error }, code);
  if (tls !== undefined) return new ProxyFailure('SC-119', detail);
  if (code.startsWith('HPE_') || message === 'socket hang up') return new ProxyFailure('SC-119', code || message);
  return new ProxyFailure('SC-115', code || message);
}

function statusFailure(status: number): ProxyFailure {
  const why = `HTTP ${String(status)}`;
  if (status === 407 || status === 401) return new ProxyFailure('SC-116', why);
  if (status === 403) return new ProxyFailure('SC-117', why);
  return new ProxyFailure(status >= 500 && status !== 501 ? 'SC-118' : 'SC-119', why);
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown';
}
