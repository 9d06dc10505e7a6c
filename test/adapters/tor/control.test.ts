/**
 * Tor's control port as a daemon answers it, and as something hostile does: every missing piece has its own code, the
 * cookie never goes out, replies are bounded, and the service lives as long as the connection.
 */
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { openOnion, REPLY_LIMIT } from '../../../adapters/tor/control.js';
import { isSecurechatError } from '../../../core/errors.js';

const folder = mkdtempSync(path.join(tmpdir(), 'securechat-'));
const COOKIE = Buffer.alloc(32, 7);
const cookieFile = path.join(folder, 'a "cookie"');
writeFileSync(cookieFile, COOKIE);
const fifo = path.join(folder, 'fifo');
execFileSync('mkfifo', [fifo]);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ID = 'a'.repeat(56);
type Answers = Readonly<Record<string, (line: string) => string>>;
const open: { close(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

const proof = (who: string, mine: string, theirs: string) =>
  createHmac('sha256', `Tor safe cookie authentication ${who} hash`)
    .update(COOKIE)
    .update(Buffer.from(mine + theirs, 'hex'))
    .digest('hex');
const THEIRS = '5a'.repeat(32);

/** Answers as a daemon with a cookie does, but for what `other` says. */
async function daemon(other: Answers = {}) {
  const heard: string[] = [];
  let socket: Socket | undefined;
  let mine = '';
  const usual: Answers = {
    PROTOCOLINFO: () =>
      `250-PROTOCOLINFO 1\r\n250-AUTH METHODS=COOKIE,SAFECOOKIE COOKIEFILE="${cookieFile.replaceAll('"', '\\"')}"\r\n250-VERSION Tor="0.4.9"\r\n250 OK\r\n`,
    AUTHCHALLENGE: (line) => {
      mine = line.split(' ')[2] ?? '';
      return `250 AUTHCHALLENGE SERVERHASH=${proof('server-to-controller', mine, THEIRS)} SERVERNONCE=${THEIRS}\r\n`;
    },
    AUTHENTICATE: (line) =>
      line.split(' ')[1] === proof('controller-to-server', mine, THEIRS) ? '250 OK\r\n' : '515 Bad authentication\r\n',
    SETEVENTS: () => '250 OK\r\n',
    ADD_ONION: () => `250-ServiceID=${ID}\r\n250 OK\r\n`,
  };
  const server = createServer((made) => {
    socket = made;
    made.on('error', () => undefined);
    made.setEncoding('latin1').on('data', (text: string) => {
      for (const line of text.split('\r\n').slice(0, -1)) {
        heard.push(line);
        const [verb = ''] = line.split(' ', 1);
        // One byte at a time: replies come as they come.
        for (const byte of (other[verb] ?? usual[verb] ?? (() => '510 Unrecognized\r\n'))(line)) made.write(byte);
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push({ close: () => (socket?.destroy(), server.close()) });
  const place = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  return {
    place,
    heard,
    end: () => socket?.destroy(),
    reset: () => socket?.resetAndDestroy(),
    say: (line: string) => socket?.write(`${line}\r\n`),
  };
}

const TARGET = { host: '127.0.0.1', port: 4711 };
const ask = (place: { host: string; port: number } | { path: string }) =>
  openOnion({ places: [place], port: 80, target: TARGET });
async function code(made: Promise<unknown>): Promise<string> {
  try {
    await made;
  } catch (error) {
    if (isSecurechatError(error)) return error.code;
    throw error;
  }
  return 'made';
}

test('a service is made, told when it can be found, and ends with the connection', async () => {
  const tor = await daemon();
  const onion = await ask(tor.place);
  expect(onion.host).toBe(`${ID}.onion`);
  expect(tor.heard.at(-1)).toBe('ADD_ONION NEW:ED25519-V3 Flags=DiscardPK Port=80,127.0.0.1:4711');
  expect(tor.heard.join()).not.toContain(COOKIE.toString('hex'));
  let published = false;
  const publishing = onion.published.then(() => (published = true));
  tor.say(`650 HS_DESC UPLOADED ${'b'.repeat(56)} UNKNOWN $A`);
  tor.say(`650 HS_DESC UPLOAD ${ID} UNKNOWN $A`);
  await new Promise(setImmediate);
  expect(published).toBe(false);
  tor.say(`650 HS_DESC UPLOADED ${ID} UNKNOWN $A`);
  await publishing;
  tor.end();
  await onion.gone;
});

test('a connection that is reset is its end, too', async () => {
  const tor = await daemon();
  const onion = await ask(tor.place);
  tor.reset();
  await onion.gone;
  await onion.published;
});

test('what nobody asked for is not kept, and answers nothing', async () => {
  const tor = await daemon();
  const onion = await ask(tor.place);
  for (let i = 0; i < 2 * REPLY_LIMIT; i++) tor.say('250-more');
  tor.say(`650 HS_DESC UPLOADED ${ID} UNKNOWN $A`);
  await onion.published;
  tor.end();
  await onion.gone;
});

test('close ends it here, too', async () => {
  const onion = await ask((await daemon()).place);
  onion.close();
  await onion.gone;
  await onion.published;
});

test('a daemon that asks for nothing gets nothing', async () => {
  const tor = await daemon({
    PROTOCOLINFO: () => '250-PROTOCOLINFO 1\r\n250-AUTH METHODS=NULL\r\n250 OK\r\n',
    AUTHENTICATE: () => '250 OK\r\n',
  });
  expect((await ask(tor.place)).host).toBe(`${ID}.onion`);
});

test.each<[string, Answers, string]>([
  ['a password only', { PROTOCOLINFO: () => '250-AUTH METHODS=HASHEDPASSWORD\r\n250 OK\r\n' }, 'SC-122'],
  [
    'a cookie that is not there',
    { PROTOCOLINFO: () => '250-AUTH METHODS=SAFECOOKIE COOKIEFILE="/nowhere"\r\n250 OK\r\n' },
    'SC-122',
  ],
  [
    'a listener that does not have the cookie',
    { AUTHCHALLENGE: () => `250 AUTHCHALLENGE SERVERHASH=${'00'.repeat(32)} SERVERNONCE=${THEIRS}\r\n` },
    'SC-123',
  ],
  ['a challenge that is none', { AUTHCHALLENGE: () => '250 OK\r\n' }, 'SC-123'],
  ['a refused proof', { AUTHENTICATE: () => '515 Bad\r\n' }, 'SC-123'],
  ['a refused service', { ADD_ONION: () => '512 Bad\r\n' }, 'SC-123'],
  ['a service without a name', { ADD_ONION: () => '250 OK\r\n' }, 'SC-123'],
  ['a name that is none', { ADD_ONION: () => `250-ServiceID=${'A'.repeat(56)}\r\n250 OK\r\n` }, 'SC-123'],
  ['a reply without end', { PROTOCOLINFO: () => 'x'.repeat(REPLY_LIMIT + 1) }, 'SC-123'],
  [
    'a cookie that never ends',
    { PROTOCOLINFO: () => '250-AUTH METHODS=SAFECOOKIE COOKIEFILE="/dev/zero"\r\n250 OK\r\n' },
    'SC-122',
  ],
  [
    'a cookie that nobody writes',
    { PROTOCOLINFO: () => `250-AUTH METHODS=SAFECOOKIE COOKIEFILE="${fifo}"\r\n250 OK\r\n` },
    'SC-122',
  ],
  ['lines without end', { PROTOCOLINFO: () => '250-x\r\n'.repeat(REPLY_LIMIT / 5 + 1) }, 'SC-123'],
])('%s', async (_name, answers, expected) => {
  const tor = await daemon(answers);
  expect(await code(ask(tor.place))).toBe(expected);
  if (expected === 'SC-123') return;
  expect(tor.heard.some((line) => line.startsWith('AUTHENTICATE'))).toBe(false);
});

test('lines of nothing without end are too much, and not only too late', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  try {
    const tor = await daemon({ PROTOCOLINFO: () => '\r\n'.repeat(REPLY_LIMIT / 2 + 1) });
    expect(await code(ask(tor.place))).toBe('SC-123');
  } finally {
    vi.useRealTimers();
  }
});

test('a connection that ends in the middle', async () => {
  const tor = await daemon({
    AUTHCHALLENGE: () => {
      tor.end();
      return '';
    },
  });
  expect(await code(ask(tor.place))).toBe('SC-123');
});

test('no Tor, and a Tor without a control port, are told apart', async () => {
  const nobody = { path: path.join(folder, 'nobody') };
  const asked = (socks: readonly { path: string }[]) =>
    openOnion({ places: [nobody], socks, port: 80, target: TARGET });
  expect(await code(asked([nobody]))).toBe('SC-120');
  const there = { path: path.join(folder, 'socks') };
  const programs = createServer((socket) => socket.end()).listen(there.path);
  await once(programs, 'listening');
  open.push(programs);
  expect(await code(asked([nobody, there]))).toBe('SC-121');
});

test('a connection that ends between two replies', async () => {
  const tor = await daemon({
    PROTOCOLINFO: () => {
      setImmediate(tor.end);
      return '250-AUTH METHODS=SAFECOOKIE COOKIEFILE="/nowhere"\r\n250 OK\r\n';
    },
  });
  const named = openOnion({ places: [tor.place], port: 80, target: TARGET, cookie: cookieFile });
  expect(await code(named)).toBe('SC-123');
});
