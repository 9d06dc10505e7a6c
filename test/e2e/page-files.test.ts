/**
 * Files between the page and the program: 20 MiB each way, to memory and to a place of the person's, more than one, what is
 * cancelled, what is too large.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { active, hasChromium, newPage, startBrowser } from '../support/browser.js';
import { DEPTH, seededBytes } from '../support/chance.js';
import { killAll, type Program, start } from '../support/program.js';
import { type RelayProcess, startRelayProcess } from '../support/relay.js';

const SIZE = 20 * 1024 * 1024;
let relay: RelayProcess;
let browser: Browser;
let folder: string;
const large = Buffer.from(seededBytes('a file on the page')(SIZE));
const sumOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** A chat with files in a folder of its own, and the page in it. `before` runs in the page first. */
async function meeting(before?: string): Promise<{ page: Page; program: Program; complaints: string[] }> {
  const program = start(['--ui', 'json', '--relay', relay.url.href, '--files', folder, '--web']);
  const { invite } = (await program.event('code')) as unknown as { invite: string };
  const { page, complaints } = await newPage(browser);
  if (before !== undefined) await page.addInitScript(before);
  await page.goto(invite);
  await page.getByRole('button', { name: 'Join', exact: true }).click();
  await active(page);
  return { page, program, complaints };
}

describe.skipIf(DEPTH === 'quick' || !hasChromium('files on the page'))('files', () => {
  beforeAll(async () => {
    relay = await startRelayProcess(['--port', '0', '--page', '--bytes-per-second', '1000000000']);
    browser = await startBrowser();
  });
  afterEach(killAll);
  afterAll(async () => {
    await browser.close();
    await relay.stop();
  });

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'securechat-page-'));
    writeFileSync(path.join(folder, 'large.bin'), large);
    writeFileSync(path.join(folder, 'small <b>.txt'), 'small');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('20 MiB from the page: chosen with the button, written by the program, every byte', async () => {
    const { page, program, complaints } = await meeting();
    await page.getByLabel('Send files').setInputFiles(path.join(folder, 'large.bin'));
    const { id } = await program.event('offer', ({ incoming }) => incoming === true);
    program.command({ do: 'accept', id });
    const { sum } = await program.event('file-done');
    expect(sum).toBe(sumOf(large));
    // Its name was taken: nothing is ever overwritten.
    expect(readFileSync(path.join(folder, 'large (2).bin')).equals(large)).toBe(true);
    await page.getByText(`SHA-256 ${sumOf(large)}`).waitFor();
    expect(complaints).toEqual([]);
  });

  it('a file that has changed since it was chosen is not sent', async () => {
    const { page, program } = await meeting();
    const chosen = path.join(folder, 'changes.txt');
    writeFileSync(chosen, 'before');
    await page.getByLabel('Send files').setInputFiles(chosen);
    const { id } = await program.event('offer', ({ incoming }) => incoming === true);
    writeFileSync(chosen, 'something else');
    program.command({ do: 'accept', id });
    await page.locator('#transfers').getByText('SC-346').waitFor();
    await program.event('file-failed', (event) => event['id'] === id);
  });

  it('20 MiB to a page that keeps it in memory until it is saved', async () => {
    const { page, program, complaints } = await meeting('delete window.showSaveFilePicker');
    program.command({ do: 'offer', paths: ['large.bin'] });
    await page.getByText('at most 268 MB').waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save large.bin' }).click();
    const saved = await (await download).path();
    expect(sumOf(readFileSync(saved))).toBe(sumOf(large));
    expect((await download).suggestedFilename()).toBe('large.bin');
    expect((await program.event('file-done'))['sum']).toBe(sumOf(large));
    // What was saved can be saved again after the end, and is gone with the page.
    program.command({ do: 'quit' });
    await page.getByRole('heading', { name: 'The chat is over' }).waitFor();
    await page.getByRole('link', { name: /large\.bin/ }).waitFor();
    expect(complaints).toEqual([]);
  });

  it('to a place of the person: written as it comes, closed only when the sum is right', async () => {
    const { page, program } = await meeting(`
      window.written = []; window.ended = '';
      window.showSaveFilePicker = async ({ suggestedName }) => ({
        createWritable: async () => ({
          write: async (data) => { window.written.push(data.length); },
          close: async () => { window.ended = 'closed ' + suggestedName; },
          abort: async () => { window.ended = 'aborted'; },
        }),
      });`);
    program.command({ do: 'offer', paths: ['large.bin'] });
    await page.getByRole('button', { name: 'Save large.bin' }).click();
    await program.event('file-done');
    await expect.poll(() => page.evaluate('window.ended')).toBe('closed large.bin');
    expect(await page.evaluate('window.written.reduce((sum, each) => sum + each, 0)')).toBe(SIZE);
    expect(await page.evaluate('Math.max(...window.written)')).toBeLessThan(66_000);
  });

  it('nobody chooses a place: the offer waits, and can be declined', async () => {
    const { page, program } = await meeting(
      `window.showSaveFilePicker = () => Promise.reject(new DOMException('no', 'AbortError'));`,
    );
    program.command({ do: 'offer', paths: ['small <b>.txt'] });
    const row = page.locator('#transfers li');
    await row.getByRole('button', { name: /^Save/ }).click();
    await row.getByText('No place chosen').waitFor();
    expect(await row.locator('bdi').innerText()).toBe('small <b>.txt');
    await row.getByRole('button', { name: /^Decline/ }).click();
    expect((await program.event('file-failed'))['code']).toBe('SC-342');
  });

  it('several at once, and what is pasted or dropped', async () => {
    const { page, program } = await meeting();
    await page.evaluate(`(() => {
      const give = (type, make) => {
        const data = new DataTransfer();
        for (const name of ['a.txt', 'a.txt', '.hidden']) data.items.add(new File(['content of ' + name], name));
        document.querySelector('#message').dispatchEvent(make(type, data));
      };
      give('paste', (type, clipboardData) => new ClipboardEvent(type, { clipboardData, bubbles: true, cancelable: true }));
      give('drop', (type, dataTransfer) => new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    })()`);
    for (const id of [1, 2]) {
      const offer = await program.event('offer', (event) => event['id'] === id);
      expect([offer['names'], offer['count']]).toEqual([['a.txt'], 3]);
      program.command({ do: 'accept', id });
      await program.event('file-done', (event) => event['id'] === id);
    }
    expect(readFileSync(path.join(folder, '2_a.txt'), 'utf8')).toBe('content of a.txt');
    expect(readFileSync(path.join(folder, '_hidden'), 'utf8')).toBe('content of .hidden');
  });

  it.each(['picked', 'dropped'])('a folder that is %s arrives as a folder', async (how) => {
    const { page, program } = await meeting();
    const top = mkdtempSync(path.join(tmpdir(), 'securechat-dropped-'));
    mkdirSync(path.join(top, 'in/deep'), { recursive: true });
    writeFileSync(path.join(top, 'in/deep/.hidden'), 'deep');
    writeFileSync(path.join(top, 'outer'), 'outer');
    if (how === 'picked') {
      await page.locator('input[webkitdirectory]').setInputFiles(top);
    } else {
      const session = await page.context().newCDPSession(page);
      const data = { items: [], files: [top], dragOperationsMask: 1 };
      for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
        await session.send('Input.dispatchDragEvent', { type, x: 200, y: 200, data });
    }
    const offer = await program.event('offer', ({ incoming }) => incoming === true);
    expect([offer['names'], offer['count']]).toEqual([[path.basename(top)], 5]);
    program.command({ do: 'accept', id: offer['id'] });
    await program.event('file-done');
    const there = path.join(folder, path.basename(top));
    expect(readFileSync(path.join(there, 'in/deep/.hidden'), 'utf8')).toBe('deep');
    expect(readFileSync(path.join(there, 'outer'), 'utf8')).toBe('outer');
    rmSync(top, { recursive: true });
  });

  it('is cancelled in the middle by the page: nothing half is offered to be saved', async () => {
    const { page, program } = await meeting('delete window.showSaveFilePicker');
    program.command({ do: 'offer', paths: ['large.bin'] });
    await page.getByRole('button', { name: 'Save large.bin' }).click();
    await page.getByRole('button', { name: 'Cancel large.bin' }).click();
    expect((await program.event('file-failed'))['code']).toBe('SC-344');
    await page.locator('#transfers').getByText('SC-343').waitFor();
    expect(await page.locator('#transfers a').count()).toBe(0);
  });
});
