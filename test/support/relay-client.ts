/** A bare client of a relay for tests: joins, collects, awaits. It knows section 3 and nothing of the rest. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { base64url } from '../../core/protocol/bytes.js';
import { type Join, joinMessage, type RelayMessage } from '../../core/wire/control.js';

export interface BareClient {
  readonly socket: WebSocket;
  readonly told: RelayMessage[];
  readonly frames: Buffer[];
  /** What came, in order: control types, and `frame`. */
  readonly order: string[];
  /** Set when the connection has ended. */
  readonly closed: { code: number; reason: string } | undefined;
  until(reached: (client: BareClient) => boolean): Promise<void>;
  /** Until the connection has ended. */
  end(): Promise<{ code: number; reason: string }>;
}

export function randomId(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

export function randomJoin(room = randomId(), mode: Join['mode'] = 'join'): Join {
  return { room, seat: randomId(), mode };
}

/** Connects and, when a join is given, joins. Resolves when the socket is open and the join is written. */
export async function bareClient(url: URL, join?: Join): Promise<BareClient> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const told: RelayMessage[] = [];
  const frames: Buffer[] = [];
  const order: string[] = [];
  const waiting = new Set<() => void>();
  let closed: BareClient['closed'];
  const look = () => {
    for (const check of waiting) check();
  };
  socket.on('message', (message, isBinary) => {
    if (isBinary) {
      frames.push(message as Buffer);
      order.push('frame');
    } else {
      const parsed = JSON.parse((message as Buffer).toString()) as RelayMessage;
      told.push(parsed);
      order.push(parsed.type);
    }
    look();
  });
  socket.on('error', () => undefined);
  socket.on('close', (code, reason) => {
    closed = { code, reason: reason.toString() };
    look();
  });
  const client: BareClient = {
    socket,
    told,
    frames,
    order,
    get closed() {
      return closed;
    },
    until: (reached) =>
      new Promise((resolve) => {
        const check = () => {
          if (!reached(client)) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    async end() {
      await client.until(() => closed !== undefined);
      if (closed === undefined) throw new Error('not closed');
      return closed;
    },
  };
  await once(socket, 'open');
  if (join !== undefined) socket.send(JSON.stringify(joinMessage(join)));
  return client;
}

/** How many pairing events the client was told. */
export function pairings(client: BareClient): number {
  return client.told.filter((m) => m.type === 'peer-joined' || (m.type === 'joined' && m.peer)).length;
}

/** Two clients of one room that both know of each other. */
export async function barePair(url: URL): Promise<readonly [BareClient, BareClient]> {
  const room = randomId();
  const pair = [await bareClient(url, randomJoin(room)), await bareClient(url, randomJoin(room))] as const;
  for (const client of pair) await client.until((self) => pairings(self) > 0);
  return pair;
}
