/**
 * Which request goes to which wire of a relay, and how a relay opens and closes. A wire may be loaded when the first request
 * for it comes. No rule of a room may be in this file, and nothing that identifies a client may be written from it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { RELAY_WORDS } from '../words/relay.js';
import type { RelayOptions } from './flags.js';
import { CLOSE_WAIT_MS, createHost, type Host } from './host.js';
import { VERSION } from '../../core/version.js';
import { RELAY_HEADER, VERSION_HEADER, type WireKind } from '../../core/wire/kinds.js';
import { type Arrival, createListener, type Relay } from './listener.js';
import { createTurns } from './turns.js';

/** Where socket.io's clients ask; everything else is WebSocket. */
const SOCKETIO_PATH = '/socket.io/';

/** What takes the requests for one wire. */
export interface Door {
  /** `raw` has no listener for errors any more: the door's turn. */
  upgrade(request: IncomingMessage, raw: Duplex, head: Buffer, arrival: Arrival): void;
  /** Without it, plain HTTP gets the answer that is for people. */
  request?(request: IncomingMessage, response: ServerResponse, arrival: Arrival): void;
  /** Nobody new, and cuts who is left. */
  close(): void;
}

export interface Entrance {
  readonly kind: WireKind;
  open(host: Host): Door | Promise<Door>;
}

/** One relay for all these wires, over one set of rooms. Rejects with the error of the operating system. */
export async function openRelay(options: RelayOptions, entrances: readonly Entrance[]): Promise<Relay> {
  const kinds = entrances.map(({ kind }) => kind);
  const host = createHost(options, ({ direct, tcp }) => (direct ? listener.endpointOf(tcp) : undefined));
  const listener = createListener(options, host.limits);
  const { server } = listener;
  const turns = createTurns();
  const doors = new Map<WireKind, Door | Promise<Door>>();

  function plain(response: ServerResponse): void {
    const type = { 'content-type': 'text/plain', upgrade: 'websocket', connection: 'close' };
    response.writeHead(426, { [RELAY_HEADER]: kinds.join(', '), [VERSION_HEADER]: VERSION, ...type });
    response.end(RELAY_WORDS.plainHttp(kinds));
  }

  /** Calls `use` with the door, at once when it is open; `fail` when it cannot be opened. */
  function enter(entrance: Entrance, use: (door: Door) => void, fail: () => void): void {
    const { kind } = entrance;
    const door = doors.get(kind) ?? entrance.open(host);
    doors.set(kind, door);
    if (!(door instanceof Promise)) return use(door);
    door.then(
      (open) => {
        doors.set(kind, open);
        use(open);
      },
      () => {
        doors.delete(kind);
        fail();
      },
    );
  }

  function entranceFor(request: IncomingMessage): Entrance | undefined {
    const kind = request.url?.startsWith(SOCKETIO_PATH) === true ? 'socketio' : 'ws';
    return entrances.find((entrance) => entrance.kind === kind);
  }

  server.on('upgrade', (request: IncomingMessage, raw: Duplex, head: Buffer) => {
    // Until it is the library's.
    raw.on('error', ignore);
    const entrance = entranceFor(request);
    if (entrance === undefined) return turnAway(raw, kinds);
    const arrival = listener.arrivalOf(request);
    turns.perform(() => {
      const use = (door: Door): void => {
        raw.off('error', ignore);
        door.upgrade(request, raw, head, arrival);
      };
      enter(entrance, use, () => raw.destroy());
    });
  });

  server.on('request', (request, response) => {
    const entrance = entranceFor(request);
    // The door of WebSockets takes none: nothing is loaded to find that out.
    if (entrance?.kind !== 'socketio') {
      const { address } = listener.arrivalOf(request);
      const more = { [RELAY_HEADER]: kinds.join(', ') };
      if (options.page?.answer(request, response, more, address) !== true) plain(response);
      return;
    }
    const arrival = listener.arrivalOf(request);
    const use = (door: Door): void => {
      if (door.request === undefined) plain(response);
      else door.request(request, response, arrival);
    };
    enter(entrance, use, () => response.destroy());
  });

  const { port, url } = await listener.listen();
  let closed: Promise<void> | undefined;

  async function close(drainMs = 0): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    if (drainMs > 0) await host.drain(drainMs);
    host.shutdown();
    server.closeIdleConnections();
    await Promise.race([stopped, host.emptied(CLOSE_WAIT_MS)]);
    for (const door of doors.values()) if (!(door instanceof Promise)) door.close();
    // What was told last is with the system now.
    await new Promise((resolve) => setImmediate(resolve));
    server.closeAllConnections();
    await stopped;
    await host.emptied(CLOSE_WAIT_MS);
    await host.close();
  }

  return {
    port,
    url,
    get counts() {
      return host.rooms.counts;
    },
    figures: host.figures,
    setTls: listener.setTls,
    close: (drainMs) => (closed ??= close(drainMs)),
  };
}

/** A client of a wire that is not here: told at once what is, instead of kept waiting for words that never come. */
function turnAway(raw: Duplex, kinds: readonly WireKind[]): void {
  raw.end(
    `HTTP/1.1 404 Not Found\r\nConnection: close\r\n${RELAY_HEADER}: ${kinds.join(', ')}\r\nContent-Length: 0\r\n\r\n`,
  );
  setTimeout(() => raw.destroy(), CLOSE_WAIT_MS).unref();
}

function ignore(): void {
  // Nothing to do, and nothing may be logged.
}
