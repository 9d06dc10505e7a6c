/**
 * The side that connects. To the core it looks as if it had joined a relay: while the other side is away it looks for it
 * again, with the same hello, and tells `peer-joined` when it is back. No byte of a frame is looked at in this file.
 */
import { connect as connectTcp, type Socket } from 'node:net';
import type { ClockPort, CloseReason, Connection, TransportEvent } from 'securechat/plugin';
import type { Join, RelayMessage } from 'securechat/plugin';
import type { Address } from './address.js';
import { checkFrame } from './frame-check.js';
import { readHead } from './head.js';
import { createLink, type Link } from './link.js';
import * as wire from './wire.js';

/** How long the other side is looked for before it counts as not there, and how often, milliseconds. */
export interface Search {
  readonly ms: number;
  readonly intervalMs: number;
}

export function connect(
  { host, port }: Address,
  clock: ClockPort,
  join: Join,
  sink: (event: TransportEvent) => void,
  search: Search,
): Connection {
  const hello = Buffer.concat([wire.HELLO, wire.identity(join)]);
  let socket: Socket | undefined;
  let link: Link | undefined;
  let opened = false;
  let asked = false;
  let ended = false;
  let cancelRetry = (): void => undefined;

  function emit(event: TransportEvent): void {
    if (!asked && !ended) sink(event);
  }

  function control(message: RelayMessage): void {
    emit({ type: 'control', message });
  }

  function end(reason: CloseReason, detail: string): void {
    if (ended) return;
    cancelRetry();
    ended = true;
    sink({ type: 'closed', reason: asked ? 'closed' : opened ? 'lost' : reason, detail });
  }

  /** Looks for the other side until it answers or the time is over. */
  function look({ ms, intervalMs }: Search): void {
    const until = clock.now() + ms;
    const once = (): void =>
      tryOnce((problem) => {
        const again = clock.now() + intervalMs;
        if (problem.final || again > until) end(problem.reason, problem.detail);
        else cancelRetry = clock.wakeAt(again, once);
      });
    once();
  }

  function tryOnce(failed: (problem: Problem) => void): void {
    let connected = false;
    let code = '';
    const current = connectTcp({ host, port });
    socket = current;
    current.on('error', (error: NodeJS.ErrnoException) => {
      code ||= error.code ?? error.name;
    });
    current.once('connect', () => {
      connected = !isItself(current);
      if (connected) current.write(hello);
      else current.destroy();
    });
    readHead(clock, current, wire.ANSWER, wire.ANSWER_LENGTH, (head, rest) => {
      if (asked || ended) return;
      const status = typeof head === 'string' ? undefined : head[0];
      if (status === wire.JOINED) return joined(current, rest);
      current.destroy();
      if (status === wire.FULL) full();
      else if (head !== 'silent') failed({ reason: 'rejected', detail: 'something else answers', final: true });
      // It may be between two rooms, or have a connection of somebody else for a moment.
      else if (connected) failed({ reason: 'rejected', detail: 'no answer, or not for this code', final: false });
      else failed({ reason: 'unreachable', detail: code || 'time-out', final: code === 'ENOTFOUND' && !opened });
    });
  }

  function joined(current: Socket, rest: Uint8Array): void {
    link = createLink(clock, current, {
      frame: (frame) => emit({ type: 'frame', frame }),
      drain: () => emit({ type: 'drain' }),
      over,
    });
    if (opened) control({ type: 'peer-joined' });
    else {
      open();
      control({ type: 'joined', peer: true });
    }
    link.begin(rest);
  }

  function open(): void {
    opened = true;
    emit({ type: 'open' });
  }

  function full(): void {
    if (!opened) open();
    control({ type: 'error', code: 'room-full' });
    if (!asked) end('lost', 'room-full');
  }

  function over(how: 'left' | 'lost' | 'closed', why: string): void {
    const blocked = link?.blocked === true;
    link = undefined;
    if (asked || how !== 'left') return end('lost', why);
    if (blocked) emit({ type: 'drain' });
    control({ type: 'peer-left' });
    if (!isAsked()) look(search);
  }

  /** `emit` may have led to `close`. */
  function isAsked(): boolean {
    return asked;
  }

  // Nobody can answer to a code that was made here before it is told: the room is open at once, as at a relay.
  if (join.mode === 'create') {
    queueMicrotask(() => {
      if (asked) return;
      open();
      control({ type: 'joined', peer: false });
      if (!isAsked()) look({ ms: wire.WAIT_MS, intervalMs: wire.WAIT_INTERVAL_MS });
    });
  } else look(search);

  return {
    get waiting() {
      return link?.waiting ?? 0;
    },
    send(frame) {
      checkFrame(frame);
      if (!opened || asked || ended) return false;
      // While the other side is away frames are dropped, as at a relay.
      return link === undefined || link.send(frame);
    },
    close() {
      if (asked || ended) return;
      asked = true;
      if (link !== undefined) return link.close();
      socket?.destroy();
      queueMicrotask(() => end('closed', ''));
    },
  };
}

/** Why one try failed; `final`: another one would fail too. */
interface Problem {
  readonly reason: CloseReason;
  readonly detail: string;
  readonly final: boolean;
}

/**
 * TCP lets a socket connect to itself when it tries a free port of its own machine often enough and is given just that
 * port for its own end. Then the port is free, and this socket must not keep the other side from listening there.
 */
export function isItself(ends: Pick<Socket, 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'>): boolean {
  return ends.localPort === ends.remotePort && ends.localAddress === ends.remoteAddress;
}
