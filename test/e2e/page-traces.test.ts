/**
 * What a chat on the page leaves behind: on the disk of a browser with a profile, searched byte by byte after it has ended, and
 * on the wire to the relay and to a web server that only has the file.
 */
import { createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { active, hasChromium, join, send, startProfile } from '../support/browser.js';
import { DEPTH } from '../support/chance.js';
import { killAll, type Program, ROOT, start } from '../support/program.js';
import { type RelayProcess, startRelayProcess } from '../support/relay.js';
import { startWireTap, type WireTap } from '../support/wire-tap.js';

/** Where Chromium writes down the links that it opens; docs/web.md says so. */
const OF_THE_BROWSER = /^(?:Default\/(?:History|Sessions\/)|segmentation_platform\/)/;
const TEXTS = ['from-the-page-7c1f', 'from-the-peer-90ab', 'never-sent-3d5e'] as const;

let relay: RelayProcess;
let tap: WireTap;
let folder: string;

/** Files of the profile that hold one of these, in the encodings of a browser. */
function holding(sought: readonly string[]): string[] {
  const forms = sought.flatMap((each) => [Buffer.from(each), Buffer.from(each, 'utf16le')]);
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => {
      const content = readFileSync(file);
      return forms.some((form) => content.includes(form));
    })
    .map((file) => path.relative(folder, file));
}

/** Text both ways, text that is only typed, goodbye; then the browser is closed as a person closes it. */
async function chat(open: (page: Page, code: string) => Promise<void>): Promise<string> {
  const program: Program = start(['--ui', 'json', '--relay', `ws://127.0.0.1:${String(tap.port)}/`]);
  const code = String((await program.event('code'))['code']);
  const { page, close } = await startProfile(folder);
  await open(page, code);
  await active(page);
  await send(page, TEXTS[0]);
  await program.event('message');
  program.command({ do: 'send', text: TEXTS[1] });
  await page.locator('.row.peer').waitFor();
  await page.getByRole('textbox', { name: 'Message' }).fill(TEXTS[2]);
  program.command({ do: 'quit' });
  await page.getByRole('heading', { name: 'The chat is over' }).waitFor();
  expect(await program.exit).toBe(0);
  await close();
  return code;
}

/** The parts of a code that are a secret, and the code. */
const secretsOf = (code: string): string[] => [code, code.slice(code.indexOf('-') + 1)];

describe.skipIf(DEPTH === 'quick' || !hasChromium('what the page leaves behind'))('a chat on the page', () => {
  beforeAll(async () => {
    relay = await startRelayProcess(['--port', '0', '--page']);
    tap = await startWireTap(Number(relay.url.port));
    folder = mkdtempSync(path.join(tmpdir(), 'securechat-profile-'));
  });
  afterEach(killAll);
  afterAll(async () => {
    tap.close();
    await relay.stop();
    rmSync(folder, { recursive: true });
  });

  it('with a code that was typed leaves nothing of it on the disk, and the wire has no code', async () => {
    const address = `http://127.0.0.1:${String(tap.port)}/`;
    const code = await chat(async (page, typed) => {
      await page.goto(address);
      await page.getByLabel('Room code or link').fill(typed);
      await join(page);
    });
    // What is looked for would be found: the address of the page is there.
    expect(holding([address])).not.toEqual([]);
    expect(holding([...secretsOf(code), ...TEXTS])).toEqual([]);
    expect(tap.sent()).toMatch(/"room":"/);
    for (const each of [...secretsOf(code), ...TEXTS]) expect(tap.sent()).not.toContain(each);
  });

  it('with a link leaves the link where the browser writes links down, and nothing else anywhere', async () => {
    const address = `http://127.0.0.1:${String(tap.port)}/`;
    const code = await chat(async (page, typed) => {
      await page.goto(`${address}#${typed}`);
      await join(page);
    });
    expect(holding(secretsOf(code)).filter((file) => !OF_THE_BROWSER.test(file))).toEqual([]);
    expect(holding(TEXTS)).toEqual([]);
    for (const each of [...secretsOf(code), ...TEXTS]) expect(tap.sent()).not.toContain(each);
  });

  it('from a web server that has only the file: neither this one nor the relay is sent what is behind the #', async () => {
    const host = createServer((_asked, answer) => {
      answer.setHeader('content-type', 'text/html');
      createReadStream(path.join(ROOT, 'dist/page.html')).pipe(answer);
    }).listen(0, '127.0.0.1');
    await once(host, 'listening');
    const front = await startWireTap((host.address() as AddressInfo).port);
    const code = await chat(async (page, typed) => {
      const link = `securechat://127.0.0.1:${String(tap.port)}/?plain#${typed}`;
      await page.goto(`http://127.0.0.1:${String(front.port)}/chat.html#${link}`);
      await join(page);
    });
    expect(front.sent()).toContain('GET /chat.html HTTP/1.1');
    for (const each of [...secretsOf(code), ...TEXTS, 'securechat://']) {
      expect(front.sent()).not.toContain(each);
      expect(tap.sent()).not.toContain(each);
    }
    front.close();
    host.closeAllConnections();
    host.close();
  });
});
