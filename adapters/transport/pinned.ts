/**
 * A relay that is known by its certificate alone: nothing is sent before it has shown the one that the invitation names, and
 * no authority is asked. No sentence may be in this file.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { Agent } from 'node:https';
import { connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { CONNECT_TIMEOUT_MS } from './pipe.js';
import type { Way } from './way.js';

const DEFAULT_PORT = 443;

type Open = (host: string, port: number, localPort?: number) => Promise<Duplex>;

/** It showed another certificate. */
class PinMismatch extends Error {}

/** Node's requests get a connection that has been judged already. */
class PinnedAgent extends Agent {
  readonly #open: Open;
  readonly #judge: (socket: TLSSocket) => Promise<void>;

  constructor(open: Open, judge: (socket: TLSSocket) => Promise<void>) {
    super({ keepAlive: true, maxSockets: 2 });
    this.#open = open;
    this.#judge = judge;
  }

  override createConnection(
    { host = '', port, localPort }: { host?: string; port?: number | string; localPort?: number },
    done: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    const secured = this.#open(host, Number(port ?? DEFAULT_PORT), localPort).then(async (socket) => {
      const tls = connectTls({ socket, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
      await this.#judge(tls);
      return tls;
    });
    secured.then(
      (socket) => done(null, socket),
      (error: unknown) => done(error as Error, undefined as unknown as Duplex),
    );
    return undefined;
  }
}

/** The way to the relay whose certificate (DER) has the SHA-256 `pin`, 32 bytes; through `inner`, where there is one. */
export function pinnedWay(pin: Uint8Array, inner?: Way, timeoutMs = CONNECT_TIMEOUT_MS): Way {
  return {
    routeTo(address) {
      const route = inner?.routeTo(address);
      let other = false;
      async function judge(socket: TLSSocket): Promise<void> {
        try {
          // Whoever asked may have given up, and would not close what it was not given yet.
          await once(socket, 'secureConnect', { signal: AbortSignal.timeout(timeoutMs) });
          const shown = createHash('sha256').update(socket.getPeerX509Certificate()?.raw ?? new Uint8Array(0));
          other = !timingSafeEqual(shown.digest(), pin);
          if (other) throw new PinMismatch();
        } catch (error) {
          socket.on('error', () => undefined);
          socket.destroy();
          throw error;
        }
      }
      const open: Open = (host, port, localPort) =>
        route === undefined ? openDirectly(host, port, timeoutMs, localPort) : route.open(host, port);
      return {
        agent: new PinnedAgent(open, judge),
        open,
        blame: () => (other ? { reason: 'rejected', detail: '', code: 'SC-125' } : route?.blame()),
      };
    },
  };
}

async function openDirectly(host: string, port: number, timeoutMs: number, localPort?: number): Promise<Duplex> {
  const from = localPort === undefined ? {} : { localPort };
  const socket = connectTcp({ host: host.replaceAll(/[[\]]/g, ''), port, ...from });
  socket.setNoDelay(true);
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    socket.on('error', () => undefined);
    socket.destroy();
    throw error;
  }
  return socket;
}
