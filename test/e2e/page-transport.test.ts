/** The contract of the transport in Chromium itself: the browser's own WebSocket against a real relay. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { transportContract } from '../../plugins/testing/transport.js';
import { hasChromium, newPage, startBrowser } from '../support/browser.js';
import { DEPTH } from '../support/chance.js';
import { ROOT } from '../support/program.js';
import { wsPlaces } from '../support/ws-fixture.js';

/** The checks by their names; what each needs is in the page. */
const titles: string[] = [];
transportContract({
  name: 'chromium',
  test: (title) => void titles.push(title),
  makeFixture: () => Promise.reject(new Error('only the names are wanted')),
});

/** Runs in the page, with what Node has exposed to it. */
const INSIDE = `
  import { createBrowserTransport } from './adapters/transport/browser.ts';
  import { transportContract } from './plugins/testing/transport.ts';
  const checks = new Map();
  transportContract({
    name: 'chromium',
    test: (title, run) => void checks.set(title, run),
    async makeFixture() {
      const { id, relay, unused } = await window.makePlaces();
      const at = (address) => createBrowserTransport({ relay: new URL(address) });
      return {
        pair: [at(relay), at(relay)],
        unreachable: at(unused),
        cut: () => void window.cutPlaces(id),
        dispose: () => window.disposePlaces(id),
      };
    },
  });
  window.check = async (title) => {
    try {
      await checks.get(title)();
      return '';
    } catch (error) {
      return String(error);
    }
  };
`;

describe.skipIf(DEPTH === 'quick' || !hasChromium('the transport in a browser'))('in Chromium', () => {
  let browser: Browser;
  let page: Page;
  // A page of this machine: others may not reach it.
  const server = createServer((_request, response) => response.setHeader('content-type', 'text/html').end('<p>'));

  beforeAll(async () => {
    const stdin = { contents: INSIDE, resolveDir: ROOT, sourcefile: 'inside.js' };
    const { outputFiles } = await build({ stdin, bundle: true, write: false, format: 'iife', platform: 'browser' });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    browser = await startBrowser();
    ({ page } = await newPage(browser));
    const places = new Map<number, Awaited<ReturnType<typeof wsPlaces>>>();
    await page.exposeFunction('makePlaces', async () => {
      const made = await wsPlaces();
      const id = places.size;
      places.set(id, made);
      return { id, relay: made.relay.href, unused: made.unused.href };
    });
    await page.exposeFunction('cutPlaces', (id: number) => places.get(id)?.cut());
    await page.exposeFunction('disposePlaces', (id: number) => places.get(id)?.dispose());
    await page.goto(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`);
    await page.evaluate(outputFiles[0]?.text ?? '');
  });
  afterAll(async () => {
    await browser.close();
    server.close();
  });

  it.each(titles)('%s', async (title) => {
    expect(await page.evaluate(`window.check(${JSON.stringify(title)})`)).toBe('');
  });

  it('looks at the same checks as every transport', () => {
    expect(titles.length).toBeGreaterThan(14);
  });
});
