/**
 * Several relays, the place that they share and their clients, without a socket and without a clock: everything that is
 * under way lies in a queue and arrives when the test says so. The place does what the scripts of adapters/relay/scripts.ts
 * do. What must never happen throws here; nothing else is expected in this file.
 */
import { createCluster } from '../../core/relay/cluster.js';
import { createFigures } from '../../core/relay/figures.js';
import type { Claim, ClusterNews, Holding } from '../../core/relay/cluster-port.js';
import type { RoomLimits } from '../../core/relay/limits.js';
import { createRooms } from '../../core/relay/rooms.js';
import type { Member, RoomEffect, Rooms } from '../../core/relay/seats.js';
import { joinMessage, type RelayErrorCode } from '../../core/wire/control.js';
import { GENEROUS } from './relay.js';

const LEASE = 100;

export interface Client {
  readonly relay: number;
  readonly room: number;
  readonly seat: number;
  readonly address: string;
  readonly refused: string[];
  joined: boolean;
  closed: boolean;
  /** Between peer-joined and peer-left: how often it was paired. */
  paired: boolean;
  pairings: number;
  held: boolean;
  /** Of the frames that came in this pairing: who sent them, and the last number. */
  from: Client | undefined;
  last: number;
  sent: number;
}

type Provocation = (rooms: Rooms<Client>, member: Member<Client>, now: number) => readonly RoomEffect<Client>[];
interface Seat {
  readonly instance: string;
  readonly number: number;
}

function fail(why: string): never {
  throw new Error(why);
}

function id(n: number): string {
  return `${'A'.repeat(36)}${String(n).padStart(6, '0')}A`;
}

/** `strict`: limits that are not generous. */
export function simulateCluster(count: number, strict: Partial<RoomLimits> = {}) {
  let now = 0;
  let names = 0;
  /** The place: rooms, leases. */
  let rooms = new Map<string, Map<string, Seat>>();
  let leases = new Map<string, number>();
  let running = true;
  const clients: Client[] = [];

  function lives(instance: string): boolean {
    return (leases.get(instance) ?? -1) >= now;
  }

  function seatsOf(room: string): Map<string, Seat> {
    const seats = rooms.get(room) ?? new Map<string, Seat>();
    rooms.set(room, seats);
    for (const [hash, { instance }] of seats) if (!lives(instance)) seats.delete(hash);
    return seats;
  }

  function tell(room: string, also?: string): void {
    const seats = [...seatsOf(room)].map(([hash, seat]): Holding => ({ hash, ...seat }));
    if (seats.length > 2) fail('three seats in one room');
    const to = new Set([...seats.map(({ instance }) => instance), ...(also === undefined ? [] : [also])]);
    for (const node of nodes) if (to.has(node.subscribed)) node.inbox.push((news) => news.state(room, seats));
  }

  function claim(instance: string, { room, hash, mode, number }: Claim): RelayErrorCode | 'replaced' | 'ok' {
    if (!lives(instance)) return 'busy';
    const seats = seatsOf(room);
    const before = seats.get(hash);
    const same = before?.instance === instance && before.number === number;
    if (before === undefined) {
      if (seats.size > 0 && mode === 'create') return 'room-taken';
      if (seats.size > 1) return 'room-full';
    } else if (mode === 'keep' && !same) return 'replaced';
    if (mode === 'keep' && same) return 'ok';
    seats.set(hash, { instance, number });
    tell(room, before?.instance);
    return 'ok';
  }

  /** One relay. Commands wait in `outbox`, what its line brings in `inbox`; both lose everything when the line breaks. */
  function startNode() {
    let news: ClusterNews | undefined;
    let up = false;
    let old = '';
    const node = {
      alive: true,
      subscribed: '',
      inbox: [] as ((news: ClusterNews) => void)[],
      outbox: [] as (() => void)[],
      members: new Map<Client, Member<Client>>(),
      /** The line is there, as far as the relay knows. */
      get up() {
        return up;
      },
      cut(): void {
        node.inbox.length = node.outbox.length = 0;
        old = node.subscribed;
        node.subscribed = '';
        if (!up) return;
        up = false;
        news?.down();
      },
      connect(): void {
        if (up || !running || !node.alive) return;
        names += 1;
        node.subscribed = String(names).padStart(22, '0');
        leases.delete(old);
        leases.set(node.subscribed, now + LEASE);
        up = true;
        news?.up(node.subscribed);
      },
      renew(): void {
        if (!up) return;
        if (!lives(node.subscribed)) return node.cut();
        leases.set(node.subscribed, now + LEASE);
        const known = [...leases].filter(([, until]) => until >= now).map(([name]) => name);
        node.inbox.push((to) => to.live(known));
      },
      /** The process is gone, and its clients' connections with it. */
      kill(): void {
        node.alive = false;
        up = false;
        node.subscribed = '';
        node.inbox.length = node.outbox.length = 0;
        for (const client of node.members.keys()) {
          client.closed = true;
          client.paired = false;
        }
      },
      refresh: () => news?.refresh(),
      frame(client: Client, frame: Uint8Array): void {
        const member = node.members.get(client) ?? fail('no such member');
        const to = machine.frame(member, now, frame.length);
        if (to === undefined) cluster.send(member, frame);
        else receive(to, frame);
      },
      open(client: Client, mode: 'create' | 'join'): void {
        const { member, effects } = machine.connect(client, client.address, now);
        node.members.set(client, member);
        perform(effects);
        const join = { room: id(client.room), seat: id(client.seat), mode };
        perform(machine.control(member, joinMessage(join), now));
      },
      hangUp(client: Client): void {
        const member = node.members.get(client);
        if (member !== undefined) perform(machine.disconnect(member, now));
        node.members.delete(client);
      },
      provoke: (client: Client, by: Provocation) => perform(by(machine, node.members.get(client)!, now)),
      step(box: 'inbox' | 'outbox'): boolean {
        const first = node[box].shift();
        if (first !== undefined && news !== undefined) first(news);
        return first !== undefined;
      },
    };

    const ask = (command: () => void): void => void node.outbox.push(command);
    const cluster = createCluster<Client>(
      {
        perform,
        deliver(frame, to) {
          receive(to, frame);
          return true;
        },
        restrain: (from) => void (from.held = true),
        release: (from) => void (from.held = false),
        now: () => now,
        trace: ({ address }) => address.key.charCodeAt(0),
        rooms: () => machine,
      },
      (given) => {
        news = given;
        return {
          claim(claims) {
            for (const each of claims) {
              const as = node.subscribed;
              ask(() => {
                const answer = claim(as, each);
                if (answer !== 'ok') node.inbox.push((to) => to.refused(each, answer));
              });
            }
          },
          release({ room, hash, number }) {
            const as = node.subscribed;
            ask(() => {
              const seats = seatsOf(room);
              const held = seats.get(hash);
              if (held?.instance !== as || held.number !== number) return;
              seats.delete(hash);
              tell(room);
            });
          },
          publish(to, message) {
            const bytes = Uint8Array.from(message);
            ask(() => {
              const heard = nodes.find(({ subscribed }) => subscribed === to);
              if (heard === undefined) node.inbox.push((own) => own.unheard(to));
              else heard.inbox.push((own) => own.message(bytes));
            });
          },
          defer: () => ask(() => news?.flush()),
          close: () => Promise.resolve(),
        };
      },
      createFigures(),
    );
    const machine: Rooms<Client> = createRooms<Client>({
      limits: { ...GENEROUS, joinTimeoutMs: 1e9, waitTimeoutMs: 1e9, idleTimeoutMs: 1e9, ...strict },
      hashSeat: (seat) => `hash of ${seat}`,
      challenge: () => 'A'.repeat(43),
      digest: () => fail('no tickets here'),
      claims: cluster.claims,
    });

    function perform(effects: readonly RoomEffect<Client>[]): void {
      for (const effect of effects) {
        const { to } = effect;
        if (to.closed) fail('something for a closed connection');
        if (effect.type === 'send') hear(to, effect.message);
        else if (effect.type === 'close') {
          to.closed = true;
          to.paired = false;
          // The connection goes at once.
          queueHangUp.push(() => node.hangUp(to));
        }
      }
    }
    return node;
  }

  const queueHangUp: (() => void)[] = [];

  function hear(to: Client, message: { readonly type: string; readonly peer?: boolean; readonly code?: string }): void {
    if (message.type === 'joined') {
      if (to.joined) fail('joined twice');
      to.joined = true;
      if (message.peer === true) pair(to);
    } else if (message.type === 'peer-joined') {
      if (!to.joined || to.paired) fail('a pairing without a parting');
      pair(to);
    } else if (message.type === 'peer-left') {
      if (!to.paired) fail('a parting without a pairing');
      to.paired = false;
    } else to.refused.push(message.code ?? '');
  }

  function pair(to: Client): void {
    to.paired = true;
    to.pairings += 1;
    to.from = undefined;
    to.last = -1;
    to.sent = 0;
  }

  /** A frame is the number of its sender, of the sender's pairing, and of the frame within it. */
  function receive(to: Client, frame: Uint8Array): void {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    const from = clients[view.getUint32(0)] ?? fail('a frame of nobody');
    if (!to.paired || to.closed) fail('a frame without a peer');
    if (from === to || from.room !== to.room || from.seat === to.seat) fail('a frame of another room, or its own');
    if (to.from !== undefined && to.from !== from) fail('frames of two peers in one pairing');
    to.from = from;
    const number = view.getUint32(4);
    if (number !== to.last + 1 && to.last !== -1) fail('a frame is missing');
    to.last = number;
  }

  const nodes = Array.from({ length: count }, startNode);
  for (const node of nodes) node.connect();

  function sweep(): void {
    for (const hangUp of queueHangUp.splice(0)) hangUp();
  }

  return {
    nodes,
    clients,
    join(
      relay: number,
      room: number,
      seat: number,
      mode: 'create' | 'join' = 'join',
      address = 'home',
    ): Client | undefined {
      const node = nodes[relay];
      if (node?.alive !== true) return undefined;
      const client: Client = {
        relay,
        room,
        seat,
        address,
        refused: [],
        joined: false,
        closed: false,
        paired: false,
        pairings: 0,
        held: false,
        from: undefined,
        last: -1,
        sent: 0,
      };
      clients.push(client);
      node.open(client, mode);
      sweep();
      return client;
    },
    leave(client: Client): void {
      if (client.closed) return;
      client.closed = true;
      client.paired = false;
      nodes[client.relay]?.hangUp(client);
      sweep();
    },
    provoke: (client: Client, by: Provocation) => nodes[client.relay]?.provoke(client, by),
    send(client: Client, length = 8): void {
      if (client.closed || !client.paired || client.held) return;
      const frame = new Uint8Array(length);
      const view = new DataView(frame.buffer);
      view.setUint32(0, clients.indexOf(client));
      view.setUint32(4, client.sent++);
      nodes[client.relay]?.frame(client, frame);
      sweep();
    },
    /** One thing that is under way arrives: a command at the place, or its news at a relay. */
    step(relay: number, box: 'inbox' | 'outbox'): boolean {
      const node = nodes[relay];
      const moved = running && node?.step(box) === true;
      sweep();
      return moved;
    },
    cut(relay: number): void {
      nodes[relay]?.cut();
      sweep();
    },
    connect: (relay: number) => nodes[relay]?.connect(),
    kill: (relay: number) => nodes[relay]?.kill(),
    pass(ms: number): void {
      now += ms;
    },
    renew(relay: number): void {
      nodes[relay]?.renew();
      sweep();
    },
    crash(): void {
      running = false;
      rooms = new Map();
      leases = new Map();
      for (const node of nodes) node.cut();
      sweep();
    },
    restart(): void {
      running = true;
    },
    /** Everything is well again, and everything under way arrives. */
    settle(): void {
      running = true;
      for (let round = 0; round < 4; round++) {
        for (const node of nodes) {
          node.connect();
          node.renew();
          node.refresh();
        }
        for (let moving = true, steps = 0; moving; steps++) {
          if (steps > 10_000) fail('it does not come to rest');
          moving = false;
          for (const node of nodes) {
            for (const box of ['outbox', 'inbox'] as const) while (node.step(box)) moving = true;
            sweep();
          }
        }
        now += LEASE / 2;
      }
    },
    /** Throws when what relays and clients believe is not one and the same. */
    check(): void {
      for (const [room, seats] of rooms) {
        const here = clients.filter((client) => client.joined && !client.closed && id(client.room) === room);
        const live = [...seats.values()].filter(({ instance }) => lives(instance));
        if (here.length > 2) fail('three clients in one room');
        if (live.length !== here.length) fail(`${String(live.length)} seats and ${String(here.length)} clients`);
        for (const { paired } of here) if (paired !== (here.length === 2)) fail('a pair that does not know of it');
      }
      for (const { joined, closed, refused } of clients) {
        if (!joined && !closed && refused.length === 0) fail('a client without an answer');
      }
    },
  };
}
