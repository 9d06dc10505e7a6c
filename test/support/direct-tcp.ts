/** Both sides of direct-tcp, strangers on raw sockets, and what each was told. No expectation may be here. */
import { once } from 'node:events';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { createClock } from '../../adapters/system/clock.js';
import { base64url } from '../../core/protocol/bytes.js';
import type { ClockPort, Connection, Join, TransportEvent, TransportPort } from '../../plugins/kit/define.js';
import { createDirectTcp } from '../../plugins/direct-tcp/index.js';
import { ANSWER, HELLO, identity } from '../../plugins/direct-tcp/wire.js';
import { freePort } from './free-port.js';

export const HOST = '127.0.0.1';
const realClock = createClock();

export async function listening(server: Server, host = HOST): Promise<number> {
  server.listen(0, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

export interface SideOptions {
  readonly clock?: ClockPort;
  readonly search?: { readonly ms: number; readonly intervalMs: number };
  readonly host?: string;
}

export function transport(role: 'listen' | 'connect', port: number, options: SideOptions = {}): TransportPort {
  const { clock = realClock, search = { ms: 10_000, intervalMs: 20 }, host = HOST } = options;
  return createDirectTcp({ clock, role, address: { host, port }, search });
}

export interface Side {
  readonly connection: Connection;
  readonly events: TransportEvent[];
  /** The events as words: `open`, `joined`, `peer-joined`, `frame 3`, `closed lost why`. */
  readonly said: string[];
  /** Resolves when exactly these were said since the last time it was asked. */
  says(...words: string[]): Promise<void>;
  /** Resolves with the last event. */
  readonly ended: Promise<TransportEvent>;
}

export function open(transport: TransportPort, join: Join, on?: (word: string, side: Side) => void): Side {
  const events: TransportEvent[] = [];
  const said: string[] = [];
  let asked = 0;
  let look = (): void => undefined;
  let settle: (last: TransportEvent) => void;
  const side: Side = {
    ended: new Promise((resolve) => {
      settle = resolve;
    }),
    get connection() {
      return connection;
    },
    events,
    said,
    says: (...words) =>
      new Promise((resolve, reject) => {
        look = () => {
          const fresh = said.slice(asked, asked + words.length);
          const wrong = fresh.findIndex((word, i) => word !== words[i]);
          if (wrong >= 0) reject(new Error(`said ${fresh.join(', ')} instead of ${words.join(', ')}`));
          if (wrong >= 0 || fresh.length < words.length) return;
          asked += words.length;
          look = () => undefined;
          resolve();
        };
        look();
      }),
  };
  const connection = transport.open(join, (event) => {
    events.push(event);
    const word = inWords(event);
    said.push(word);
    on?.(word, side);
    look();
    if (event.type === 'closed') settle(event);
  });
  return side;
}

function inWords(event: TransportEvent): string {
  switch (event.type) {
    case 'control': {
      const message = event.message as { type: string; peer?: boolean; code?: string };
      const what = message.peer === undefined ? (message.code ?? '') : message.peer ? 'peer' : 'nobody';
      return `${message.type} ${what}`.trimEnd();
    }
    case 'frame':
      return `frame ${Buffer.from(event.frame.subarray(0, 20)).toString('latin1')}`;
    case 'closed':
      return `closed ${event.reason} ${event.detail}`.trimEnd();
    case 'open':
    case 'drain':
      return event.type;
  }
}

export function id(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

export function newJoin(room = id(), mode: Join['mode'] = 'join'): Join {
  return { room, seat: id(), mode };
}

/** What a side that connects says first. */
export function hello(join: Join): Uint8Array {
  return Buffer.concat([HELLO, identity(join)]);
}

export function answer(status: number): Uint8Array {
  return Buffer.concat([ANSWER, Uint8Array.of(status)]);
}

export interface Stranger {
  readonly socket: Socket;
  /** What it was told so far. */
  heard(): string;
  /** Resolves with all it was told when the connection is over. */
  readonly over: Promise<string>;
}

/** A connection that says these bytes and then does nothing. */
export async function stranger(port: number, says: Uint8Array | string = ''): Promise<Stranger> {
  const socket = connect(port, HOST);
  const heard: Buffer[] = [];
  const all = () => Buffer.concat(heard).toString('latin1');
  socket.on('data', (chunk) => heard.push(chunk));
  socket.on('error', () => undefined);
  const over = new Promise<string>((resolve) => socket.on('close', () => resolve(all())));
  await once(socket, 'connect');
  if (says.length > 0) socket.write(says);
  return { socket, heard: all, over };
}

export const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

export async function waitingListener(options: SideOptions = {}) {
  const port = await freePort();
  const join = newJoin();
  const listener = open(transport('listen', port, options), join);
  await listener.says('open', 'joined nobody');
  return { port, join, listener };
}

export async function activePair(options: SideOptions = {}) {
  const { port, join, listener } = await waitingListener(options);
  const guest = newJoin(join.room);
  const connector = open(transport('connect', port), guest);
  await connector.says('open', 'joined peer');
  await listener.says('peer-joined');
  return { port, join, guest, listener, connector };
}

export async function stillTalk(a: Side, b: Side): Promise<void> {
  a.connection.send(bytes('one'));
  await b.says('frame one');
  b.connection.send(bytes('two'));
  await a.says('frame two');
}

export async function part(...sides: Side[]): Promise<void> {
  for (const side of sides) side.connection.close();
  for (const side of sides) await side.ended;
}
