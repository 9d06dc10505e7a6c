/** A client of either relay for tests, over its transport: enters a room, collects, awaits. It knows section 3 only. */
import { createSocketioTransport } from '../../adapters/transport/socketio.js';
import { createWsTransport } from '../../adapters/transport/ws.js';
import type { CloseReason, Connection } from '../../core/ports.js';
import type { Join, RelayMessage } from '../../core/wire/control.js';

export type RelayKind = 'ws' | 'socketio';

export interface Visitor {
  readonly told: RelayMessage[];
  readonly frames: Uint8Array[];
  readonly closed: CloseReason | undefined;
  send(frame: Uint8Array): boolean;
  close(): void;
  /** Until this holds; rejects when the connection ends without it. */
  until(what: string, reached: (visitor: Visitor) => boolean): Promise<void>;
}

export function visit(kind: RelayKind, relay: URL, join: Join): Visitor {
  const transport = kind === 'ws' ? createWsTransport({ relay }) : createSocketioTransport({ relay });
  const told: RelayMessage[] = [];
  const frames: Uint8Array[] = [];
  const waiting = new Set<() => void>();
  let closed: CloseReason | undefined;
  const connection: Connection = transport.open(join, (event) => {
    if (event.type === 'control') told.push(event.message as RelayMessage);
    else if (event.type === 'frame') frames.push(event.frame);
    else if (event.type === 'closed') closed = event.reason;
    for (const check of [...waiting]) check();
  });
  const visitor: Visitor = {
    told,
    frames,
    get closed() {
      return closed;
    },
    send: (frame) => connection.send(frame),
    close: () => connection.close(),
    until: (what, reached) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          const done = reached(visitor);
          if (!done && closed === undefined) return;
          waiting.delete(check);
          if (done) resolve();
          else reject(new Error(`${String(closed)} without ${what}: ${JSON.stringify(told)}`));
        };
        waiting.add(check);
        check();
      }),
  };
  return visitor;
}

/** Whether it is told of a peer now: the last word about that counts. */
export function isPaired({ told }: Visitor): boolean {
  const last = told.findLast(({ type }) => type !== 'error');
  return last?.type === 'peer-joined' || (last?.type === 'joined' && last.peer);
}

/** Enters as soon as the relay is not busy any more. */
export async function enter(kind: RelayKind, relay: URL, join: Join): Promise<Visitor> {
  for (;;) {
    const visitor = visit(kind, relay, join);
    await visitor.until('an answer', ({ told, closed }) => told.length > 0 || closed !== undefined);
    const [first] = visitor.told;
    if (first?.type !== 'error' || first.code !== 'busy') return visitor;
    visitor.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
