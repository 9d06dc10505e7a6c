/**
 * Sockets ⇄ core/relay: one relay over WebSocket (protocol.md section 3), in a program of its own or inside another.
 * Nothing that identifies anybody (room, seat, address, size) may be written anywhere from this file.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { createBatch } from '../adapters/relay/batch.js';
import { HASHES } from '../adapters/relay/hashes.js';
import { createListener, type Relay } from '../adapters/relay/listener.js';
import { createTurns } from '../adapters/relay/turns.js';
import { createCluster } from '../core/relay/cluster.js';
import { createFigures } from '../core/relay/figures.js';
import type { RelayOptions } from '../adapters/relay/flags.js';
import { ROOM_LIMITS, type RoomLimits } from '../core/relay/limits.js';
import { createRooms } from '../core/relay/rooms.js';
import type { CloseWhy, Member, RoomEffect, Rooms } from '../core/relay/seats.js';
import { CONTROL_LIMIT, FRAME_LIMIT, parseControl, type RelayMessage } from '../core/wire/control.js';

/** Bytes waiting for a slow receiver from which on its sender is not read from. The bound is this and one read. */
export const SEND_BUFFER_LIMIT = 256 * 1024;
/** A closing handshake that takes longer is cut, milliseconds. */
export const CLOSE_WAIT_MS = 2_000;
/** A frame in more pieces than this ends the connection: pieces cost memory that their bytes do not show. */
export const FRAGMENT_LIMIT = 64;
/** The same for a frame that trickles in through the network in this many reads. */
export const READ_LIMIT = 1_024;

const TOO_BIG = 1009;
const FRAME = { binary: true, compress: false, fin: true } as const;
const TIMER_LIMIT = 0x7fffffff;

/** Why a sender is not read from. */
const HELD_FOR_RATE = 1;
const HELD_FOR_PEER = 2;

const CLOSE_CODES: Readonly<Record<CloseWhy, number>> = {
  'room-full': 1008,
  'room-taken': 1008,
  'bad-request': 1008,
  'unsupported-version': 1008,
  'rate-limited': 1013,
  busy: 1013,
  'too-large': TOO_BIG,
  'shutting-down': 1001,
  'join-timeout': 1008,
  'wait-timeout': 1000,
  'idle-timeout': 1000,
  replaced: 1000,
  'broken-link': 1013,
};

/**
 * The connection as the library makes it (its option `WebSocket`), with what the relay keeps beside it: fields here
 * instead of maps and closures, because there are many.
 */
class RelaySocket extends WebSocket {
  member: Member<RelaySocket> | undefined;
  raw: Duplex | undefined;
  /** HELD_FOR_RATE, HELD_FOR_PEER, both, or 0: it is read from. */
  holds = 0;
  /** The sender that waits until this receiver has drained. */
  sender: RelaySocket | undefined;

  /** The library closes by itself, from the length in the header, when a frame is over the limit: say why first. */
  override close(code?: number, reason?: string | Buffer): void {
    if (code === TOO_BIG && this.readyState === WebSocket.OPEN && !this.member?.gone) {
      tell(this, { type: 'error', code: 'too-large' });
    }
    super.close(code, reason);
  }
}

function tell(socket: RelaySocket, message: RelayMessage): void {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

/** For a person with a browser; a program looks at the kind. */
const PLAIN_HTTP = { kind: 'ws', text: 'This is a securechat relay: connect with securechat.\n' };

/** Rejects with the error of the operating system (EADDRINUSE, EACCES, ENOTFOUND …) when it cannot listen. */
export async function startRelay(options: RelayOptions = {}): Promise<Relay> {
  const limits: RoomLimits = { ...ROOM_LIMITS, ...options.limits };
  const figures = createFigures();
  const now = () => performance.now();
  const host = { now, perform, deliver, restrain: holdForPeer, release: letGo, rooms: () => rooms };
  const cluster =
    options.cluster === undefined ? undefined : createCluster<RelaySocket>(host, options.cluster, figures);
  const rooms: Rooms<RelaySocket> = createRooms<RelaySocket>({
    limits,
    claims: cluster?.claims,
    figures,
    ...HASHES,
  });

  let timer: NodeJS.Timeout | undefined;
  let armed: number | undefined;
  /** To be called when nobody is left. */
  let drained: (() => void) | undefined;

  /** Follows `wakeAt`: to be called after everything that may have changed it. */
  function arm(): void {
    const wakeAt = rooms.wakeAt;
    if (wakeAt === armed) return;
    clearTimeout(timer);
    armed = wakeAt;
    if (wakeAt === undefined) return;
    timer = setTimeout(
      () => {
        armed = undefined;
        perform(rooms.wake(now()));
      },
      Math.min(Math.max(wakeAt - now(), 0), TIMER_LIMIT),
    );
  }

  function perform(effects: readonly RoomEffect<RelaySocket>[]): void {
    if (effects.length > 0) batch.flush();
    for (const effect of effects) {
      if (effect.type === 'send') tell(effect.to, effect.message);
      else if (effect.type === 'resume') unhold(effect.to, HELD_FOR_RATE);
      else shut(effect.to, effect.why);
    }
    arm();
  }

  function hold(socket: RelaySocket, why: number): void {
    if (socket.holds === 0) socket.pause();
    socket.holds |= why;
  }

  function unhold(socket: RelaySocket, why: number): void {
    if (socket.holds === 0) return;
    socket.holds &= ~why;
    if (socket.holds === 0) socket.resume();
  }

  /** Lets the sender go that was held because of `receiver`. */
  function release(receiver: RelaySocket): void {
    const { sender } = receiver;
    receiver.sender = undefined;
    if (sender !== undefined) unhold(sender, HELD_FOR_PEER);
  }

  function shut(socket: RelaySocket, why: CloseWhy): void {
    release(socket);
    // Read again: the answer to the closing handshake is behind what was held.
    unhold(socket, HELD_FOR_RATE | HELD_FOR_PEER);
    if (socket.readyState === WebSocket.OPEN) socket.close(CLOSE_CODES[why], why);
    // Half closed already, and perhaps for ever: it does not read what it is owed.
    else socket.terminate();
  }

  function holdForPeer(socket: RelaySocket): void {
    hold(socket, HELD_FOR_PEER);
  }

  function letGo(socket: RelaySocket): void {
    unhold(socket, HELD_FOR_PEER);
  }

  /** A frame from another relay. */
  function deliver(frame: Uint8Array, to: RelaySocket): boolean {
    forward(frame as Buffer, undefined, to);
    if (to.bufferedAmount <= SEND_BUFFER_LIMIT || to.raw === undefined) return true;
    to.raw.once('drain', () => {
      if (to.member !== undefined) cluster?.drained(to.member);
    });
    return false;
  }

  /** A receiver that is behind stops its sender. */
  function restrain(to: RelaySocket, from: RelaySocket | undefined): void {
    if (from === undefined || to.sender !== undefined || to.bufferedAmount <= SEND_BUFFER_LIMIT) return;
    to.sender = from;
    hold(from, HELD_FOR_PEER);
    to.raw?.once('drain', () => {
      release(to);
    });
  }

  const batch = createBatch<RelaySocket>(restrain);

  function forward(frame: Buffer, from: RelaySocket | undefined, to: RelaySocket): void {
    if (to.readyState !== WebSocket.OPEN) return;
    figures.frames += 1;
    figures.bytes += frame.length;
    if (batch.add(frame, from, to)) return;
    batch.flush();
    batch.cork(to);
    to.send(frame, FRAME);
    restrain(to, from);
  }

  // One function for all connections: it finds its own in `this`, which is what the option `WebSocket` made.
  function onMessage(this: WebSocket, message: RawData, isBinary: boolean): void {
    const socket = this as RelaySocket;
    const { member } = socket;
    // Of one that is told to go nothing more is looked at.
    if (member === undefined || member.gone) return;
    if (isBinary && member.joined && (message as Buffer).length > 0) {
      const to = rooms.frame(member, now());
      if (to !== undefined) forward(message as Buffer, socket, to);
      else cluster?.send(member, message as Buffer);
      if (member.held && (socket.holds & HELD_FOR_RATE) === 0) {
        hold(socket, HELD_FOR_RATE);
        arm();
      }
      return;
    }
    const text = message as Buffer;
    if (!isBinary && text.length > CONTROL_LIMIT) perform(rooms.refuse(member, 'too-large', now()));
    else perform(rooms.control(member, isBinary ? undefined : parseControl(text.toString()), now()));
  }

  function onClose(this: WebSocket): void {
    const socket = this as RelaySocket;
    release(socket);
    if (socket.member !== undefined) perform(rooms.disconnect(socket.member, now()));
    if (rooms.counts.members === 0) drained?.();
  }

  const upgradeOptions = {
    noServer: true,
    WebSocket: RelaySocket,
    maxPayload: FRAME_LIMIT,
    maxFragments: FRAGMENT_LIMIT,
    maxBufferedChunks: READ_LIMIT,
    perMessageDeflate: false,
    closeTimeout: CLOSE_WAIT_MS,
  };
  const sockets = new WebSocketServer<typeof RelaySocket>(upgradeOptions);
  const listener = createListener(options, limits, PLAIN_HTTP);
  const { server } = listener;
  const turns = createTurns();
  server.on('upgrade', (request: IncomingMessage, raw: Duplex, head: Buffer) => {
    // Until it is the library's.
    raw.on('error', ignore);
    if (request.url?.startsWith('/socket.io/') === true) {
      // A client of the other kind of relay: told at once instead of kept waiting for words that never come.
      raw.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      setTimeout(() => raw.destroy(), CLOSE_WAIT_MS).unref();
      return;
    }
    turns.perform(() => upgrade(request, raw, head));
  });

  function upgrade(request: IncomingMessage, raw: Duplex, head: Buffer): void {
    raw.off('error', ignore);
    const address = listener.addressOf(request);
    sockets.handleUpgrade(request, raw, head, (socket) => {
      socket.raw = raw;
      socket.on('message', onMessage);
      socket.on('close', onClose);
      // A broken connection is told by `close`; without a listener the library's error would end the process.
      socket.on('error', ignore);
      const { member, effects } = rooms.connect(socket, address, now());
      socket.member = member;
      perform(effects);
    });
  }

  const { port, url } = await listener.listen();
  let closed: Promise<void> | undefined;

  async function close(drainMs = 0): Promise<void> {
    const stopped = new Promise((resolve) => server.close(resolve));
    if (drainMs > 0) await drain(drainMs);
    const gone = new Promise((resolve) => {
      sockets.close(resolve);
    });
    perform(rooms.shutdown(now()));
    await gone;
    await cluster?.close();
    clearTimeout(timer);
    server.closeAllConnections();
    await stopped;
  }

  /** Resolves when everybody has left, or in time. */
  async function drain(ms: number): Promise<void> {
    perform(rooms.drain());
    if (rooms.counts.members === 0) return;
    let late: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      drained = resolve;
      late = setTimeout(resolve, ms);
    });
    clearTimeout(late);
  }

  return {
    port,
    url,
    get counts() {
      return rooms.counts;
    },
    figures,
    setTls: listener.setTls,
    close: (drainMs) => (closed ??= close(drainMs)),
  };
}

function ignore(): void {
  // Nothing to do, and nothing may be logged.
}
