/**
 * The playground as a reader has it: built by its command, opened from disk in Chromium, moved by its buttons. With
 * PICTURES=1 the picture of docs/playground is made anew.
 */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium, newPage, startBrowser } from '../support/browser.js';
import { DEPTH } from '../support/chance.js';
import { ROOT } from '../support/program.js';

const part = (page: Page, name: string): Locator => page.getByRole('region', { name });
const press = (where: Locator, name: string): Promise<void> =>
  where.getByRole('button', { name, exact: true }).first().click();

describe.skipIf(DEPTH === 'quick' || !hasChromium('the playground'))('the playground', () => {
  let browser: Browser;
  let address: string;

  beforeAll(async () => {
    const said = execFileSync('npm', ['run', '-s', 'playground'], { cwd: ROOT, encoding: 'utf8' });
    address = /file:\S+/.exec(said)?.[0] ?? '';
    browser = await startBrowser();
  });
  afterAll(() => browser.close());

  test('a frame is held, passed on, and read; the address shows the same again', async () => {
    const { page, complaints, asked } = await newPage(browser);
    await page.goto(`${address}#seed=lagoon&room=secret`);
    const [alice, relay, bob] = ['Alice', 'The relay: you', 'Bob'].map((name) => part(page, name)) as [
      Locator,
      Locator,
      Locator,
    ];
    await press(relay, 'Pass on what comes');
    await press(relay, 'Hold what comes');
    await alice.getByLabel('Alice writes').fill('hello');
    await alice.getByLabel('Alice writes').press('Enter');
    await alice.locator('.own', { hasText: 'hello' }).waitFor();
    expect(await bob.locator('.peer').count()).toBe(0);
    await press(relay, 'Pass on');
    await bob.locator('.peer', { hasText: 'hello' }).waitFor();

    const again = await newPage(browser);
    await again.page.goto(page.url());
    await part(again.page, 'Bob').locator('.peer', { hasText: 'hello' }).waitFor();
    // Only the file itself; no error, and nothing against its own policy.
    expect(complaints.concat(again.complaints)).toEqual([]);
    expect(asked.filter((each) => !each.startsWith('file:') && !each.startsWith('data:'))).toEqual([]);
  });

  test('undo, another room, and the middle', async () => {
    const { page, complaints } = await newPage(browser);
    await page.goto(`${address}#seed=lagoon&room=secret`);
    await press(part(page, 'Alice'), 'Break the connection');
    await part(page, 'Alice').getByText('no connection to the relay').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await part(page, 'Alice').getByText('no connection to the relay').waitFor({ state: 'detached' });
    await page.getByLabel('Room').selectOption('open');
    await page.getByLabel('Sit in the middle').check();
    await press(part(page, 'The relay: you'), 'Pass on what comes');
    for (const name of ['Alice', 'Bob']) await press(part(page, name), 'They match');
    await part(page, 'Bob').getByLabel('Bob writes').fill('a secret');
    await part(page, 'Bob').getByRole('button', { name: 'Send' }).click();
    await part(page, 'The relay: you').getByText('Bob: a secret').waitFor();
    expect(complaints).toEqual([]);
    if (process.env['PICTURES'] === '1') await page.screenshot({ path: path.join(ROOT, 'docs/playground/middle.png') });
  });

  test('a link that is none is told, and what is in it never becomes markup', async () => {
    const { page, complaints } = await newPage(browser);
    await page.goto(`${address}#seed=lagoon&room=secret&do=nonsense`);
    await page.getByText('This link is no link of the playground.').waitFor();
    const markup = Buffer.from('<img src=x onerror=alert(1)>').toString('base64url');
    await page.goto(`${address}#seed=lagoon&room=secret&do=p.sa-${markup}`);
    await part(page, 'Bob').locator('.peer', { hasText: '<img src=x' }).waitFor();
    expect(await page.locator('img').count()).toBe(0);
    expect(complaints).toEqual([]);
  });
});
