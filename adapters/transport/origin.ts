/**
 * From which local port the connection to the relay is opened, where a direct path may be looked for (protocol.md section
 * 8a): a port that this program has chosen can be used a second time, to knock at the peer, one that the system chose
 * cannot. What becomes of the path may not be in this file.
 */
import { randomInt } from 'node:crypto';
import { createServer, type Socket } from 'node:net';

/** Above what services use, and below what systems give to connections. */
const [LOWEST, HIGHEST] = [20_000, 32_768];
/** Ports that are tried before there is none. */
const TRIES = 8;

export interface Origin {
  /** For the next connection; undefined where none is known to be free: then the system chooses. */
  next(): number | undefined;
  /** The connection to the relay is up. */
  up(socket: Pick<Socket, 'localPort' | 'remoteAddress' | 'remotePort'>): void;
  /** Of the present connection; undefined where it is not told of, as one by long polling. */
  readonly localPort: number | undefined;
  readonly relay: { readonly address: string; readonly port: number } | undefined;
}

/** Resolves when the first port is found, or none. */
export async function createOrigin(): Promise<Origin> {
  let free = await findPort();
  let used: number | undefined;
  let localPort: number | undefined;
  let relay: Origin['relay'];

  return {
    next() {
      used = free;
      free = undefined;
      localPort = undefined;
      relay = undefined;
      void findPort().then((port) => {
        free = port;
      });
      return used;
    },
    up({ localPort: port, remoteAddress, remotePort }) {
      localPort = port === used ? port : undefined;
      relay =
        remoteAddress === undefined || remotePort === undefined
          ? undefined
          : { address: remoteAddress, port: remotePort };
    },
    get localPort() {
      return localPort;
    },
    get relay() {
      return relay;
    },
  };
}

async function findPort(): Promise<number | undefined> {
  for (let i = 0; i < TRIES; i++) {
    const port = randomInt(LOWEST, HIGHEST);
    if (await isFree(port)) return port;
  }
  return undefined;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}
