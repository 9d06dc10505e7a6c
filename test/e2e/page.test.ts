/**
 * The page for browsers and the real program, over the real relay that serves it: both directions, and nothing left behind.
 * The rest is in the other page-*.test.ts, at greater depth.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createGunzip, gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  active,
  hasChromium,
  heard,
  join,
  leftBehind,
  newPage,
  pageOf,
  send,
  startBrowser,
} from '../support/browser.js';
import { ENV, killAll, PROGRAM, ROOT, start } from '../support/program.js';
import { type RelayProcess, runRelayProgram, startRelayProcess } from '../support/relay.js';

/** Of the page as a relay sends it, bytes. */
const SIZE_LIMIT = 350_000;

const FILE = path.join(ROOT, 'dist/page.html');
let relay: RelayProcess;

beforeAll(async () => {
  relay = await startRelayProcess(['--port', '0', '--page']);
});
afterEach(killAll);
afterAll(async () => {
  await relay.stop();
});

const command = (...args: string[]) => spawnSync(PROGRAM, args, { env: ENV, encoding: 'buffer' });

describe('the file', () => {
  it('securechat page prints it as it is, --hash what sha256sum says of it', () => {
    const file = readFileSync(FILE);
    expect(command('page').stdout.equals(file)).toBe(true);
    const { stdout, status } = command('page', '--hash');
    expect(stdout.toString()).toBe(`${createHash('sha256').update(file).digest('hex')}\n`);
    expect(status).toBe(0);
    expect(command('page', 'more').status).toBe(2);
  });

  it('is small, and asks for nothing outside itself', () => {
    const html = readFileSync(FILE, 'utf8');
    expect(gzipSync(html, { level: 9 }).length).toBeLessThan(SIZE_LIMIT);
    expect(html).not.toMatch(/(?:src|href)="(?!data:)/);
    expect(html).toMatch(/<meta http-equiv="Content-Security-Policy" content="default-src 'none';/);
  });

  it('holds the hash of its script and of its style', () => {
    const html = readFileSync(FILE, 'utf8');
    for (const tag of ['script', 'style']) {
      const inside = new RegExp(`<${tag}>(.*?)</${tag}>`, 's').exec(html)?.[1] ?? '';
      expect(html).toContain(`'sha256-${createHash('sha256').update(inside).digest('base64')}'`);
    }
  });
});

/** Not by fetch: in Node 24 its parser fails an assertion when a relay ends a connection behind a long compressed answer. */
function ask(url: string | URL, accept: string, method = 'GET') {
  return new Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }>((resolve, reject) => {
    const asked = request(url, { method, headers: { accept, 'accept-encoding': 'gzip' }, agent: false }, (answer) => {
      const read = answer.headers['content-encoding'] === 'gzip' ? answer.pipe(createGunzip()) : answer;
      buffer(read).then((body) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }), reject);
    });
    asked.on('error', reject).end();
  });
}

describe('a relay', () => {
  it('serves it with --page, with headers that allow it nothing but itself and this relay', async () => {
    const { status, headers, body } = await ask(pageOf(relay.url), 'text/html');
    expect(status).toBe(200);
    expect(body.equals(readFileSync(FILE))).toBe(true);
    const policy = String(headers['content-security-policy']);
    for (const rule of ["default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"])
      expect(policy.split('; ')).toContain(rule);
    expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'|\*/);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'content-type': 'text/html; charset=utf-8',
      'content-encoding': 'gzip',
    });
    expect(headers['set-cookie']).toBeUndefined();
  });

  it('says where the page is', () => {
    expect(relay.output()).toContain(`securechat-relay-ws: page on ${pageOf(relay.url)}\n`);
  });

  it('is a relay for whoever only asks what it is, and has no other page', async () => {
    expect((await ask(pageOf(relay.url), 'text/plain')).status).toBe(426);
    for (const path of ['index.html', '../etc/passwd', '%2e%2e/', 'socket.io/', 'page.html']) {
      const url = new URL(path, pageOf(relay.url));
      expect((await ask(url, 'text/html')).status === 200 && url.pathname !== '/').toBe(false);
    }
    expect((await ask(pageOf(relay.url), 'text/html', 'POST')).status).toBe(426);
  });

  it('is found by a program in the link of its page, typed or as an argument', async () => {
    for (const how of ['typed', 'argument'] as const) {
      const made = start(['--ui', 'json', '--relay', relay.url.href, '--web']);
      const { invite } = (await made.event('code')) as unknown as { invite: string };
      const peer = start(['--ui', 'json', ...(how === 'typed' ? ['--code-stdin'] : [invite])]);
      if (how === 'typed') peer.write(`${invite}\n`);
      await peer.event('state', ({ state }) => state === 'active');
      peer.command({ do: 'quit' });
      expect([await peer.exit, await made.exit]).toEqual([0, 0]);
    }
  });

  it('of socket.io alone has none: a page does not speak that', async () => {
    const { status, stderr } = await runRelayProgram(['--page'], 'relay-socketio');
    expect([status, stderr]).toEqual([2, expect.stringContaining('a page speaks plain WebSocket')]);
  });

  it('does not serve it without --page', async () => {
    const bare = await startRelayProcess();
    expect((await ask(pageOf(bare.url), 'text/html')).status).toBe(426);
    await bare.stop();
  });
});

describe.skipIf(!hasChromium('the page'))('in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());

  it('a link of --web opens in a browser: the same words, text both ways, goodbye, and nothing left behind', async () => {
    const program = start(['--ui', 'json', '--relay', relay.url.href, '--web']);
    const { code, invite } = (await program.event('code')) as unknown as { code: string; invite: string };
    expect(invite).toBe(`${pageOf(relay.url)}#${code}`);
    const { page, complaints, asked } = await newPage(browser);
    await page.goto(invite);
    // The code is gone from the address before anything else happens.
    expect(page.url()).toBe(pageOf(relay.url));
    await join(page);
    await active(page);
    const { words } = await program.event('safety-words');
    await page.getByRole('button', { name: 'Safety words' }).click();
    expect(await page.locator('#words li').allTextContents()).toEqual(words);
    await page.getByRole('button', { name: 'Close' }).click();

    await send(page, 'grüße 👋');
    await program.event('message', ({ text }) => text === 'grüße 👋');
    await page.locator('.state.delivered').waitFor();
    program.command({ do: 'send', text: 'two\nlines <b>no markup</b>' });
    await page.locator('.row.peer').waitFor();
    expect(await heard(page)).toEqual(['two\nlines <b>no markup</b>']);
    await program.event('delivered');

    await page.getByRole('button', { name: 'Leave' }).click();
    expect(await program.exit).toBe(0);
    await page.getByRole('heading', { name: 'The chat is over' }).waitFor();
    // What was said is gone, the page asked for itself and one WebSocket, and the browser has nothing against it.
    expect(await page.locator('body').innerText()).not.toMatch(/grüße|two/);
    expect(asked.map((url) => new URL(url).protocol)).toEqual(['http:', 'ws:']);
    expect(asked.join(' ')).not.toContain(code.split('-')[1]);
    expect(await leftBehind(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
