/**
 * Sockets ⇄ core/relay: one relay over socket.io, WebSocket first, long polling for networks that allow nothing else
 * (protocol.md section 3). The packets are those of core/wire/socketio-packets.ts. Nothing that identifies anybody (room, seat,
 * address, size) may be written anywhere from this file.
 */
import type { IncomingMessage, RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';
import { Server, type Socket } from 'socket.io';
import { type RawData, WebSocket } from 'ws';
import { createBatch } from '../adapters/relay/batch.js';
import { HASHES } from '../adapters/relay/hashes.js';
import { createListener, type Relay } from '../adapters/relay/listener.js';
import { createTurns } from '../adapters/relay/turns.js';
import { createCluster } from '../core/relay/cluster.js';
import { createFigures } from '../core/relay/figures.js';
import type { RelayOptions } from '../adapters/relay/flags.js';
import { ROOM_LIMITS, type RoomLimits } from '../core/relay/limits.js';
import { EVENTS, parser } from '../core/wire/socketio-packets.js';
import { createRooms } from '../core/relay/rooms.js';
import type { Member, RoomEffect, Rooms } from '../core/relay/seats.js';
import { CONTROL_LIMIT, FRAME_LIMIT } from '../core/wire/control.js';
import { BoundedServer, CLOSE_WAIT_MS } from './bounds.js';
import { forgetHandshake, type RawSocket, sessionOf } from './engine.js';

/** Bytes waiting for a slow receiver from which on its sender is not read from. */
export const SEND_BUFFER_LIMIT = 256 * 1024;
/** Of one engine.io message, frame or batch of polls: a frame in base64, and a control message beside it. */
export const MESSAGE_LIMIT = Math.ceil(FRAME_LIMIT / 3) * 4 + 2 * CONTROL_LIMIT;

/** A client that is cut between two polls is noticed by these, milliseconds. */
const PING_INTERVAL_MS = 15_000;
const PING_TIMEOUT_MS = 10_000;
/** The client's library reckons base64 a little short when it fills a request up to the limit. */
const POLL_SLACK = 1.1;

/** Where the library listens. */
const PATH = '/socket.io/';
const FRAME = { binary: true, compress: false, fin: true } as const;
const NO_ACKS = new Map<never, never>();
const TIMER_LIMIT = 0x7fffffff;

/** Why a sender is not read from. */
const HELD_FOR_RATE = 1;
const HELD_FOR_PEER = 2;

type Engine = Server['engine'] extends { on(event: 'connection', listener: (raw: infer R) => void): unknown }
  ? R
  : never;

interface Peer {
  readonly engine: RawSocket;
  /** Its WebSocket and what that writes to, when it has one: frames go past the library, in order with what it writes. */
  readonly web: WebSocket | undefined;
  raw: Duplex | undefined;
  member: Member<Peer> | undefined;
  socket: Socket | undefined;
  holds: number;
  /** The sender that waits until this receiver has drained. */
  sender: Peer | undefined;
  /** A held sender that polls: its next request, unread. */
  delayed: (() => void) | undefined;
  closing: boolean;
}

/** Of errors: nothing may be logged. */
const ignore = (): void => undefined;
/** For a person with a browser; a program looks at the kind. */
const PLAIN_HTTP = {
  kind: 'socketio',
  text: 'This is a securechat relay for socket.io: connect with securechat --transport socketio.\n',
};

/** Rejects with the error of the operating system (EADDRINUSE, EACCES, ENOTFOUND …) when it cannot listen. */
export async function startRelay(options: RelayOptions = {}): Promise<Relay> {
  const limits: RoomLimits = { ...ROOM_LIMITS, ...options.limits };
  const figures = createFigures();
  const now = () => performance.now();
  const restrain = (peer: Peer) => hold(peer, HELD_FOR_PEER);
  const letGo = (peer: Peer) => unhold(peer, HELD_FOR_PEER);
  const host = { now, perform, deliver, restrain, release: letGo, rooms: () => rooms };
  const cluster = options.cluster === undefined ? undefined : createCluster<Peer>(host, options.cluster, figures);
  const rooms: Rooms<Peer> = createRooms<Peer>({
    limits,
    claims: cluster?.claims,
    figures,
    ...HASHES,
  });
  const peers = new WeakMap<object, Peer>();
  /** By engine.io's session id. */
  const polling = new Map<string, Peer>();
  let timer: NodeJS.Timeout | undefined;
  let armed: number | undefined;
  /** To be called when nobody is left. */
  let drained: (() => void) | undefined;

  /** Follows `wakeAt`: to be called after everything that may have changed it. */
  function arm(): void {
    const { wakeAt } = rooms;
    if (wakeAt === armed) return;
    clearTimeout(timer);
    armed = wakeAt;
    if (wakeAt === undefined) return;
    const wake = () => {
      armed = undefined;
      perform(rooms.wake(now()));
    };
    timer = setTimeout(wake, Math.min(Math.max(wakeAt - now(), 0), TIMER_LIMIT));
  }

  function perform(effects: readonly RoomEffect<Peer>[]): void {
    if (effects.length > 0) batch.flush();
    for (const effect of effects) {
      if (effect.type === 'send') effect.to.socket?.emit(EVENTS.control, effect.message);
      else if (effect.type === 'resume') unhold(effect.to, HELD_FOR_RATE);
      else shut(effect.to);
    }
    arm();
  }

  /** A sender over WebSocket is not read from; of one that polls the next request is not read. */
  function hold(peer: Peer, why: number): void {
    if (peer.holds === 0) peer.engine.transport.socket?.pause();
    peer.holds |= why;
  }

  function unhold(peer: Peer, why: number): void {
    if (peer.holds === 0) return;
    peer.holds &= ~why;
    if (peer.holds !== 0) return;
    peer.engine.transport.socket?.resume();
    const { delayed } = peer;
    peer.delayed = undefined;
    delayed?.();
  }

  function release(receiver: Peer): void {
    const { sender } = receiver;
    receiver.sender = undefined;
    if (sender !== undefined) unhold(sender, HELD_FOR_PEER);
  }

  /** Flushes, then closes. */
  function shut(peer: Peer): void {
    if (peer.closing) return;
    peer.closing = true;
    release(peer);
    unhold(peer, HELD_FOR_RATE | HELD_FOR_PEER);
    peer.engine.close();
    setTimeout(() => cut(peer), CLOSE_WAIT_MS).unref();
  }

  /** Without waiting for a poll that may never come; the library then tells nothing more. */
  function cut(peer: Peer): void {
    peer.engine.close(true);
    gone(peer);
  }

  function gone(peer: Peer): void {
    polling.delete(peer.engine.id);
    release(peer);
    perform(rooms.disconnect(memberOf(peer), now()));
    if (rooms.counts.members === 0) drained?.();
  }

  /** A receiver that is behind stops its sender. */
  function slow(to: Peer, from: Peer | undefined): void {
    if (from === undefined || to.sender !== undefined || pending(to) <= SEND_BUFFER_LIMIT) return;
    to.sender = from;
    hold(from, HELD_FOR_PEER);
  }

  const batch = createBatch<Peer>(slow);

  function forward(frame: Uint8Array, from: Peer | undefined, to: Peer): void {
    if (to.closing || to.socket === undefined) return;
    figures.frames += 1;
    figures.bytes += frame.length;
    if (to.web === undefined || to.engine.writeBuffer.length > 0) {
      batch.flush();
      to.socket.emit(EVENTS.frame, frame);
    } else if (to.web.readyState !== WebSocket.OPEN || batch.add(frame, from, to)) return;
    else {
      batch.flush();
      batch.cork(to);
      to.web.send(frame, FRAME);
    }
    slow(to, from);
  }

  /** A frame from another relay. */
  function deliver(frame: Uint8Array, to: Peer): boolean {
    forward(frame, undefined, to);
    return pending(to) <= SEND_BUFFER_LIMIT;
  }

  function onFrame(peer: Peer, frame: Uint8Array): void {
    const member = memberOf(peer);
    if (!member.joined) return perform(rooms.refuse(member, 'bad-request', now()));
    const to = rooms.frame(member, now());
    if (to !== undefined) forward(frame, peer, to);
    else cluster?.send(member, frame);
    if (member.held && (peer.holds & HELD_FOR_RATE) === 0) {
      hold(peer, HELD_FOR_RATE);
      arm();
    }
  }

  const listener = createListener(options, limits, PLAIN_HTTP);
  const { server } = listener;
  const io = new Server(server, {
    parser,
    serveClient: false,
    transports: ['websocket', 'polling'],
    allowUpgrades: false,
    perMessageDeflate: false,
    httpCompression: false,
    maxHttpBufferSize: MESSAGE_LIMIT,
    connectTimeout: limits.joinTimeoutMs,
    destroyUpgrade: false,
    wsEngine: BoundedServer,
    pingInterval: PING_INTERVAL_MS,
    pingTimeout: PING_TIMEOUT_MS,
  });
  io.engine.on('connection', (engine: Engine) => {
    const raw = engine as unknown as RawSocket;
    const { socket: web } = raw.transport;
    const peer: Peer = {
      engine: raw,
      web,
      raw: web === undefined ? undefined : raw.request.socket,
      member: undefined,
      socket: undefined,
      holds: 0,
      sender: undefined,
      delayed: undefined,
      closing: false,
    };
    if (raw.transport.name === 'polling') raw.transport.maxHttpBufferSize = Math.ceil(MESSAGE_LIMIT * POLL_SLACK);
    peers.set(raw, peer);
    if (web === undefined) polling.set(raw.id, peer);
    const { member, effects } = rooms.connect(peer, listener.addressOf(raw.request), now());
    peer.member = member;
    const onDrain = () => {
      if (pending(peer) > SEND_BUFFER_LIMIT) return;
      if (peer.sender !== undefined) release(peer);
      cluster?.drained(member);
    };
    raw.on('drain', onDrain);
    if (web !== undefined) {
      peer.raw?.on('drain', onDrain);
      const [receive] = web.listeners('message') as ((message: RawData, isBinary: boolean) => void)[];
      web.removeAllListeners('message');
      // In front of the library: frames of members, which are most of what comes.
      web.on('message', (message, isBinary) => {
        const { length } = message as Buffer;
        if (isBinary && member.joined && !peer.closing && length > 0 && length <= FRAME_LIMIT) {
          onFrame(peer, message as Buffer);
        } else receive?.(message, isBinary);
      });
    }
    raw.on('close', () => {
      gone(peer);
    });
    // Effects that refuse it are performed when there is a socket to say why on; the library closes it otherwise.
    if (effects.length > 0) refusals.set(raw, effects);
    arm();
  });
  const refusals = new WeakMap<object, readonly RoomEffect<Peer>[]>();

  io.on('connection', (socket) => {
    const raw = socket.conn as unknown as RawSocket;
    const peer = peers.get(raw);
    if (peer === undefined || peer.socket !== undefined) {
      raw.close(true);
      return;
    }
    peer.socket = socket;
    // What is large and never looked at again: the request of the handshake, the library's own rooms, acknowledgements.
    forgetHandshake(raw.request.socket, peer.web);
    Object.assign(raw, { request: undefined });
    Object.assign(socket, { handshake: undefined, acks: NO_ACKS });
    socket.nsp.adapter.delAll(socket.id);
    socket.onAny((event: string, content: unknown) => {
      if (peer.closing) return;
      if (event === EVENTS.frame) onFrame(peer, content as Uint8Array);
      else if (event === EVENTS.control) perform(rooms.control(memberOf(peer), content, now()));
      else perform(rooms.refuse(memberOf(peer), 'bad-request', now()));
    });
    perform(refusals.get(raw) ?? []);
  });

  // In front of the library, too: it would leave those of the other kind of relay hanging for a second.
  const [upgrade] = server.listeners('upgrade') as ((...request: [IncomingMessage, Duplex, Buffer]) => void)[];
  const turns = createTurns();
  server.removeAllListeners('upgrade');
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Until it is the library's.
    socket.on('error', ignore);
    if (request.url?.startsWith(PATH) === true) {
      turns.perform(() => {
        socket.off('error', ignore);
        upgrade?.(request, socket, head);
      });
      return;
    }
    socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    setTimeout(() => socket.destroy(), CLOSE_WAIT_MS).unref();
  });
  // In front of the library: the requests of a held sender wait unread. An honest client has one under way.
  const [handle] = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    const peer = request.method === 'POST' ? polling.get(sessionOf(request)) : undefined;
    if (peer === undefined || peer.holds === 0) return handle?.(request, response);
    if (peer.delayed !== undefined) request.destroy();
    else peer.delayed = () => handle?.(request, response);
  });

  const { port, url } = await listener.listen();
  let closed: Promise<void> | undefined;

  async function close(drainMs = 0): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
    });
    if (drainMs > 0) await drain(drainMs);
    perform(rooms.shutdown(now()));
    const late = setTimeout(() => server.closeAllConnections(), CLOSE_WAIT_MS);
    server.closeIdleConnections();
    await stopped;
    // Those that were between two polls.
    for (const peer of polling.values()) cut(peer);
    clearTimeout(late);
    clearTimeout(timer);
    await cluster?.close();
    await io.close();
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

function memberOf(peer: Peer): Member<Peer> {
  if (peer.member === undefined) throw new Error('a connection without a member');
  return peer.member;
}

/** Bytes that have not left: in the library, and on the way out of a WebSocket. */
function pending({ engine, web }: Peer): number {
  return engine.writeBuffer.reduce((sum, { data }) => sum + (data?.length ?? 0), web?.bufferedAmount ?? 0);
}
