/**
 * How soon the page is there: from the request for it to the question for the code, and to a room at the relay, beside an empty
 * page from the same machine in the same round. No report may be in this file.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Page } from 'playwright-core';
import { hasChromium, newPage, pageOf, startBrowser } from '../test/support/browser.js';
import { startRelayProcess } from '../test/support/relay.js';
import type { Series } from './figures.js';

async function taking(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** The code is of a room that nobody else is in. */
async function searching(page: Page, address: string, room: number): Promise<void> {
  await page.goto(`${address}#${String(room)}-tunnel-anchor-mango`, { waitUntil: 'commit' });
  await page.getByRole('button', { name: 'Join', exact: true }).click();
  await page.getByRole('status').filter({ hasText: 'Waiting for your peer' }).first().waitFor();
}

/** Nothing where there is no Chromium. */
export async function measurePage(quick: boolean): Promise<Series[]> {
  if (!hasChromium('how soon it is there')) return [];
  const rounds = quick ? 3 : 20;
  const relay = await startRelayProcess(['--port', '0', '--page', '--joins-per-minute', '1000']);
  const empty = createServer((_asked, answer) =>
    answer.setHeader('content-type', 'text/html').end('<!doctype html><title>x</title><button>Join</button>'),
  ).listen(0, '127.0.0.1');
  await once(empty, 'listening');
  const browser = await startBrowser();
  const nothing = `http://127.0.0.1:${String((empty.address() as AddressInfo).port)}/`;

  const [shown, found, bare]: [number[], number[], number[]] = [[], [], []];
  for (let i = 0; i < rounds; i++) {
    // A profile each: nothing is cached, and no code is compiled.
    for (const [values, work] of [
      [bare, (page) => page.goto(nothing, { waitUntil: 'commit' })],
      [shown, (page) => page.goto(pageOf(relay.url), { waitUntil: 'commit' })],
      [found, (page) => searching(page, pageOf(relay.url), 100_000 + i)],
    ] as [number[], (page: Page) => Promise<unknown>][]) {
      const { page } = await newPage(browser);
      const took = await taking(async () => {
        await work(page);
        if (values !== found) await page.getByRole('button', { name: 'Join', exact: true }).waitFor();
      });
      values.push(took);
      await page.context().close();
    }
  }
  await browser.close();
  await relay.stop();
  empty.close();
  const anchor = { name: 'an empty page', values: bare };
  return [
    { name: 'the page asks for the code', unit: 'ms', ours: shown, anchor },
    { name: 'the page waits in a room at the relay', unit: 'ms', ours: found, anchor },
  ];
}
