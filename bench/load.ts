/**
 * The other end of what is measured: WebSocket by hand, so that the load costs next to nothing and is the same bytes for
 * everything. Whole chunks of ready-made frames are written, and what comes back is counted in bytes. No figure is
 * judged in this file.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { base64url } from '../core/protocol/bytes.js';
import { joinMessage } from '../core/wire/control.js';
import type { Cost, Kind } from './subject.js';

const TEXT = 1;
const BINARY = 2;
/** Bytes a write: many frames, as a busy network brings them. */
const CHUNK = 64 * 1024;
/** What socket.io's own parser writes in front of bytes. */
const PLACEHOLDER = Buffer.from('451-["frame",{"_placeholder":true,"num":0}]');

export interface Subject {
  readonly kind: Kind;
  /** What it is called in the figures. */
  readonly name: string;
  readonly port: number;
  readonly child: ChildProcess;
  /** With `collect` after a garbage collection. */
  cost(collect?: boolean): Promise<Cost>;
  stop(): void;
}

const PROGRAM = path.join(path.dirname(fileURLToPath(import.meta.url)), 'subject.mjs');

export function startSubject(kind: Kind, ...more: string[]): Promise<Subject> {
  return startNamed(kind, kind, PROGRAM, ...more);
}

/** `program`: a subject.mjs of another state of the sources, to be compared in the same run. */
export async function startNamed(name: string, kind: Kind, program: string, ...more: string[]): Promise<Subject> {
  const child = fork(program, [kind, ...more], { execArgv: ['--expose-gc'] });
  const [port] = (await once(child, 'message')) as [number];
  return {
    kind,
    name,
    port,
    child,
    async cost(collect = false) {
      child.send(collect);
      const [cost] = (await once(child, 'message')) as [Cost];
      return cost;
    },
    stop: () => void child.kill(),
  };
}

/** One WebSocket message as a client writes it, masked with zeros; or as it comes back from a relay. */
function message(opcode: number, content: Uint8Array, masked: boolean): Buffer {
  const { length } = content;
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const bytes = Buffer.alloc(head + (masked ? 4 : 0) + length);
  bytes[0] = 0x80 | opcode;
  bytes[1] = (masked ? 0x80 : 0) | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (head === 4) bytes.writeUInt16BE(length, 2);
  if (head === 10) bytes.writeUInt32BE(length, 6);
  bytes.set(content, bytes.length - length);
  return bytes;
}

function frameOf(kind: Kind, size: number, masked: boolean): Buffer {
  const content = Buffer.alloc(size, 1);
  const frame = message(BINARY, content, masked);
  return kind === 'bare-socketio' ? Buffer.concat([message(TEXT, PLACEHOLDER, masked), frame]) : frame;
}

const isSocketio = (kind: Kind): boolean => kind.endsWith('socketio');
const PING = message(TEXT, Buffer.from('2'), false);
const PONG = message(TEXT, Buffer.from('3'), true);

/** Without the ping in front or at the end, which is answered. */
function answered(socket: Socket, bytes: Buffer): Buffer {
  const first = bytes.subarray(0, PING.length).equals(PING);
  if (!first && !bytes.subarray(-PING.length).equals(PING)) return bytes;
  socket.write(PONG);
  return first ? bytes.subarray(PING.length) : bytes.subarray(0, -PING.length);
}

export interface Line {
  readonly socket: Socket;
  /** Everything is told here once it is set. */
  onBytes: ((bytes: Buffer) => void) | undefined;
  /** Resolves when the text has come, ever. */
  says(text: string): Promise<void>;
}

let lines = 0;

/** A connected line: socket.io's handshake is done, no room is joined. */
async function openLine({ kind, port }: Subject): Promise<Line> {
  // Not all from one address: it has too few ports for many thousands.
  const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.0.${String(2 + (lines++ % 8))}` });
  socket.setNoDelay(true);
  await once(socket, 'connect');
  const target = isSocketio(kind) ? '/socket.io/?EIO=4&transport=websocket' : '/';
  socket.write(
    `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${String(port)}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  let heard = '';
  let waiting: (() => void) | undefined;
  const line: Line = {
    socket,
    onBytes: undefined,
    says: (text) =>
      new Promise((resolve) => {
        waiting = () => {
          if (!heard.includes(text)) return;
          waiting = undefined;
          resolve();
        };
        waiting();
      }),
  };
  socket.on('data', (read: Buffer) => {
    const bytes = isSocketio(kind) ? answered(socket, read) : read;
    if (bytes.length === 0) return;
    if (line.onBytes !== undefined) line.onBytes(bytes);
    else {
      heard += bytes.toString('latin1');
      waiting?.();
      if (waiting === undefined && heard.length > 1024) heard = '';
    }
  });
  socket.on('error', () => undefined);
  await line.says('\r\n\r\n');
  if (isSocketio(kind)) {
    await line.says('"sid"');
    socket.write(message(TEXT, Buffer.from('40'), true));
    await line.says('40{"sid"');
  }
  return line;
}

function id(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

/** Two lines that are a pair at the subject; at two subjects when a second is given. */
export async function openPair(one: Subject, two = one): Promise<readonly [Line, Line]> {
  const room = id();
  const open = async (subject: Subject): Promise<Line> => {
    const line = await openLine(subject);
    if (subject.kind.startsWith('bare')) return line;
    const join = joinMessage({ room, seat: id(), mode: 'join' });
    const text = isSocketio(subject.kind) ? `42["control",${JSON.stringify(join)}]` : JSON.stringify(join);
    line.socket.write(message(TEXT, Buffer.from(text), true));
    await line.says('"joined"');
    return line;
  };
  const a = await open(one);
  const b = await open(two);
  if (!one.kind.startsWith('bare')) await a.says('"peer-joined"');
  return [a, b];
}

/**
 * Sends `count` frames from one to the other as fast as they are taken, or, `paced`, a chunk of them when the one before has
 * come; resolves when all have come.
 */
export async function flood(
  subject: Subject,
  [a, b]: readonly [Line, Line],
  size: number,
  count: number,
  paced = false,
): Promise<number> {
  const frame = frameOf(subject.kind, size, true);
  const each = Math.max(1, Math.floor(CHUNK / frame.length));
  const chunk = Buffer.concat(Array.from({ length: each }, () => frame));
  const chunks = Math.ceil(count / each);
  const arrives = each * frameOf(subject.kind, size, false).length;
  let came = 0;
  let awaited = 0;
  let arrived = (): void => undefined;
  b.onBytes = (bytes) => {
    came += bytes.length;
    if (came >= awaited) arrived();
  };
  const until = (bytes: number): Promise<void> =>
    new Promise((resolve) => {
      awaited = bytes;
      arrived = resolve;
      if (came >= bytes) resolve();
    });
  for (let n = 0; n < chunks; n++) {
    if (!a.socket.write(chunk)) await once(a.socket, 'drain');
    if (paced) await until((n + 1) * arrives);
  }
  await until(chunks * arrives);
  b.onBytes = undefined;
  return chunks * each;
}

/** Round trips one after the other: each in ms. */
export async function roundTrips({ kind }: Subject, [a, b]: readonly [Line, Line], size: number, count: number) {
  const frame = frameOf(kind, size, true);
  const length = frameOf(kind, size, false).length;
  let [there, back] = [0, 0];
  let arrived = (): void => undefined;
  b.onBytes = (bytes) => {
    there += bytes.length;
    if (there < length) return;
    there = 0;
    b.socket.write(frame);
  };
  a.onBytes = (bytes) => {
    back += bytes.length;
    if (back < length) return;
    back = 0;
    arrived();
  };
  const times: number[] = [];
  for (let n = 0; n < count; n++) {
    const start = performance.now();
    await new Promise<void>((resolve) => {
      arrived = resolve;
      a.socket.write(frame);
    });
    times.push(performance.now() - start);
  }
  a.onBytes = b.onBytes = undefined;
  return times;
}

export function hangUp(pairs: readonly (readonly [Line, Line])[]): void {
  for (const pair of pairs) for (const { socket } of pair) socket.destroy();
}
