/**
 * socket.io ⇄ a relay, WebSocket first, long polling for networks that allow nothing else (protocol.md section 3). The
 * packets are those of core/wire/socketio-packets.ts. Nothing that identifies anybody (room, seat, address, size) may be
 * written anywhere from this file, and no rule of a room may be in it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { Server, type Socket } from 'socket.io';
import { type RawData, WebSocket } from 'ws';
import { FRAME_OVERHEAD } from '../adapters/relay/batch.js';
import { type Door, type Entrance, openRelay } from '../adapters/relay/doors.js';
import type { RelayOptions } from '../adapters/relay/flags.js';
import { CLOSE_WAIT_MS, type Host, type Peer, type Wire } from '../adapters/relay/host.js';
import type { Arrival, Relay } from '../adapters/relay/listener.js';
import type { Member, RoomEffect } from '../core/relay/seats.js';
import { CONTROL_LIMIT, FRAME_LIMIT } from '../core/wire/control.js';
import { EVENTS, parser } from '../core/wire/socketio-packets.js';
import { BoundedServer, engineOf, type EngineSocket, forgetHandshake, type OwnedSocket, queryOf } from './engine.js';
import { createPoller, type Poller } from './poller.js';

/** Of one engine.io message, frame or batch of polls: a frame in base64, and a control message beside it. */
export const MESSAGE_LIMIT = Math.ceil(FRAME_LIMIT / 3) * 4 + 2 * CONTROL_LIMIT;

/** A client that is cut between two polls is noticed by these, milliseconds. */
export const PING_INTERVAL_MS = 15_000;
/** Since the ping, or since a frame that came after it. */
export const PING_TIMEOUT_MS = 10_000;
/** The client's library reckons base64 a little short when it fills a request up to the limit. */
const POLL_SLACK = 1.1;

const NO_ACKS = new Map<never, never>();
const NOTHING: readonly RoomEffect<Peer>[] = [];

class SocketioPeer implements Peer {
  readonly host: Host;
  readonly engine: EngineSocket;
  /** Its WebSocket and what that writes to, when it has one: frames go past the library, in order with what it writes. */
  readonly web: OwnedSocket | undefined;
  readonly tcp: Duplex | undefined;
  readonly direct: boolean;
  member: Member<Peer> | undefined;
  socket: Socket | undefined;
  poller: Poller | undefined;
  holds = 0;
  sender: Peer | undefined;
  draining = false;
  overhead = 0;
  closing = false;
  /** Bytes of frames that wait in the library, with what each costs beside its own. */
  queued = 0;
  /** What refuses it, until there is a socket to say why on. */
  refusal = NOTHING;

  constructor(host: Host, engine: EngineSocket, direct: boolean) {
    this.host = host;
    this.engine = engine;
    this.web = engine.transport.socket;
    this.tcp = this.web === undefined ? undefined : engine.request.socket;
    this.direct = direct;
  }

  get wire(): Wire {
    return WIRE;
  }

  get outlet(): Duplex | undefined {
    const ready = this.web?.readyState === WebSocket.OPEN && this.engine.writeBuffer.length === 0;
    return ready ? this.tcp : undefined;
  }
}

const WIRE: Wire = {
  tell: (peer: SocketioPeer, message) => void peer.socket?.emit(EVENTS.control, message),
  frame(peer: SocketioPeer, frame) {
    const { socket } = peer;
    if (peer.closing || socket === undefined) return;
    if (peer.poller === undefined) peer.queued += frame.length + FRAME_OVERHEAD;
    else peer.poller.queued(frame.length);
    socket.emit(EVENTS.frame, frame);
  },
  pause: (peer: SocketioPeer) => peer.web?.pause(),
  resume(peer: SocketioPeer) {
    peer.web?.resume();
    peer.poller?.resume();
  },
  pending: ({ poller, web, overhead, queued }: SocketioPeer) =>
    poller?.pending ?? (web?.bufferedAmount ?? 0) + overhead + queued,
  close(peer: SocketioPeer) {
    if (peer.closing) return;
    peer.closing = true;
    peer.engine.close();
    setTimeout(() => WIRE.cut(peer), CLOSE_WAIT_MS).unref();
  },
  /** Without waiting for a poll that may never come; the library then tells nothing more. */
  cut(peer: SocketioPeer) {
    peer.engine.close(true);
    peer.host.gone(peer);
  },
};

/** Everything under /socket.io/. */
export const ENTRANCE: Entrance = { kind: 'socketio', open };

/** Rejects with the error of the operating system (EADDRINUSE, EACCES, ENOTFOUND …) when it cannot listen. */
export function startRelay(options: RelayOptions = {}): Promise<Relay> {
  return openRelay(options, [ENTRANCE]);
}

function open(host: Host): Door {
  const peers = new WeakMap<object, SocketioPeer>();
  /** By engine.io's session id. */
  const polling = new Map<string, SocketioPeer>();
  const arrivals = new WeakMap<IncomingMessage, Arrival>();
  const heard = [onAny];
  // It listens to nothing: requests come by the door.
  const io = new Server(createServer(), {
    parser,
    serveClient: false,
    transports: ['websocket', 'polling'],
    allowUpgrades: false,
    perMessageDeflate: false,
    httpCompression: false,
    maxHttpBufferSize: MESSAGE_LIMIT,
    connectTimeout: host.limits.joinTimeoutMs,
    destroyUpgrade: false,
    wsEngine: BoundedServer,
    pingInterval: PING_INTERVAL_MS,
    pingTimeout: PING_TIMEOUT_MS,
  });
  const library = engineOf(io);

  library.on('connection', (engine) => {
    const { address, direct } = arrivals.get(engine.request) ?? { address: '', direct: false };
    const peer = new SocketioPeer(host, engine, direct);
    peers.set(engine, peer);
    engine.on('close', onClose);
    const refusal = host.arrive(peer, address);
    if (peer.web === undefined) return pollFrom(peer, refusal);
    // Effects that refuse it are performed when there is a socket to say why on; the library closes it otherwise.
    peer.refusal = refusal;
    listen(peer, peer.web);
    engine.on('drain', onDrain);
  });

  // One function each for all connections: it finds its own by `this`.

  function onClose(this: EngineSocket): void {
    const peer = peers.get(this);
    if (peer === undefined) return;
    polling.delete(this.id);
    host.gone(peer);
    peer.poller?.end();
  }

  /** The library has handed over all that waited in it. */
  function onDrain(this: EngineSocket): void {
    const peer = peers.get(this);
    if (peer === undefined) return;
    peer.queued = 0;
    host.drained(peer);
  }

  function onMessage(this: WebSocket, message: RawData, isBinary: boolean): void {
    const { owner, receive } = this as OwnedSocket;
    const peer = owner as SocketioPeer;
    if (peer.closing || (isBinary && ofMember(peer, message as Buffer))) return;
    if (!isBinary && (message as Buffer)[0] !== MESSAGE) host.noise(peer);
    receive?.(message, isBinary);
  }

  function onNoise(this: WebSocket): void {
    host.noise((this as OwnedSocket).owner as SocketioPeer);
  }

  function onAny(this: Socket, event: string, content: unknown): void {
    const peer = peers.get(this.conn);
    if (peer === undefined || peer.closing) return;
    if (event === EVENTS.frame) host.frame(peer, content as Uint8Array);
    else if (event === EVENTS.control) host.control(peer, content);
    else host.refuse(peer, 'bad-request');
  }

  function pollFrom(peer: SocketioPeer, refusal: readonly RoomEffect<Peer>[]): void {
    const { engine } = peer;
    if (refusal.length > 0) return WIRE.cut(peer);
    engine.transport.maxHttpBufferSize = Math.ceil(MESSAGE_LIMIT * POLL_SLACK);
    polling.set(engine.id, peer);
    peer.poller = createPoller(engine, {
      stopped: () => peer.holds !== 0 || peer.closing,
      noise: () => host.noise(peer),
      frame: (frame) => ofMember(peer, frame),
      drained: () => host.drained(peer),
    });
  }

  /** A frame of a member goes past the library; whatever else it is the library judges. */
  function ofMember(peer: SocketioPeer, frame: Buffer): boolean {
    const good = frame.length > 0 && frame.length <= FRAME_LIMIT && peer.member?.joined === true;
    if (good) {
      // A sign of life, as the library would take it: the answer to its ping may stand behind data.
      peer.engine.pingTimeoutTimer?.refresh();
      host.frame(peer, frame);
    }
    return good;
  }

  /** In front of the library: frames of members, which are most of what comes, and what carries nothing. */
  function listen(peer: SocketioPeer, web: OwnedSocket): void {
    const [receive] = web.listeners('message') as OwnedSocket['receive'][];
    web.owner = peer;
    web.receive = receive;
    web.removeAllListeners('message');
    web.on('message', onMessage);
    web.on('ping', onNoise);
    web.on('pong', onNoise);
  }

  io.on('connection', (socket) => {
    const engine = socket.conn as unknown as EngineSocket;
    const peer = peers.get(engine);
    if (peer === undefined || peer.socket !== undefined) {
      engine.close(true);
      return;
    }
    peer.socket = socket;
    // What is large and never looked at again: the request of the handshake, the library's own rooms, acknowledgements. And
    // one list of listeners for all.
    forgetHandshake(engine.request.socket, peer.web);
    Object.assign(engine, { request: undefined });
    Object.assign(socket, { handshake: undefined, acks: NO_ACKS, _anyListeners: heard });
    socket.nsp.adapter.delAll(socket.id);
    host.perform(peer.refusal);
    peer.refusal = NOTHING;
  });

  function request(request: IncomingMessage, response: ServerResponse, arrival: Arrival): void {
    const { sid, transport } = queryOf(request);
    const handle = (): void => library.handleRequest(request, response);
    if (sid === undefined || sid === '') {
      const code = transport === 'polling' ? host.refusal(arrival.address) : undefined;
      if (code !== undefined) return refuse(response, code);
      arrivals.set(request, arrival);
      return handle();
    }
    const peer = polling.get(sid);
    const poller = peer?.closing === true ? undefined : peer?.poller;
    if (poller === undefined) return handle();
    if (request.method === 'POST' && !poller.post(handle)) request.destroy();
    else if (request.method !== 'POST') {
      poller.poll(response);
      handle();
    }
  }

  return {
    request,
    upgrade(request, raw, head, arrival) {
      // A session stays on what it began with: what is held there would go on elsewhere.
      if ((queryOf(request).sid ?? '') !== '') {
        raw.on('error', () => undefined);
        raw.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', () => raw.destroy());
        return;
      }
      arrivals.set(request, arrival);
      library.handleUpgrade(request, raw, head);
    },
    close() {
      for (const peer of polling.values()) WIRE.cut(peer);
      void io.close();
    },
  };
}

/** First byte of a message of the library that carries something. */
const MESSAGE = 0x34;

/** Before there is a session. */
function refuse(response: ServerResponse, code: string): void {
  response.writeHead(503, { 'content-type': 'text/plain', 'retry-after': '5', connection: 'close' });
  response.end(`${code}\n`);
}
