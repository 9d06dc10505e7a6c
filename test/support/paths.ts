/**
 * A network for direct paths in simulated time: what each side dials, who is reached, and paths that break when a test says
 * so. When anything arrives is the caller's; no session may be in this file.
 */
import type { PathCommand, PathEvent } from '../../core/path-port.js';
import type { TransportEvent } from '../../core/ports.js';

/** Where the interface of a side is. */
export const HOMES = { left: [192, 168, 7, 1], right: [192, 168, 7, 2] } as const;
const PORTS = { left: 40_001, right: 40_002 } as const;
/** What the relay says it sees of each, and what a knock there reaches. */
export const SEEN = { left: '203.0.113.1:50001', right: '203.0.113.2:50002' } as const;

type Side = 'left' | 'right';
const OTHER: Readonly<Record<Side, Side>> = { left: 'right', right: 'left' };

export interface PathsAround {
  /** Something arrives at `to`, later, in the order in which it was said, or never. */
  later(to: Side, act: () => void): void;
  path(side: Side, event: PathEvent): void;
  transport(side: Side, event: TransportEvent): void;
  /** Whether an address of an interface is reached: both are in one house. Default: yes. */
  near?: () => boolean;
  /** Whether it is heard that the other side closes. Default: yes. */
  closes?: () => boolean;
  /** Whether a message or frame gets through. Default: yes. */
  passes?: (from: Side, bytes: Uint8Array) => boolean;
}

interface End {
  readonly side: Side;
  readonly id: number;
  open: boolean;
}

interface Link {
  readonly ends: readonly [End, End];
}

export interface Paths {
  /** Everything that was dialled. */
  readonly dials: { readonly side: Side; readonly address: string; readonly punch: boolean }[];
  /** Who listens. */
  readonly listening: ReadonlySet<Side>;
  tell(side: Side, command: PathCommand): void;
  take(side: Side, id: number): void;
  /** False: this side has no direct path. */
  transmit(side: Side, frame: Uint8Array): boolean;
  disconnect(side: Side): boolean;
  /** Whether a side goes over a direct path. */
  has(side: Side): boolean;
  /** Every connection breaks. */
  cut(): void;
  /** A stranger knocks at a side, who is told of it: what it may send, and whether it was let go of. */
  knock(side: Side): { send(bytes: Uint8Array): void; readonly heard: Uint8Array[]; readonly open: boolean };
}

export function createPaths(around: PathsAround): Paths {
  const { later } = around;
  const listening = new Set<Side>();
  const dials: Paths['dials'] = [];
  let links: Link[] = [];
  const taken = new Map<Side, Link>();
  const accepted = { left: 0, right: 0 };
  const strangers = new Map<string, { readonly heard: Uint8Array[]; open: boolean }>();

  function endOf(link: Link, side: Side): End {
    const [a, b] = link.ends;
    return a.side === side ? a : b;
  }

  function find(side: Side, id: number): Link | undefined {
    return links.find((link) => endOf(link, side).id === id);
  }

  function connect(from: Side, id: number): void {
    const to = OTHER[from];
    accepted[to] -= 1;
    const ends: Link['ends'] = [
      { side: from, id, open: true },
      { side: to, id: accepted[to], open: true },
    ];
    links.push({ ends });
    around.path(to, { type: 'up', id: ends[1].id, address: SEEN[from] });
    later(from, () => {
      if (ends[0].open) around.path(from, { type: 'up', id, address: SEEN[to] });
    });
  }

  function dial(side: Side, { id, address, port, punch }: Extract<PathCommand, { type: 'dial' }>): void {
    dials.push({ side, address: `${address.join('.')}:${String(port)}`, punch });
    const to = OTHER[side];
    const home = HOMES[to].every((byte, i) => byte === address[i]) && port === PORTS[to];
    later(to, () => {
      if (home && listening.has(to) && (around.near?.() ?? true)) connect(side, id);
      else later(side, () => around.path(side, { type: 'down', id }));
    });
  }

  function close(link: Link, side: Side): void {
    const own = endOf(link, side);
    const far = endOf(link, OTHER[side]);
    if (!own.open) return;
    own.open = false;
    if (around.closes?.() === false) return;
    later(far.side, () => ended(link, far));
  }

  function ended(link: Link, end: End): void {
    if (!end.open) return;
    end.open = false;
    if (taken.get(end.side) === link) {
      taken.delete(end.side);
      around.transport(end.side, { type: 'closed', reason: 'lost', detail: '' });
    } else around.path(end.side, { type: 'down', id: end.id });
  }

  function send(link: Link, side: Side, bytes: Uint8Array): void {
    const far = endOf(link, OTHER[side]);
    if (!(around.passes?.(side, bytes) ?? true)) return;
    later(far.side, () => {
      if (!far.open) return;
      const copy = bytes.slice();
      if (taken.get(far.side) === link) around.transport(far.side, { type: 'frame', frame: copy });
      else around.path(far.side, { type: 'message', id: far.id, bytes: copy });
    });
  }

  return {
    dials,
    listening,
    tell(side, command) {
      switch (command.type) {
        case 'gather':
          listening.add(side);
          later(side, () =>
            around.path(side, {
              ...{ type: 'gathered', attempt: command.attempt, port: PORTS[side], named: [] },
              own: [{ address: Uint8Array.from(HOMES[side]), prefix: 24 }],
              relay: { address: Uint8Array.of(198, 51, 100, 1), port: 443 },
            }),
          );
          break;
        case 'dial':
          dial(side, command);
          break;
        case 'send': {
          const link = find(side, command.id);
          if (link !== undefined) send(link, side, command.bytes);
          strangers.get(`${side} ${String(command.id)}`)?.heard.push(command.bytes);
          break;
        }
        case 'drop': {
          const link = find(side, command.id);
          if (link !== undefined) close(link, side);
          const stranger = strangers.get(`${side} ${String(command.id)}`);
          if (stranger !== undefined) stranger.open = false;
          break;
        }
        case 'stop':
          listening.delete(side);
          for (const link of links) if (taken.get(side) !== link) close(link, side);
          for (const [name, stranger] of strangers) if (name.startsWith(side)) stranger.open = false;
          break;
      }
    },
    take(side, id) {
      const link = find(side, id);
      if (link === undefined) return;
      taken.set(side, link);
      if (!endOf(link, side).open) {
        later(side, () => around.transport(side, { type: 'closed', reason: 'lost', detail: '' }));
      }
    },
    transmit(side, frame) {
      const link = taken.get(side);
      if (link === undefined) return false;
      if (endOf(link, side).open) send(link, side, frame);
      return true;
    },
    disconnect(side) {
      const link = taken.get(side);
      if (link === undefined) return false;
      close(link, side);
      taken.delete(side);
      return true;
    },
    has: (side) => taken.has(side),
    cut() {
      const old = links;
      links = [];
      for (const link of old) for (const end of link.ends) later(end.side, () => ended(link, end));
    },
    knock(side) {
      accepted[side] -= 1;
      const id = accepted[side];
      const stranger = { heard: [] as Uint8Array[], open: listening.has(side) };
      strangers.set(`${side} ${String(id)}`, stranger);
      if (stranger.open) around.path(side, { type: 'up', id, address: '198.51.100.99:1234' });
      return {
        heard: stranger.heard,
        get open() {
          return stranger.open;
        },
        send: (bytes) => {
          if (stranger.open) around.path(side, { type: 'message', id, bytes: bytes.slice() });
        },
      };
    },
  };
}
