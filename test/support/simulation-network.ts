/**
 * The network of a simulation, and the relay in it: latency, what is lost, doubled or overtaken, who has which seat. When
 * what breaks is decided by simulation.ts; no session may be in this file.
 */
import type { TransportEvent } from '../../core/ports.js';
import type { Join } from '../../core/wire/control.js';
import type { createQueue } from './event-queue.js';
import type { Side } from './pair.js';

/** One connection: two ends, of which either may be gone without the other knowing. */
export interface Wire {
  readonly side: Side;
  readonly join: Join;
  client: boolean;
  relay: boolean;
  joined: boolean;
  /** Nothing passes any more, and nobody is told. */
  hole: boolean;
  /** In order: nothing arrives before what was sent earlier. */
  lastUp: number;
  lastDown: number;
}

export interface Around {
  /** The seed's chance. */
  draw(): number;
  readonly queue: ReturnType<typeof createQueue>;
  now(): number;
  /** The share of frames that the relay loses, doubles or delays now; undefined: it is whole. */
  noise(): number | undefined;
  deliver(side: Side, event: TransportEvent): void;
  note(line: string): void;
  /** What the relay sees. */
  seen(line: string): void;
}

export interface Network {
  /** The newest connection of each side. */
  readonly wires: Map<Side, Wire>;
  connect(side: Side, join: Join): void;
  disconnect(side: Side): void;
  transmit(side: Side, frame: Uint8Array): boolean;
  hangUp(wire: Wire): void;
  clientLost(wire: Wire): void;
  relayLost(wire: Wire): void;
  /** Of the relay: it forgets everything and is away for a while. */
  restart(): void;
}

/** How long the relay lets somebody wait alone. */
const WAIT = 3_600_000;
export function createNetwork(around: Around): Network {
  const { draw, queue, now, deliver, note } = around;
  const wires = new Map<Side, Wire>();
  let rooms = new Map<string, Wire[]>();
  let relayDown = false;

  const latency = (): number => 5 + draw() * 60;

  function up(wire: Wire, act: () => void, late = 0): void {
    const at = Math.max(wire.lastUp, now() + latency());
    if (late === 0) wire.lastUp = at;
    queue.add(at + late, () => {
      if (wire.relay && !wire.hole) act();
    });
  }

  function down(wire: Wire, event: TransportEvent): void {
    const at = Math.max(wire.lastDown, now() + latency());
    wire.lastDown = at;
    queue.add(at, () => {
      if (!wire.client || wire.hole) return;
      if (wires.get(wire.side) === wire) deliver(wire.side, event);
    });
  }

  function connect(side: Side, join: Join): void {
    // As the driver does: whatever there was is closed.
    disconnect(side);
    const wire: Wire = {
      side,
      join,
      client: true,
      relay: true,
      joined: false,
      hole: false,
      lastUp: now(),
      lastDown: now(),
    };
    wires.set(side, wire);
    const noRelay = relayDown;
    queue.add(now() + 1 + latency(), () => {
      if (wires.get(side) !== wire || !wire.client) return;
      if (noRelay || relayDown) {
        wire.client = wire.relay = false;
        deliver(side, { type: 'closed', reason: 'unreachable', detail: '' });
        return;
      }
      deliver(side, { type: 'open' });
      up(wire, () => join_(wire));
    });
  }

  /** The relay hears of the end after what was sent before. */
  function hangUp(wire: Wire): void {
    up(wire, () => relayLost(wire));
  }

  /** The client closes: what it has sent before still arrives. */
  function disconnect(side: Side): void {
    const wire = wires.get(side);
    if (wire?.client !== true) return;
    queue.add(now(), () => {
      if (!wire.client) return;
      wire.client = false;
      hangUp(wire);
      if (wires.get(side) === wire) deliver(side, { type: 'closed', reason: 'closed', detail: '' });
    });
  }

  /** False: there is no connection to hand it to. */
  function transmit(side: Side, frame: Uint8Array): boolean {
    const wire = wires.get(side);
    if (wire?.client !== true) return false;
    const share = around.noise();
    const noisy = share !== undefined && draw() < share;
    const kind = draw();
    if (noisy && kind < 0.4) {
      note(`${side} frame lost by the relay`);
      return true;
    }
    up(wire, () => forward(wire, frame), noisy && kind > 0.7 ? 100 : 0);
    if (noisy && kind < 0.7) up(wire, () => forward(wire, frame));
    return true;
  }

  // -- the relay

  function join_(wire: Wire): void {
    around.seen(`${wire.side} joins ${wire.join.room} ${wire.join.seat} ${wire.join.mode}`);
    const { room, seat } = wire.join;
    const seats = rooms.get(room) ?? [];
    const ghost = seats.find((other) => other.join.seat === seat);
    if (ghost !== undefined) {
      relayLost(ghost);
      down(ghost, { type: 'closed', reason: 'lost', detail: 'replaced' });
    }
    const others = rooms.get(room) ?? [];
    if (others.length >= 2) {
      down(wire, { type: 'control', message: { type: 'error', code: 'room-full' } });
      down(wire, { type: 'closed', reason: 'lost', detail: '' });
      wire.relay = false;
      return;
    }
    wire.joined = true;
    rooms.set(room, [...others, wire]);
    down(wire, { type: 'control', message: { type: 'joined', peer: others.length === 1 } });
    for (const other of others) down(other, { type: 'control', message: { type: 'peer-joined' } });
    queue.add(now() + WAIT, () => {
      if (!wire.relay || (rooms.get(room) ?? []).length !== 1) return;
      down(wire, { type: 'closed', reason: 'lost', detail: '1000 wait-timeout' });
      relayLost(wire);
    });
  }

  function relayLost(wire: Wire): void {
    if (!wire.relay) return;
    around.seen(`${wire.side} is gone`);
    wire.relay = false;
    if (!wire.joined) return;
    const rest = (rooms.get(wire.join.room) ?? []).filter((other) => other !== wire);
    if (rest.length === 0) rooms.delete(wire.join.room);
    else rooms.set(wire.join.room, rest);
    for (const other of rest) down(other, { type: 'control', message: { type: 'peer-left' } });
  }

  function forward(wire: Wire, frame: Uint8Array): void {
    around.seen(`${wire.side} ${frame.length}`);
    if (!wire.joined) return;
    for (const other of rooms.get(wire.join.room) ?? []) {
      if (other !== wire) down(other, { type: 'frame', frame: frame.slice() });
    }
  }

  function clientLost(wire: Wire): void {
    if (!wire.client) return;
    wire.client = false;
    if (wires.get(wire.side) === wire) deliver(wire.side, { type: 'closed', reason: 'lost', detail: '' });
  }

  function restart(): void {
    relayDown = true;
    const all = [...rooms.values()].flat();
    rooms = new Map();
    for (const wire of all) {
      wire.relay = false;
      queue.add(now() + draw() * 50, () => clientLost(wire));
    }
    queue.add(now() + draw() * 10_000, () => {
      relayDown = false;
    });
  }

  return { wires, connect, disconnect, transmit, hangUp, clientLost, relayLost, restart };
}
