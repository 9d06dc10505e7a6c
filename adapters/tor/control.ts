/**
 * The control port of the Tor daemon on this machine: authenticate, make one onion service that lives as long as this
 * connection. Replies are bounded and parsed strictly; the cookie is proven, never sent. Nothing of a chat may be known in
 * this file.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { SecurechatError } from '../../core/errors.js';

/** For connecting, and for each reply, milliseconds. */
export const CONTROL_TIMEOUT_MS = 5_000;
/** Bytes of one reply, all its lines together. */
export const REPLY_LIMIT = 16 * 1024;
/** From the service to its first descriptor at a directory, milliseconds; afterwards it is told all the same. */
export const PUBLISH_TIMEOUT_MS = 60_000;
/** Bytes of a control cookie. */
const COOKIE_LENGTH = 32;

/** Where a control port is looked for, in this order: Debian's socket, the usual port, that of the Tor Browser. */
export const CONTROL_PLACES: readonly ControlPlace[] = [
  { path: '/run/tor/control' },
  { host: '127.0.0.1', port: 9051 },
  { host: '127.0.0.1', port: 9151 },
];
/** Where Tor answers programs when it runs at all. */
export const SOCKS_PLACES: readonly ControlPlace[] = [
  { host: '127.0.0.1', port: 9050 },
  { host: '127.0.0.1', port: 9150 },
];

export type ControlPlace = { readonly path: string } | { readonly host: string; readonly port: number };

export interface Onion {
  /** `….onion`, 62 characters. */
  readonly host: string;
  /** Resolves when somebody can find it: a directory holds its descriptor, or PUBLISH_TIMEOUT_MS have passed. */
  readonly published: Promise<void>;
  /** Resolves when Tor has ended the connection, and with it the service. */
  readonly gone: Promise<void>;
  /** Ends the service. */
  close(): void;
}

export interface OnionOptions {
  /** Default CONTROL_PLACES. */
  readonly places?: readonly ControlPlace[];
  /** Default SOCKS_PLACES. */
  readonly socks?: readonly ControlPlace[];
  /** The file of its control cookie; default: the one that Tor names. */
  readonly cookie?: string | undefined;
  /** The port that peers name. */
  readonly port: number;
  /** Where Tor hands connections on to. */
  readonly target: { readonly host: string; readonly port: number };
}

/**
 * One ephemeral onion service. Throws SecurechatError SC-120 (no Tor here), SC-121 (Tor runs, but no control port answers),
 * SC-122 (no right to the cookie, or Tor wants a password), SC-123 (Tor refuses).
 */
export async function openOnion({
  places = CONTROL_PLACES,
  socks = SOCKS_PLACES,
  cookie,
  port,
  target,
}: OnionOptions): Promise<Onion> {
  const socket = await reach(places, socks);
  const control = createReader(socket);
  try {
    await authenticate(control, cookie);
    await control.ask('SETEVENTS HS_DESC', '250');
    const at = `${target.host}:${String(target.port)}`;
    const made = await control.ask(`ADD_ONION NEW:ED25519-V3 Flags=DiscardPK Port=${String(port)},${at}`, '250');
    const id = made.map((line) => /^ServiceID=([a-z2-7]{56})$/.exec(line)?.[1]).find((found) => found !== undefined);
    if (id === undefined) throw refused('ADD_ONION without a service');
    return {
      host: `${id}.onion`,
      published: control.event((line) => line.startsWith(`HS_DESC UPLOADED ${id} `), PUBLISH_TIMEOUT_MS),
      gone: control.ended,
      close: () => void socket.destroy(),
    };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** The first place where somebody answers. */
async function reach(places: readonly ControlPlace[], socks: readonly ControlPlace[]): Promise<Socket> {
  let denied: string | undefined;
  for (const place of places) {
    try {
      return await dial(place);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if ((code === 'EACCES' || code === 'EPERM') && 'path' in place) denied ??= place.path;
    }
  }
  if (denied !== undefined) throw new SecurechatError('SC-122', { path: denied });
  for (const place of socks) {
    try {
      (await dial(place)).destroy();
      throw new SecurechatError('SC-121');
    } catch (error) {
      if (error instanceof SecurechatError) throw error;
    }
  }
  throw new SecurechatError('SC-120');
}

async function dial(place: ControlPlace): Promise<Socket> {
  const socket = connect({ ...place });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(CONTROL_TIMEOUT_MS) });
    return socket;
  } catch (error) {
    socket.on('error', () => undefined);
    socket.destroy();
    throw error;
  }
}

/** SAFECOOKIE (Tor's control-spec, AUTHCHALLENGE), or nothing where Tor asks for nothing. */
async function authenticate(control: Reader, named: string | undefined): Promise<void> {
  const info = await control.ask('PROTOCOLINFO 1', '250');
  const auth = info.find((line) => line.startsWith('AUTH '));
  const methods = /^AUTH METHODS=([A-Z,0-9]+)/.exec(auth ?? '')?.[1]?.split(',') ?? [];
  if (methods.includes('NULL')) {
    await control.ask('AUTHENTICATE', '250');
    return;
  }
  if (!methods.includes('SAFECOOKIE')) throw new SecurechatError('SC-122', { methods: methods.join(' ') });
  const file = named ?? unquote(/ COOKIEFILE="((?:[^"\\]|\\.)*)"/.exec(auth ?? '')?.[1] ?? '');
  const cookie = await readCookie(file);
  try {
    const mine = randomBytes(32);
    const [challenge = ''] = await control.ask(`AUTHCHALLENGE SAFECOOKIE ${mine.toString('hex')}`, '250');
    const [, hash = '', theirs = ''] =
      /^AUTHCHALLENGE SERVERHASH=([0-9A-Fa-f]{64}) SERVERNONCE=([0-9A-Fa-f]{64})$/.exec(challenge) ?? [];
    const nonces = Buffer.concat([mine, Buffer.from(theirs, 'hex')]);
    const proof = (who: string) =>
      createHmac('sha256', `Tor safe cookie authentication ${who} hash`).update(cookie).update(nonces).digest();
    const expected = proof('server-to-controller');
    const told = Buffer.from(hash, 'hex');
    // Whoever listens there without having the cookie is not Tor.
    if (told.length !== expected.length || !timingSafeEqual(told, expected)) throw refused('AUTHCHALLENGE');
    await control.ask(`AUTHENTICATE ${proof('controller-to-server').toString('hex')}`, '250');
  } finally {
    cookie.fill(0);
  }
}

/** The name may come from whoever listens there: only a plain file is read, and no more of it than a cookie has. */
async function readCookie(file: string): Promise<Buffer> {
  try {
    // Opening a pipe would wait for its writer.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = await handle.stat();
      const cookie = Buffer.alloc(COOKIE_LENGTH);
      if (found.isFile() && found.size === COOKIE_LENGTH) {
        const { bytesRead } = await handle.read(cookie, 0, COOKIE_LENGTH, 0);
        if (bytesRead === COOKIE_LENGTH) return cookie;
      }
    } finally {
      await handle.close();
    }
  } catch {
    // No right to it, or not there.
  }
  throw new SecurechatError('SC-122', { path: file });
}

function unquote(text: string): string {
  return text.replaceAll(/\\(.)/g, '$1');
}

function refused(why: string): SecurechatError {
  return new SecurechatError('SC-123', { why });
}

interface Reader {
  /** The lines of the reply without their status; SC-123 when it is another one, or none comes. */
  ask(command: string, status: string): Promise<readonly string[]>;
  /** Resolves with the first event that fits, after `ms` or with the end. */
  event(fits: (line: string) => boolean, ms: number): Promise<void>;
  readonly ended: Promise<void>;
}

/** One command at a time. Lines are `250-…`, `250+…` or `250 …`; `650` are events, whenever they come. */
function createReader(socket: Socket): Reader {
  let pending = '';
  let reply: string[] = [];
  /** Of the lines in `reply` with their ends. */
  let held = 0;
  let answer: ((lines: readonly string[] | undefined) => void) | undefined;
  const watchers = new Set<(line: string) => void>();
  let over = false;
  // It never rejects: a reset is an end like another.
  const ended = new Promise<void>((resolve) => {
    socket.once('close', () => {
      over = true;
      answer?.(undefined);
      resolve();
    });
  });
  socket.on('error', () => undefined);
  socket.setEncoding('latin1').on('data', (text: string) => {
    pending += text;
    const lines = pending.split('\r\n');
    pending = lines.pop() ?? '';
    for (const line of lines) take(line);
    if (pending.length + held > REPLY_LIMIT) socket.destroy();
  });

  function take(line: string): void {
    if (line.startsWith('650')) {
      for (const watch of [...watchers]) watch(line.slice(4));
      return;
    }
    // What nobody asked for.
    if (answer === undefined) return;
    reply.push(line);
    held += line.length + 2;
    if (!/^[0-9]{3} /.test(line)) return;
    const whole = reply;
    reply = [];
    held = 0;
    answer(whole);
    answer = undefined;
  }

  return {
    ended,

    async ask(command, status) {
      const [verb = ''] = command.split(' ', 1);
      if (over || socket.destroyed) throw refused(verb);
      const timer = setTimeout(() => void socket.destroy(), CONTROL_TIMEOUT_MS);
      const lines = await new Promise<readonly string[] | undefined>((resolve) => {
        answer = resolve;
        socket.write(`${command}\r\n`);
      });
      clearTimeout(timer);
      answer = undefined;
      if (lines === undefined) throw refused(verb);
      const last = lines.at(-1) ?? '';
      if (!last.startsWith(`${status} `)) throw refused(`${verb}: ${last}`);
      return lines.map((line) => line.slice(4));
    },

    event(fits, ms) {
      return new Promise<void>((resolve) => {
        const timer = setTimeout(done, ms).unref();
        function done(): void {
          clearTimeout(timer);
          watchers.delete(watch);
          resolve();
        }
        function watch(line: string): void {
          if (fits(line)) done();
        }
        watchers.add(watch);
        void ended.then(done);
      });
    },
  };
}
