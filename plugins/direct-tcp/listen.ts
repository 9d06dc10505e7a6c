/**
 * The side that listens: it plays the relay's part for its own room. It is told `joined` as soon as it listens, and
 * `peer-joined` and `peer-left` as the other side comes and goes; it cannot be lost itself. Nothing that is said before a
 * whole hello with the right room id changes anything. No byte of a frame is looked at in this file.
 */
import { timingSafeEqual } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import type { ClockPort, CloseReason, Connection, TransportEvent } from 'securechat/plugin';
import type { Join, RelayMessage } from 'securechat/plugin';
import type { Address } from './address.js';
import { checkFrame } from './frame-check.js';
import { readHead } from './head.js';
import { createLink, type Link } from './link.js';
import { ANSWER, FULL, HELLO, HELLO_LENGTH, identity, JOINED, splitIdentity, WAITING_LIMIT } from './wire.js';

export function listen(
  { host, port }: Address,
  clock: ClockPort,
  join: Join,
  sink: (event: TransportEvent) => void,
): Connection {
  const { room } = splitIdentity(identity(join));
  const server = createServer();
  /** Without a hello so far, the oldest first. */
  const waiting = new Set<Socket>();
  let peer: { readonly link: Link; readonly seat: Uint8Array } | undefined;
  let listening = false;
  let asked = false;
  let ended = false;

  function emit(event: TransportEvent): void {
    if (!asked) sink(event);
  }

  function control(message: RelayMessage): void {
    emit({ type: 'control', message });
  }

  function end(reason: CloseReason, detail: string): void {
    if (ended) return;
    ended = true;
    sink({ type: 'closed', reason, detail });
  }

  function onConnection(socket: Socket): void {
    socket.on('error', () => undefined);
    if (asked) {
      socket.destroy();
      return;
    }
    waiting.add(socket);
    const [oldest] = waiting;
    if (waiting.size > WAITING_LIMIT) oldest?.destroy();
    readHead(clock, socket, HELLO, HELLO_LENGTH, (head, rest) => {
      waiting.delete(socket);
      if (asked || typeof head === 'string') {
        socket.destroy();
        return;
      }
      const from = splitIdentity(head);
      // Whoever looks for another room learns nothing, not even that this is a securechat.
      if (timingSafeEqual(from.room, room)) admit(socket, from.seat, rest);
      else socket.destroy();
    });
  }

  /** Two seats: ours and one more. The same seat again replaces its own ghost, as at a relay. */
  function admit(socket: Socket, seat: Uint8Array, rest: Uint8Array): void {
    if (peer !== undefined) {
      if (!timingSafeEqual(peer.seat, seat)) {
        socket.write(Buffer.concat([ANSWER, Uint8Array.of(FULL)]));
        socket.destroySoon();
        return;
      }
      peer.link.drop();
      left();
      if (asked) {
        socket.destroy();
        return;
      }
    }
    const link = createLink(clock, socket, {
      frame: (frame) => emit({ type: 'frame', frame }),
      drain: () => emit({ type: 'drain' }),
      over: left,
    });
    peer = { link, seat };
    socket.write(Buffer.concat([ANSWER, Uint8Array.of(JOINED)]));
    control({ type: 'peer-joined' });
    link.begin(rest);
  }

  function left(): void {
    const blocked = peer?.link.blocked === true;
    peer = undefined;
    // Frames to nobody are dropped, and that never takes long.
    if (blocked) emit({ type: 'drain' });
    control({ type: 'peer-left' });
  }

  function close(): void {
    server.close();
    for (const socket of waiting) socket.destroy();
    peer?.link.close();
  }

  server.on('connection', onConnection);
  server.on('listening', () => {
    // Closed before it listened: some versions of Node listen all the same.
    if (asked) {
      server.close();
      return;
    }
    listening = true;
    emit({ type: 'open' });
    control({ type: 'joined', peer: false });
  });
  server.on('error', (error: NodeJS.ErrnoException) => {
    // Later errors are those of one connection that could not be taken.
    if (!listening) end(asked ? 'closed' : 'unreachable', `cannot listen there: ${error.code ?? error.name}`);
  });
  // When every connection has ended too.
  server.on('close', () => end('closed', ''));
  server.listen({ host, port });

  return {
    get waiting() {
      return peer?.link.waiting ?? 0;
    },
    send(frame) {
      checkFrame(frame);
      if (!listening || asked) return false;
      return peer === undefined || peer.link.send(frame);
    },
    close() {
      if (asked || ended) return;
      asked = true;
      close();
    },
  };
}
