/**
 * WebSockets ⇄ a relay (protocol.md section 3): text frames are control, binary ones are frames. Nothing that identifies
 * anybody (room, seat, address, size) may be written anywhere from this file, and no rule of a room may be in it.
 */
import type { Duplex } from 'node:stream';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { type Door, type Entrance, openRelay } from '../adapters/relay/doors.js';
import type { RelayOptions } from '../adapters/relay/flags.js';
import { CLOSE_WAIT_MS, FRAGMENT_LIMIT, type Host, type Peer, READ_LIMIT, type Wire } from '../adapters/relay/host.js';
import type { Relay } from '../adapters/relay/listener.js';
import type { CloseWhy, Member } from '../core/relay/seats.js';
import { CONTROL_LIMIT, FRAME_LIMIT, parseControl, type RelayMessage } from '../core/wire/control.js';

const TOO_BIG = 1009;

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

const WIRE: Wire = {
  tell(peer: RelaySocket, message) {
    if (peer.readyState === WebSocket.OPEN) peer.send(JSON.stringify(message));
  },
  // It has an outlet for as long as it is open.
  frame: ignore,
  pause: (peer: RelaySocket) => peer.pause(),
  resume: (peer: RelaySocket) => peer.resume(),
  pending: (peer: RelaySocket) => peer.bufferedAmount + peer.overhead,
  close(peer: RelaySocket, why) {
    if (peer.readyState === WebSocket.OPEN) peer.close(CLOSE_CODES[why], why);
    // Half closed already, and perhaps for ever: it does not read what it is owed.
    else peer.terminate();
  },
  cut: (peer: RelaySocket) => peer.terminate(),
};

/** The connection as the library makes it (its option `WebSocket`): a peer itself. */
class RelaySocket extends WebSocket implements Peer {
  member: Member<Peer> | undefined;
  tcp: Duplex | undefined;
  direct = false;
  holds = 0;
  sender: Peer | undefined;
  draining = false;
  overhead = 0;

  get wire(): Wire {
    return WIRE;
  }

  get outlet(): Duplex | undefined {
    return this.readyState === WebSocket.OPEN ? this.tcp : undefined;
  }

  /** The library closes by itself, from the length in the header, when a frame is over the limit: say why first. */
  override close(code?: number, reason?: string | Buffer): void {
    if (code === TOO_BIG && !this.member?.gone) WIRE.tell(this, TOO_LARGE);
    super.close(code, reason);
  }
}

const TOO_LARGE: RelayMessage = { type: 'error', code: 'too-large' };

/** Plain ws://host/, whatever the path. */
export const ENTRANCE: Entrance = { kind: 'ws', open };

/** Rejects with the error of the operating system (EADDRINUSE, EACCES, ENOTFOUND …) when it cannot listen. */
export function startRelay(options: RelayOptions = {}): Promise<Relay> {
  return openRelay(options, [ENTRANCE]);
}

function open(host: Host): Door {
  // Not in the call: an option is missing in the declarations of the library.
  const bounds = {
    noServer: true,
    WebSocket: RelaySocket,
    maxPayload: FRAME_LIMIT,
    maxFragments: FRAGMENT_LIMIT,
    maxBufferedChunks: READ_LIMIT,
    perMessageDeflate: false,
    closeTimeout: CLOSE_WAIT_MS,
  };
  const sockets = new WebSocketServer<typeof RelaySocket>(bounds);

  // One function for all connections: it finds its own in `this`, which is what the option `WebSocket` made.
  function onMessage(this: WebSocket, message: RawData, isBinary: boolean): void {
    const peer = this as RelaySocket;
    const bytes = message as Buffer;
    if (isBinary) host.frame(peer, bytes);
    else if (bytes.length > CONTROL_LIMIT) host.refuse(peer, 'too-large');
    else host.control(peer, parseControl(bytes.toString()));
  }

  function onNoise(this: WebSocket): void {
    host.noise(this as RelaySocket);
  }

  function onClose(this: WebSocket): void {
    host.gone(this as RelaySocket);
  }

  return {
    upgrade(request, raw, head, { address, direct }) {
      sockets.handleUpgrade(request, raw, head, (peer) => {
        peer.tcp = raw;
        peer.direct = direct;
        peer.on('message', onMessage);
        peer.on('ping', onNoise);
        peer.on('pong', onNoise);
        peer.on('close', onClose);
        // A broken connection is told by `close`; without a listener the library's error would end the process.
        peer.on('error', ignore);
        host.perform(host.arrive(peer, address));
      });
    },
    close() {
      sockets.close();
      for (const peer of sockets.clients) peer.terminate();
    },
  };
}

function ignore(): void {
  // Nothing to do, and nothing may be logged.
}
