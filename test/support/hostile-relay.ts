/**
 * A relay that a test scripts: it speaks section 3 of the protocol over real WebSockets on 127.0.0.1 and does to frames
 * and control messages whatever the script says. It checks nothing and limits nothing. No expectation may be here.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import type { JoinMessage } from '../../core/wire/control.js';

/** The first seat that came to a room is side 0, the second side 1; a seat that comes again keeps its side. */
export type Side = number;

/** One room, as the script acts on it. Everything is sent at once and in order; to a side that is not there, nothing is. */
export interface HostileRoom {
  /** Rooms count from 0 in the order in which they were first joined. */
  readonly index: number;
  /** The last join of each side, as it came. */
  readonly joins: readonly JoinMessage[];
  /** Every frame that came from each side, in order, over all its connections. */
  readonly seen: readonly (readonly Uint8Array[])[];
  /** How often each side has joined. */
  readonly joined: readonly number[];
  /** The other side of `side`: 1 for 0, 0 for all others. */
  other(side: Side): Side;
  /** Whether a side has an open connection. */
  present(side: Side): boolean;
  /** Sends a frame to a side: forward, inject, modify, replay and reflect are all this. */
  send(to: Side, frame: Uint8Array): void;
  /** Sends a control message as JSON, whatever it is. */
  control(to: Side, message: unknown): void;
  /** Sends a text message as it is: malformed, oversized, not JSON. */
  text(to: Side, text: string): void;
  /** Sends one frame of `count` bytes in as many pieces. */
  pieces(to: Side, count: number): void;
  /** Sends the usual words for a side that has joined: `joined` to it, `peer-joined` to the other if it is there. */
  announce(side: Side): void;
  /** Breaks the connection of a side without a word to it; the other is told `peer-left` unless `quiet`. */
  cut(side: Side, options?: { readonly quiet?: boolean }): void;
}

export interface HostileScript {
  /** For each frame. Absent: forwarded to the other side. */
  readonly onFrame?: (frame: Uint8Array, from: Side, room: HostileRoom) => void;
  /** For each join, after the side is known. Absent: `room.announce(side)`. */
  readonly onJoin?: (side: Side, room: HostileRoom) => void;
  /** When a side's connection ended by itself. Absent: the other side is told `peer-left`. */
  readonly onLeave?: (side: Side, room: HostileRoom) => void;
}

export interface HostileRelay {
  readonly url: URL;
  /** Rooms in the order in which they were first joined: to act across rooms. */
  readonly rooms: readonly HostileRoom[];
  /** Resolves with the room when `reached` holds for one; checked after each join, frame and leave. */
  until(reached: (room: HostileRoom) => boolean): Promise<HostileRoom>;
  close(): Promise<void>;
}

export async function startHostileRelay(script: HostileScript = {}): Promise<HostileRelay> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  await once(server, 'listening');
  const rooms: HostileRoom[] = [];
  const byId = new Map<string, ReturnType<typeof makeRoom>>();
  const waiting = new Set<() => void>();

  function look(): void {
    for (const check of waiting) check();
  }

  server.on('connection', (socket) => {
    let place: { side: Side; room: ReturnType<typeof makeRoom> } | undefined;
    socket.on('error', () => undefined);
    socket.on('message', (message: RawData, isBinary: boolean) => {
      const bytes = message as Buffer;
      if (place === undefined) {
        if (isBinary) return;
        const join = JSON.parse(bytes.toString()) as JoinMessage;
        let room = byId.get(join.room);
        if (room === undefined) {
          room = makeRoom(rooms.length);
          byId.set(join.room, room);
          rooms.push(room.api);
        }
        place = { room, side: room.enter(socket, join) };
        if (script.onJoin === undefined) room.api.announce(place.side);
        else script.onJoin(place.side, room.api);
      } else if (isBinary) {
        const { side, room } = place;
        const frame = new Uint8Array(bytes);
        room.record(side, frame);
        if (script.onFrame === undefined) room.api.send(room.api.other(side), frame);
        else script.onFrame(frame, side, room.api);
      }
      look();
    });
    socket.on('close', () => {
      if (place?.room.exit(place.side, socket) !== true) return;
      const { side, room } = place;
      if (script.onLeave === undefined) room.api.control(room.api.other(side), { type: 'peer-left' });
      else script.onLeave(side, room.api);
      look();
    });
  });

  return {
    url: new URL(`ws://127.0.0.1:${String((server.address() as AddressInfo).port)}/`),
    rooms,
    until: (reached) =>
      new Promise((resolve) => {
        const check = () => {
          const room = rooms.find(reached);
          if (room === undefined) return;
          waiting.delete(check);
          resolve(room);
        };
        waiting.add(check);
        check();
      }),
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of server.clients) socket.terminate();
      await closed;
    },
  };
}

function makeRoom(index: number) {
  const sockets: (WebSocket | undefined)[] = [];
  const joins: JoinMessage[] = [];
  const seen: Uint8Array[][] = [];
  const joined: number[] = [];

  function put(to: Side, message: Uint8Array | string): void {
    const socket = sockets[to];
    if (socket?.readyState === WebSocket.OPEN) socket.send(message);
  }

  const api: HostileRoom = {
    index,
    joins,
    seen,
    joined,
    other: (side) => (side === 0 ? 1 : 0),
    present: (side) => sockets[side]?.readyState === WebSocket.OPEN,
    send: put,
    control(to, message) {
      put(to, JSON.stringify(message));
    },
    text: put,
    pieces(to, count) {
      for (let n = 1; n <= count; n++) sockets[to]?.send(Uint8Array.of(1), { fin: n === count });
    },
    announce(side) {
      const other = api.other(side);
      const peer = api.present(other);
      api.control(side, { type: 'joined', peer });
      if (peer) api.control(other, { type: 'peer-joined' });
    },
    cut(side, options = {}) {
      const socket = sockets[side];
      sockets[side] = undefined;
      socket?.terminate();
      if (options.quiet !== true) api.control(api.other(side), { type: 'peer-left' });
    },
  };

  return {
    api,
    /** Gives the seat its side; an older connection of the same seat is cut. */
    enter(socket: WebSocket, join: JoinMessage): Side {
      const known = joins.findIndex(({ seat }) => seat === join.seat);
      const side = known === -1 ? joins.length : known;
      if (api.present(side)) api.cut(side);
      sockets[side] = socket;
      joins[side] = join;
      joined[side] = (joined[side] ?? 0) + 1;
      seen[side] ??= [];
      return side;
    },
    /** False: it was cut or replaced before. */
    exit(side: Side, socket: WebSocket): boolean {
      if (sockets[side] !== socket) return false;
      sockets[side] = undefined;
      return true;
    },
    record(side: Side, frame: Uint8Array): void {
      seen[side]?.push(frame);
    },
  };
}
