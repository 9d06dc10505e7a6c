/**
 * The contract of every UI, on that of the page in Chromium. It reads and writes no streams, so what is about a broken output
 * and the end of an input does not apply: a page that goes away is the business of `pagehide` (e2e/page-chat).
 */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UiEvent, UiPort, UiView } from '../../core/ports.js';
import { uiContract } from '../../plugins/testing/ui.js';
import { hasChromium, newPage, startBrowser } from '../support/browser.js';
import { DEPTH } from '../support/chance.js';
import { bundleForPage } from '../support/page-bundle.js';

/** Views come as their entries, each value with its kind; bytes are wiped as soon as they have been shown. */
const INSIDE = `
  import { wordlist } from '@scure/bip39/wordlists/english.js';
  import { createWordlist } from './core/room/words.js';
  import { createCodeHelp } from './adapters/cli/code-help.js';
  import { createClock } from './adapters/system/clock.js';
  import { sanitize } from './adapters/text/sanitize.js';
  import { createFrame } from './adapters/ui/page/frame.js';
  import { createPageUi } from './adapters/ui/page/page.js';
  import { createBrowserFiles } from './adapters/web/files.js';
  const codeHelp = createCodeHelp(createWordlist(wordlist));
  const shelf = createBrowserFiles({ addresses: { make: () => 'blob:', revoke: () => undefined } });
  const frame = createFrame();
  const read = { bytes: (value) => Uint8Array.from(value), number: Number, other: (value) => value };
  const ui = createPageUi({ frame, clock: createClock(), sanitize, codeHelp, shelf, again: () => undefined });
  // A browser asks for files only when a person has pressed a button, and says so.
  HTMLInputElement.prototype.click = () => undefined;
  window.ui = {
    open: () => ui.open((event) => window.told(event.type, event.id)),
    show(entries) {
      const view = Object.fromEntries(
        entries.map(([name, value, kind]) => [name, read[kind](value)]),
      );
      ui.show(view);
      for (const value of Object.values(view)) if (value instanceof Uint8Array) value.fill(0);
    },
    close: () => ui.close(),
    text: () => document.body.innerText,
    // All that a person can do there at the moment.
    press() {
      for (const each of document.querySelectorAll('button')) if (each.checkVisibility()) each.click();
      for (const each of document.querySelectorAll('form')) if (each.checkVisibility()) each.requestSubmit();
      for (const code of ['KeyQ', 'KeyW'])
        document.dispatchEvent(new KeyboardEvent('keydown', { code, altKey: true, shiftKey: true }));
      return new Promise((resolve) => setTimeout(resolve, 0));
    },
  };
`;

describe.skipIf(DEPTH === 'quick' || !hasChromium('the UI of the page'))('in Chromium', () => {
  let browser: Browser;
  let script: string;
  let shown: () => Promise<string> = () => Promise.resolve('');
  let press: () => Promise<void> = () => Promise.resolve();

  beforeAll(async () => {
    browser = await startBrowser();
    script = await bundleForPage(INSIDE);
  });
  afterAll(() => browser.close());

  /** What is asked of it is done in the page, in the same order; what goes wrong there is thrown by close. */
  async function create(): Promise<UiPort> {
    const { page, complaints } = await newPage(browser);
    let sink: (event: UiEvent) => void = () => undefined;
    let tail: Promise<unknown> = Promise.resolve();
    const next = (script: string): Promise<unknown> => {
      const done = tail.then(() => page.evaluate(script));
      tail = done.catch((error: unknown) => void complaints.push(String(error)));
      return done;
    };
    await page.exposeFunction('told', (type: UiEvent['type'], id?: number) => sink({ type, id } as UiEvent));
    await page.addScriptTag({ content: script });
    shown = async () => String(await next('window.ui.text()'));
    press = async () => {
      await next('window.ui.press()');
    };
    return {
      open(to) {
        sink = to;
        void next('window.ui.open()');
      },
      show(view: UiView) {
        const entries = Object.entries(view).map(([name, value]: [string, unknown]) =>
          value instanceof Uint8Array
            ? [name, [...value], 'bytes']
            : // There are times that are none.
              typeof value === 'number'
              ? [name, String(value), 'number']
              : [name, value, 'other'],
        );
        void next(`window.ui.show(${JSON.stringify(entries)})`);
      },
      async close() {
        await next('window.ui.close()');
        expect(complaints).toEqual([]);
      },
    };
  }

  uiContract({ name: 'page', test: it, create, shown: () => shown() });

  it('nothing that a person does after close is told', async () => {
    const told: string[] = [];
    const ui = await create();
    ui.open(({ type }) => told.push(type));
    ui.show({ type: 'state', state: 'active' });
    ui.show({ type: 'safety-words', words: ['anchor', 'river', 'copper', 'tunnel'], required: false });
    await press();
    expect(told).toContain('wipe');
    await ui.close();
    const before = told.length;
    await press();
    expect(told.length).toBe(before);
  });
});
