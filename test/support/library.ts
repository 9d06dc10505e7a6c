/**
 * Two sessions of the library that meet, over a relay in memory or a real one. No expectation may be in this file.
 */
import type { ConnectOptions, Message, Session } from '../../adapters/library/api.js';
import { createConnect } from '../../adapters/library/connect.js';
import { connect } from '../../adapters/library/library.js';
import type { ClockPort, CryptoPort, TransportPort } from '../../core/ports.js';
import { createMemoryRelay, type MemoryRelay, type MemoryRelayOptions } from '../../plugins/testing/memory.js';
import { createSodium } from './sodium.js';

export interface Side {
  readonly session: Session;
  readonly crypto: CryptoPort;
}

export interface Rooms {
  readonly relay: MemoryRelay;
  /** How many connections there were, of all sides. */
  readonly connections: number;
  /** A session in this relay; its crypto is told apart. */
  enter(options?: ConnectOptions): Promise<Side>;
  /** One that makes a code, and one that types it; both are ready. */
  meet(first?: ConnectOptions, second?: ConnectOptions): Promise<readonly [Side, Side]>;
}

/** With a clock the sessions have no other one. */
export function createRooms(options: MemoryRelayOptions & { readonly clock?: ClockPort } = {}): Rooms {
  const relay = createMemoryRelay(options);
  const { clock } = options;
  let connections = 0;
  const transport: TransportPort = {
    open(join, sink) {
      connections += 1;
      return relay.transport.open(join, sink);
    },
  };
  const elsewhere = (): never => {
    throw new Error('every adapter is given');
  };
  const begin =
    clock === undefined
      ? connect
      : createConnect({ crypto: elsewhere, transport: elsewhere, sha256: elsewhere, clock });

  async function enter(given: ConnectOptions = {}): Promise<Side> {
    const crypto = createSodium();
    const session = await begin({ transport: () => transport, crypto: () => crypto, ...given });
    return { session, crypto };
  }

  return {
    relay,
    get connections() {
      return connections;
    },
    enter,
    async meet(first = {}, second = {}) {
      const one = await enter(first);
      const other = await enter({ code: one.session.code, ...second });
      // Where words are compared first, that is for the test to do.
      if (first.verify !== true && second.verify !== true) await Promise.all([one.session.ready, other.session.ready]);
      return [one, other];
    },
  };
}

/** The next `count` messages. */
export async function take(session: Session, count: number): Promise<Message[]> {
  const taken: Message[] = [];
  for await (const message of session.messages) {
    taken.push(message);
    if (taken.length === count) break;
  }
  return taken;
}

/** Everything until the session ends. */
export async function texts(session: Session, all: string[] = []): Promise<string[]> {
  for await (const { text } of session.messages) all.push(text);
  return all;
}

/** What a promise was rejected with. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('it was not rejected');
    },
    (error: unknown) => error,
  );
}

/** Resolves with the next event of this name that fits. */
export function next<Name extends Parameters<Session['on']>[0]>(
  session: Session,
  name: Name,
  fits: (event: Parameters<Parameters<typeof session.on<Name>>[1]>[0]) => boolean = () => true,
): Promise<Parameters<Parameters<typeof session.on<Name>>[1]>[0]> {
  return new Promise((resolve) => {
    const off = session.on(name, (event) => {
      if (!fits(event)) return;
      off();
      resolve(event);
    });
  });
}
