/**
 * A relay and its transport in memory, on the same room machine as the real relays: for tests, with time, latency, loss
 * and order in the hands of the test. No socket may be in this file, and nothing in it depends on chance.
 */
import { LocalProtocolError } from '../../core/errors.js';
import type { ClockPort, CloseReason, TransportEvent, TransportPort } from '../../core/ports.js';
import { createDeadlines, type Due, NOT_DUE } from '../../core/relay/deadlines.js';
import type { RoomLimits } from '../../core/relay/limits.js';
import { createRooms } from '../../core/relay/rooms.js';
import type { Member, RoomEffect } from '../../core/relay/seats.js';
import { FRAME_LIMIT, joinMessage, WAITING_LIMIT, WAITING_MARK } from '../../core/wire/control.js';

/** One way of one client: `client` counts the calls of `open` from 0. */
export interface Leg {
  readonly client: number;
  /** up: to the relay. down: from the relay. */
  readonly direction: 'up' | 'down';
}

export interface Delivery {
  readonly frame: Uint8Array;
  /** Milliseconds. What has the same time arrives in the order in which it was sent. */
  readonly delayMs: number;
}

export interface MemoryRelayOptions {
  /** `wakeAt` must not call back before it has returned. Default: the real time. */
  readonly clock?: Pick<ClockPort, 'now' | 'wakeAt'>;
  readonly limits?: Partial<RoomLimits>;
  /** What becomes of a frame on one leg: nothing, one or several deliveries. Default: itself, at once. */
  readonly onFrame?: (frame: Uint8Array, leg: Leg) => readonly Delivery[];
  /** Latency of a control message on one leg, milliseconds. Control never overtakes a frame, nor is overtaken. */
  readonly controlDelayMs?: (leg: Leg) => number;
}

export interface MemoryRelay {
  readonly transport: TransportPort;
  /** Breaks a client's connection: what is under way to and from it is lost, both ends notice. */
  cut(client: number): void;
  /** Every client is told `shutting-down` and closed; from now on the relay is unreachable. */
  close(): void;
  readonly counts: { readonly members: number; readonly rooms: number; readonly addresses: number };
}

interface Task extends Due {
  readonly run: () => void;
}

/** One direction in time: `floor`, the last control message, which nothing overtakes; `latest`, the last of all. */
interface Way {
  readonly leg: Leg;
  floor: number;
  latest: number;
}

interface Client {
  readonly sink: (event: TransportEvent) => void;
  readonly up: Way;
  readonly down: Way;
  /** The relay's side; undefined before it is connected and after it is gone. */
  member: Member<Client> | undefined;
  state: 'opening' | 'open' | 'closed';
  asked: boolean;
  /** Its end has yet to notice. */
  broken: boolean;
  blocked: boolean;
  /** Bytes sent in this turn, and those that have arrived while the relay holds this sender. */
  waiting: number;
  /** What the relay does not read while it holds this sender for its rate. */
  readonly unread: (() => void)[];
}

export function createMemoryRelay(options: MemoryRelayOptions = {}): MemoryRelay {
  const clock = options.clock ?? realTime;
  const onFrame = options.onFrame ?? ((frame: Uint8Array) => [{ frame, delayMs: 0 }]);
  const controlDelayMs = options.controlDelayMs ?? (() => 0);
  const rooms = createRooms<Client>({
    // Everybody has the same address here, and a peer of the same address does not count as met.
    limits: { failedJoins: 1_000_000_000, ...options.limits },
    hashSeat: (seat) => seat,
    // Any ticket is good here: the work is nobody's concern in memory.
    challenge: () => 'A'.repeat(43),
    digest: () => new Uint8Array(64),
  });
  const agenda = createDeadlines<Task>();
  const clients: Client[] = [];
  let down = false;
  let armed: { readonly at: number; readonly cancel: () => void } | undefined;

  function post(at: number, run: () => void): void {
    agenda.set({ run, at, order: 0, place: NOT_DUE }, at);
    arm();
  }

  function arm(): void {
    const at = Math.min(agenda.next, rooms.wakeAt ?? Number.POSITIVE_INFINITY);
    if (armed?.at === at) return;
    armed?.cancel();
    armed = at === Number.POSITIVE_INFINITY ? undefined : { at, cancel: clock.wakeAt(at, work) };
  }

  function work(): void {
    armed = undefined;
    const now = clock.now();
    for (let task = agenda.take(now); task !== undefined; task = agenda.take(now)) task.run();
    perform(rooms.wake(now));
  }

  function perform(effects: readonly RoomEffect<Client>[]): void {
    for (const effect of effects) {
      const { to } = effect;
      if (effect.type === 'resume') readOn(to);
      else if (effect.type === 'send') {
        const { message } = effect;
        inOrder(to.down, () => {
          emit(to, { type: 'control', message });
        });
      } else {
        inOrder(to.down, () => {
          hangUp(to);
          end(to, 'lost', effect.why);
        });
      }
    }
    arm();
  }

  /** After everything that is under way. */
  function inOrder(way: Way, run: () => void): void {
    way.floor = way.latest = Math.max(way.latest, clock.now() + controlDelayMs(way.leg));
    post(way.floor, run);
  }

  /** Sends a frame on its way; `run` gets each delivery. */
  function travel(way: Way, frame: Uint8Array, run: (frame: Uint8Array) => void): void {
    for (const delivery of onFrame(new Uint8Array(frame), way.leg)) {
      const at = Math.max(way.floor, clock.now() + delivery.delayMs);
      way.latest = Math.max(way.latest, at);
      post(at, () => {
        run(delivery.frame);
      });
    }
  }

  function emit(client: Client, event: TransportEvent): void {
    if (client.state === 'open' && !client.asked) client.sink(event);
  }

  function end(client: Client, reason: CloseReason, detail: string): void {
    if (client.state === 'closed') return;
    client.state = 'closed';
    client.sink({ type: 'closed', reason: client.asked ? 'closed' : reason, detail });
  }

  function cut(client: Client, why: string): void {
    hangUp(client);
    client.broken = true;
    client.unread.length = 0;
    post(clock.now(), () => {
      end(client, 'lost', why);
    });
  }

  function hangUp(client: Client): void {
    const { member } = client;
    client.member = undefined;
    if (member !== undefined) perform(rooms.disconnect(member, clock.now()));
  }

  function send(client: Client, join: Parameters<TransportPort['open']>[0]): void {
    const { member } = client;
    inOrder(client.up, () => {
      if (member === undefined || client.member !== member) return;
      perform(rooms.control(member, joinMessage(join), clock.now()));
    });
  }

  function connect(client: Client, join: Parameters<TransportPort['open']>[0]): void {
    if (client.state !== 'opening') return;
    if (client.asked || down) {
      end(client, 'unreachable', 'no relay');
      return;
    }
    client.state = 'open';
    const { member, effects } = rooms.connect(client, 'memory', clock.now());
    client.member = member;
    send(client, join);
    emit(client, { type: 'open' });
    perform(effects);
  }

  /** A frame has reached the relay, which reads it unless it holds the sender. */
  function arrive(client: Client, frame: Uint8Array): void {
    if (client.member?.held !== true) return relayFrame(client, frame);
    client.waiting += frame.length;
    client.unread.push(() => {
      taken(client, frame.length);
      relayFrame(client, frame);
    });
  }

  function readOn(client: Client): void {
    while (client.member?.held !== true) {
      const run = client.unread.shift();
      if (run === undefined) return;
      run();
    }
  }

  function relayFrame(client: Client, frame: Uint8Array): void {
    const to = client.member === undefined ? undefined : rooms.frame(client.member, clock.now(), frame.length);
    if (to === undefined) return;
    travel(to.down, frame, (delivered) => {
      emit(to, { type: 'frame', frame: new Uint8Array(delivered) });
    });
  }

  function taken(client: Client, bytes: number): void {
    client.waiting -= bytes;
    if (client.broken || !client.blocked || client.waiting > WAITING_MARK) return;
    client.blocked = false;
    emit(client, { type: 'drain' });
  }

  const transport: TransportPort = {
    open(join, sink) {
      const way = (direction: Leg['direction']): Way => ({
        leg: { client: clients.length, direction },
        floor: 0,
        latest: 0,
      });
      const client: Client = {
        sink,
        up: way('up'),
        down: way('down'),
        member: undefined,
        state: 'opening',
        asked: false,
        broken: false,
        blocked: false,
        waiting: 0,
        unread: [],
      };
      clients.push(client);
      post(clock.now(), () => {
        connect(client, join);
      });
      return {
        get waiting() {
          return client.state === 'open' && !client.broken ? client.waiting : 0;
        },
        join(again) {
          if (client.state === 'open' && !client.asked) send(client, again);
        },
        send(frame) {
          if (frame.length === 0 || frame.length > FRAME_LIMIT) {
            throw new LocalProtocolError('a frame has 1 to 73728 bytes');
          }
          if (client.state !== 'open' || client.asked || client.broken) return false;
          const bytes = frame.length;
          if (client.waiting + bytes > WAITING_LIMIT) {
            cut(client, 'the relay does not read');
            return false;
          }
          client.waiting += bytes;
          client.blocked = client.waiting > WAITING_MARK;
          post(clock.now(), () => {
            taken(client, bytes);
          });
          travel(client.up, frame, (arrived) => {
            arrive(client, arrived);
          });
          return !client.blocked;
        },
        close() {
          if (client.asked || client.state === 'closed') return;
          client.asked = true;
          inOrder(client.up, () => {
            // What was sent before goes out also when the relay was holding this sender.
            for (const run of client.unread.splice(0)) run();
            hangUp(client);
            end(client, 'closed', '');
          });
        },
      };
    },
  };

  return {
    transport,
    cut(index) {
      const client = clients[index];
      if (client === undefined) throw new LocalProtocolError('no such client');
      cut(client, 'cut');
    },
    close() {
      down = true;
      perform(rooms.shutdown(clock.now()));
    },
    get counts() {
      return rooms.counts;
    },
  };
}

const realTime: Pick<ClockPort, 'now' | 'wakeAt'> = {
  now: () => performance.now(),
  wakeAt(at, wake) {
    const wait = at - performance.now();
    if (wait <= 0) {
      const immediate = setImmediate(wake);
      return () => {
        clearImmediate(immediate);
      };
    }
    const timer = setTimeout(wake, Math.ceil(wait));
    return () => {
      clearTimeout(timer);
    };
  },
};
