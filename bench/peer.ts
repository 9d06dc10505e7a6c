/**
 * One of two people in a process of its own: a client of ours, or a bare socket that does the same exchanges without any
 * cryptography. `node peer.mjs <kind>`; what it is to do comes as messages, one at a time, each answered with its figures.
 * No figure is judged in this file.
 */
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { createSodiumCrypto } from '../adapters/crypto/sodium.js';
import { createTweetnaclCrypto } from '../adapters/crypto/tweetnacl.js';
import { createSocketioTransport } from '../adapters/transport/socketio.js';
import { createWsTransport } from '../adapters/transport/ws.js';
import { active, client, type Client } from './client.js';

export const KINDS = ['ws sodium', 'ws tweetnacl', 'socketio sodium', 'bare-ws', 'bare-socketio'] as const;
export type PeerKind = (typeof KINDS)[number];

export type Order =
  | { readonly do: 'join'; readonly port: number; readonly room: string; readonly first: boolean }
  | { readonly do: 'echo' | 'leave' }
  /** Round trips, one after the other. */
  | { readonly do: 'trips'; readonly count: number }
  | { readonly do: 'send'; readonly count: number }
  /** Answers when so many messages have come since this order. */
  | { readonly do: 'await'; readonly count: number };

/** Bytes of a message, and of the smallest frame, which holds it. */
const TEXT = 128;
const FRAME = 1_280;
/** What crosses until both sides of a handshake know that they have the same keys, bytes. */
const CROSSINGS = [66, 66, 1_234, 1_442, 322, FRAME];
/** A bare socket has come. */
const HERE = new Uint8Array(1);

interface Peer {
  join(order: Extract<Order, { do: 'join' }>): Promise<void>;
  send(): void;
  onMessage: () => void;
  leave(): Promise<void>;
}

function ours(transport: string, crypto: string): Peer {
  let running: Client | undefined;
  const message = (): Uint8Array => new Uint8Array(TEXT).fill(120);
  const self: Peer = {
    onMessage: () => undefined,
    async join({ port, room }) {
      const relay = new URL(`ws://127.0.0.1:${String(port)}`);
      running = client(port, room, {
        crypto: crypto === 'sodium' ? await createSodiumCrypto() : createTweetnaclCrypto(),
        transport: transport === 'ws' ? createWsTransport({ relay }) : createSocketioTransport({ relay }),
      });
      await active(running);
      running.onView = (view) => {
        if (view.type === 'message') self.onMessage();
      };
    },
    send: () => running?.say({ type: 'send', text: message() }),
    async leave() {
      running?.say({ type: 'quit' });
      await running?.chat.done;
    },
  };
  return self;
}

/** What a bare socket of either library can. */
interface Bare {
  write(bytes: Uint8Array): void;
  onFrame: (length: number) => void;
  close(): void;
}

async function bareWs(port: number): Promise<Bare> {
  const socket = new WebSocket(`ws://127.0.0.1:${String(port)}`, { perMessageDeflate: false });
  const self: Bare = {
    onFrame: () => undefined,
    write: (bytes) => socket.send(bytes),
    close: () => socket.terminate(),
  };
  socket.on('message', (data: Buffer) => self.onFrame(data.length));
  await once(socket, 'open');
  return self;
}

async function bareSocketio(port: number): Promise<Bare> {
  const socket = io(`http://127.0.0.1:${String(port)}`, { transports: ['websocket'], reconnection: false });
  const self: Bare = {
    onFrame: () => undefined,
    write: (bytes) => void socket.emit('frame', bytes),
    close: () => void socket.disconnect(),
  };
  socket.on('frame', (data: Buffer) => self.onFrame(data.length));
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  return self;
}

function bare(open: (port: number) => Promise<Bare>): Peer {
  let socket: Bare | undefined;
  const self: Peer = {
    onMessage: () => undefined,
    async join({ port, first }) {
      const opened = await open(port);
      socket = opened;
      await new Promise<void>((resolve) => {
        const own = CROSSINGS.filter((_, n) => n % 2 === (first ? 0 : 1));
        let begun = false;
        opened.onFrame = (length) => {
          if (length === 1) {
            if (!first && !begun) opened.write(HERE);
            if (!first || begun) return;
          }
          begun = true;
          const size = own.shift();
          if (size !== undefined) opened.write(new Uint8Array(size));
          if (own.length === 0) resolve();
        };
        // What the earlier of the two says is not forwarded, because nobody is there yet; the later one is heard.
        opened.write(HERE);
      });
      opened.onFrame = () => self.onMessage();
    },
    send: () => socket?.write(new Uint8Array(FRAME)),
    leave() {
      socket?.close();
      return Promise.resolve();
    },
  };
  return self;
}

const MAKE: Readonly<Record<PeerKind, () => Peer>> = {
  'ws sodium': () => ours('ws', 'sodium'),
  'ws tweetnacl': () => ours('ws', 'tweetnacl'),
  'socketio sodium': () => ours('socketio', 'sodium'),
  'bare-ws': () => bare(bareWs),
  'bare-socketio': () => bare(bareSocketio),
};

const peer = MAKE[process.argv[2] as PeerKind]();

async function obey(order: Order): Promise<readonly number[]> {
  switch (order.do) {
    case 'join':
      await peer.join(order);
      return [];
    case 'echo':
      peer.onMessage = () => peer.send();
      return [];
    case 'trips': {
      const times: number[] = [];
      for (let n = 0; n < order.count; n++) {
        const start = performance.now();
        await new Promise<void>((resolve) => {
          peer.onMessage = resolve;
          peer.send();
        });
        times.push(performance.now() - start);
      }
      return times;
    }
    case 'send':
      for (let n = 0; n < order.count; n++) peer.send();
      return [];
    case 'await':
      return new Promise((resolve) => {
        let come = 0;
        peer.onMessage = () => {
          if (++come === order.count) resolve([]);
        };
      });
    case 'leave':
      await peer.leave();
      return [];
  }
}

process.on('message', (order: Order) => {
  void obey(order).then((figures) => process.send?.(figures));
});
process.on('disconnect', () => process.exit());
process.send?.([]);
