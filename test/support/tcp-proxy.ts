/**
 * A TCP proxy between a client and a relay that breaks on command: it cuts, stalls, throttles, swallows. Bytes are passed
 * on as they come and never looked at. No expectation may be in this file.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  readonly url: URL;
  /** Ends every connection at both ends. */
  cut(): void;
  /** Ends every connection at the relay; the client is not told. */
  halfOpen(): void;
  /** From now on, until `heal`, nothing passes on the connections there are, and nobody is told. New ones work. */
  blackhole(): void;
  /** Nothing passes on any connection, until `heal`: then it all does. */
  stall(): void;
  /** At most this many bytes a read, each a turn of the event loop later. */
  throttle(bytes: number): void;
  /** New connections are refused, until `heal`. */
  refuse(): void;
  heal(): void;
  /** How many connections there were. */
  readonly connections: number;
  close(): Promise<void>;
}

interface Pipe {
  readonly client: Socket;
  readonly relay: Socket;
  swallowed: boolean;
}

/** A proxy on a free port of 127.0.0.1; `target` is asked for the relay's port at each connection. */
export async function startTcpProxy(target: () => number): Promise<TcpProxy> {
  const pipes = new Set<Pipe>();
  let stalled: (() => void)[] | undefined;
  let piece = Number.POSITIVE_INFINITY;
  let refusing = false;
  let connections = 0;

  function pass(pipe: Pipe, from: Socket, to: Socket): void {
    from.on('data', (bytes: Buffer) => {
      if (pipe.swallowed) return;
      const write = (): void => {
        if (!to.destroyed && !pipe.swallowed) to.write(bytes);
      };
      if (stalled !== undefined) stalled.push(write);
      else if (piece === Number.POSITIVE_INFINITY) write();
      else dribble(from, to, bytes);
    });
    from.on('end', () => {
      if (!pipe.swallowed) to.end();
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      pipes.delete(pipe);
      if (!pipe.swallowed) to.destroy();
    });
  }

  function dribble(from: Socket, to: Socket, bytes: Buffer): void {
    from.pause();
    let at = 0;
    const next = (): void => {
      if (to.destroyed) return;
      to.write(bytes.subarray(at, at + piece));
      at += piece;
      if (at < bytes.length) setImmediate(next);
      else from.resume();
    };
    next();
  }

  const server = createServer((client) => {
    if (refusing) {
      client.destroy();
      return;
    }
    connections += 1;
    const pipe = { client, relay: connect(target(), '127.0.0.1'), swallowed: false };
    for (const socket of [client, pipe.relay]) socket.setNoDelay(true);
    pipes.add(pipe);
    pass(pipe, client, pipe.relay);
    pass(pipe, pipe.relay, client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    url: new URL(`ws://127.0.0.1:${port}`),
    cut() {
      for (const { client, relay } of pipes) {
        client.destroy();
        relay.destroy();
      }
    },
    halfOpen() {
      for (const pipe of pipes) {
        pipe.swallowed = true;
        pipe.relay.destroy();
      }
    },
    blackhole() {
      for (const pipe of pipes) pipe.swallowed = true;
    },
    stall() {
      stalled ??= [];
    },
    throttle(bytes) {
      piece = bytes;
    },
    refuse() {
      refusing = true;
    },
    heal() {
      refusing = false;
      piece = Number.POSITIVE_INFINITY;
      const waiting = stalled ?? [];
      stalled = undefined;
      for (const write of waiting) write();
    },
    get connections() {
      return connections;
    },
    async close() {
      server.close();
      for (const { client, relay } of pipes) {
        client.destroy();
        relay.destroy();
      }
      await once(server, 'close');
    },
  };
}
