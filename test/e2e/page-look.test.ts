/**
 * How the page looks and how it is used without a mouse or without eyes: roles and names, axe, 320 pixels, dark, the keyboard
 * alone. PICTURES=1 writes docs/screens/page-*.png anew; no pixel is compared.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import jsqr from 'jsqr';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { active, hasChromium, makeCode, newPage, pageOf, send, startBrowser } from '../support/browser.js';
import { DEPTH } from '../support/chance.js';
import { killAll, type Program, ROOT, start } from '../support/program.js';
import { type RelayProcess, startRelayProcess } from '../support/relay.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SIZES = {
  wide: { viewport: { width: 1280, height: 720 } },
  narrow: { viewport: { width: 320, height: 568 } },
  dark: { viewport: { width: 1280, height: 720 }, colorScheme: 'dark' },
} as const;

let relay: RelayProcess;
let browser: Browser;

/** What axe finds, and whether anything is wider than the window. */
async function faults(page: Page): Promise<string[]> {
  // By the debugger, which no policy of the page holds back.
  const session = await page.context().newCDPSession(page);
  await session.send('Runtime.evaluate', { expression: AXE });
  const { result } = (await session.send('Runtime.evaluate', {
    expression: `axe.run(document).then(({ violations, passes }) => (passes.length > 10 ? [] : ['axe looked at nothing']).concat(
      violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + ': ' + html.slice(0, 120) + ' ' + failureSummary))))`,
    awaitPromise: true,
    returnByValue: true,
  })) as { result: { value: string[] } };
  const wide = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
  return [...result.value, ...(wide === true ? ['wider than the window'] : [])];
}

/** What a phone reads from the picture on the page. */
async function scanned(page: Page): Promise<string | undefined> {
  const shot = await page.getByRole('img', { name: 'The link as a QR code' }).screenshot();
  const pixels = await page.evaluate(`(async () => {
    const bitmap = await createImageBitmap(new Blob([Uint8Array.from(${JSON.stringify([...shot])})]));
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
    context.drawImage(bitmap, 0, 0);
    return { width: bitmap.width, height: bitmap.height, data: [...context.getImageData(0, 0, bitmap.width, bitmap.height).data] };
  })()`);
  const { width, height, data } = pixels as { width: number; height: number; data: number[] };
  return jsqr.default(Uint8ClampedArray.from(data), width, height)?.data;
}

async function picture(page: Page, name: string): Promise<void> {
  if (process.env['PICTURES'] !== '1') return;
  await page.screenshot({ path: path.join(ROOT, 'docs/screens', `page-${name}.png`) });
}

async function programAt(code: string, flags: readonly string[] = []): Promise<Program> {
  const program = start(['--ui', 'json', '--code-stdin', '--relay', relay.url.href, ...flags]);
  program.write(`${code}\n`);
  return program;
}

describe.skipIf(DEPTH === 'quick' || !hasChromium('how the page looks'))('the page', () => {
  beforeAll(async () => {
    relay = await startRelayProcess(['--port', '0', '--page']);
    browser = await startBrowser();
  });
  afterEach(killAll);
  afterAll(async () => {
    await browser.close();
    await relay.stop();
  });

  it.each(Object.entries(SIZES))('%s: no fault on any screen', async (name, size) => {
    const { page, complaints } = await newPage(browser, { ...size, timezoneId: 'UTC' });
    await page.goto(pageOf(relay.url));
    expect(await faults(page)).toEqual([]);
    await picture(page, `start-${name}`);
    const invited = await newPage(browser, size);
    await invited.page.goto(`${pageOf(relay.url)}#482913-tunnel-anchor-mango`);
    await invited.page.getByText('Your browser may keep this link').waitFor();
    expect(await faults(invited.page)).toEqual([]);
    await picture(invited.page, `invited-${name}`);
    await page.getByLabel('Room code or link').fill('482913-tunnel-anchr-m');
    expect(await page.locator('#code-hint').innerText()).toMatch(/anchor/);
    expect(await faults(page)).toEqual([]);

    const { code, link } = await makeCode(page);
    expect(await scanned(page)).toBe(link);
    expect(await faults(page)).toEqual([]);
    await picture(page, `waiting-${name}`);

    const program = await programAt(code, ['--name', 'Bob', '--verify']);
    await page.getByRole('button', { name: 'Safety words' }).click();
    expect(await faults(page)).toEqual([]);
    await picture(page, `words-${name}`);
    await page.getByRole('button', { name: 'They match' }).click();
    await program.event('safety-words');
    program.command({ do: 'confirm', match: true });
    await send(page, 'Did you get the draft?');
    await program.event('message');
    program.command({ do: 'send', text: 'Yes. Two remarks:\n1. The title is too long.\n2. Who is the reader?' });
    await page.locator('.row.peer').waitFor();
    await send(page, 'I will send you the new one tonight.');
    await page.locator('.state.delivered').nth(1).waitFor();
    expect(await faults(page)).toEqual([]);
    await picture(page, `chat-${name}`);
    await send(page, 'x'.repeat(400));
    await page.locator('.state.delivered').nth(2).waitFor();
    expect(await faults(page)).toEqual([]);

    program.command({ do: 'quit' });
    await page.getByRole('heading', { name: 'The chat is over' }).waitFor();
    expect(await faults(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it('says who is who to a screen reader', async () => {
    const { page } = await newPage(browser);
    await page.goto(pageOf(relay.url));
    const { code } = await makeCode(page);
    await programAt(code);
    await active(page);
    await page.getByRole('log', { name: 'Conversation' }).waitFor();
    await page.getByRole('textbox', { name: 'Message' }).waitFor();
    for (const name of ['Send', 'Send files', 'Safety words', 'Leave', 'Wipe now'])
      await page.getByRole('button', { name, exact: true }).waitFor();
    expect(await page.locator('#log').getAttribute('aria-live')).toBe('polite');
  });

  it('is used with the keyboard alone', async () => {
    const { page } = await newPage(browser);
    await page.goto(pageOf(relay.url));
    const program = start(['--ui', 'json', '--relay', relay.url.href]);
    const { code } = (await program.event('code')) as unknown as { code: string };
    // The field has the focus, Tab completes what can only be one word, Enter joins.
    const [digits = '', first = '', ...others] = code.split('-');
    await page.keyboard.type(`${digits}-${first.slice(0, 4)}`);
    if (first.length > 4) await page.keyboard.press('Tab');
    const value = await page.getByLabel('Room code or link').inputValue();
    expect(value.replace(/-$/, '')).toBe(`${digits}-${first}`);
    await page.keyboard.type(`${value.endsWith('-') ? '' : '-'}${others.join('-')}`);
    await page.keyboard.press('Enter');
    await active(page);
    await page.keyboard.type('one');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('two');
    await page.keyboard.press('Enter');
    expect((await program.event('message'))['text']).toBe('one\ntwo');
    await page.keyboard.press('Alt+Shift+KeyQ');
    expect(await program.exit).toBe(0);
    await page.getByRole('heading', { name: 'The chat is over' }).waitFor();
  });
});
