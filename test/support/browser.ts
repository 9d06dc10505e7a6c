/**
 * A browser without a window and the page in it, as a person has them: what is on the page is found by its role and name.
 * Where there is no Chromium its tests are skipped, and it is said. No expectation may be in this file.
 */
import { spawnSync } from 'node:child_process';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

const CHROMIUM = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined,
);

/** False: `what` is not tried here, and that is said. */
export function hasChromium(what: string): boolean {
  if (CHROMIUM === undefined)
    console.warn(`SKIPPED: there is no chromium (apt install chromium); ${what} is not tried`);
  return CHROMIUM !== undefined;
}

/** How long something on a page is waited for: machines differ, and nothing is asserted on time. */
const PATIENCE_MS = 60_000;

function launch(): { readonly executablePath: string; readonly args: string[] } {
  const found = spawnSync('sh', ['-c', `command -v ${CHROMIUM ?? 'chromium'}`], { encoding: 'utf8' }).stdout.trim();
  return { executablePath: found, args: ['--no-sandbox', '--disable-dev-shm-usage'] };
}

export async function startBrowser(): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  return chromium.launch(launch());
}

/** A browser that keeps what browsers keep, in this folder. After close all of it is on the disk. */
export async function startProfile(folder: string): Promise<{ readonly page: Page; close(): Promise<void> }> {
  const { chromium } = await import('playwright-core');
  const context = await chromium.launchPersistentContext(folder, launch());
  context.setDefaultTimeout(PATIENCE_MS);
  const [first] = context.pages();
  return { page: first ?? (await context.newPage()), close: () => context.close() };
}

export interface Seen {
  readonly page: Page;
  /** What the browser held against the page: violations of its policy, errors, whatever it wrote to its console. */
  readonly complaints: string[];
  /** Addresses that were asked for, in order, WebSockets among them. */
  readonly asked: string[];
}

/** A page of a fresh profile. */
export async function newPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Seen> {
  const context = await browser.newContext({ acceptDownloads: true, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  const asked: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => asked.push(request.url()));
  page.on('websocket', (socket) => asked.push(socket.url()));
  // What a browser asks before it leaves a page that talks.
  page.on('dialog', (dialog) => void dialog.accept().catch(() => undefined));
  return { page, complaints, asked };
}

/** Where a relay serves the page. */
export function pageOf(relay: URL): string {
  return relay.href.replace(/^ws/, 'http');
}

/** Makes a code on the page: the code and the link. */
export async function makeCode(page: Page): Promise<{ code: string; link: string }> {
  await page.getByRole('button', { name: 'Make a new code' }).click();
  await page.locator('output.code').filter({ hasText: '-' }).waitFor();
  return { code: await page.locator('output.code').innerText(), link: await page.locator('output.link').innerText() };
}

export async function join(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Join', exact: true }).click();
}

export async function active(page: Page): Promise<void> {
  await page
    .getByRole('status')
    .filter({ hasText: /^End-to-end encrypted/ })
    .first()
    .waitFor();
}

export async function send(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Message' }).fill(text);
  await page.keyboard.press('Enter');
}

/** What the peer has said so far, as it stands on the page. */
export function heard(page: Page): Promise<string[]> {
  return page.locator('#log .row.peer .text').allTextContents();
}

/** All that a site can leave behind in a browser, by kind; empty: nothing. */
export async function leftBehind(page: Page): Promise<string[]> {
  const cookies = await page.context().cookies();
  const inside = await page.evaluate(`(async () => {
    const found = [];
    const kept = (name, count) => count > 0 && found.push(name);
    try { kept('localStorage', localStorage.length); kept('sessionStorage', sessionStorage.length); } catch {}
    try { kept('indexedDB', (await indexedDB.databases()).length); } catch {}
    try { kept('caches', (await caches.keys()).length); } catch {}
    try { kept('workers', (await navigator.serviceWorker.getRegistrations()).length); } catch {}
    kept('name', window.name.length);
    kept('state', history.state === null ? 0 : 1);
    return found;
  })()`);
  const session = await page.context().newCDPSession(page);
  const { entries } = (await session.send('Page.getNavigationHistory')) as { entries: { url: string }[] };
  const withFragment = entries.filter(({ url }) => url.includes('#'));
  return [...(inside as string[]), ...cookies.map(() => 'cookie'), ...withFragment.map(() => 'history')];
}

export interface StrictFront {
  readonly address: string;
  close(): Promise<void>;
}

/** In front of a relay that serves the page: its policy comes without the leave to run WebAssembly. */
export async function startStrictFront(relay: URL): Promise<StrictFront> {
  const target = { host: relay.hostname, port: relay.port };
  const server = createServer((asked, answer) => {
    const { method, url, headers } = asked;
    const inner = request({ ...target, method, path: url, headers }, (response) => {
      const policy = String(response.headers['content-security-policy'] ?? '').replace(" 'wasm-unsafe-eval'", '');
      answer.writeHead(response.statusCode ?? 500, { ...response.headers, 'content-security-policy': policy });
      response.pipe(answer);
    });
    inner.on('error', () => answer.destroy());
    inner.end();
  });
  server.on('upgrade', ({ url, headers }, client) => {
    const inner = request({ ...target, path: url, headers });
    client.on('error', () => inner.destroy());
    inner.on('error', () => client.destroy());
    inner.on('upgrade', ({ rawHeaders }, socket, head) => {
      const lines = rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${rawHeaders[i + 1] ?? ''}`] : []));
      client.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`);
      client.write(head);
      socket.on('error', () => client.destroy()).on('close', () => client.destroy());
      client.on('close', () => socket.destroy());
      socket.pipe(client).pipe(socket);
    });
    inner.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
