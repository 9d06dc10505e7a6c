/** The frozen transcript in Chromium, bundled as the page is: the bytes of a page are those of the program. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, newPage, startBrowser } from '../support/browser.js';
import { DEPTH } from '../support/chance.js';
import { bundleForPage } from '../support/page-bundle.js';
import { ROOT } from '../support/program.js';

const INSIDE = `
  import { createSodiumCrypto } from './adapters/crypto/sodium.js';
  import { createTweetnaclCrypto } from './adapters/crypto/tweetnacl.js';
  import { deterministicRandom } from './test/support/deterministic.js';
  import { transcript } from './test/support/transcript.js';
  const create = {
    sodium: (random) => createSodiumCrypto({ random }),
    tweetnacl: async (random) => createTweetnaclCrypto({ random }),
  };
  window.transcript = async (left, right) =>
    transcript(await create[left](deterministicRandom('left')), await create[right](deterministicRandom('right')));
`;
const NAMES = ['sodium', 'tweetnacl'] as const;

describe.skipIf(DEPTH === 'quick' || !hasChromium('the transcript in a browser'))('the frozen transcript', () => {
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    browser = await startBrowser();
    ({ page } = await newPage(browser));
    await page.addScriptTag({ content: await bundleForPage(INSIDE) });
  });
  afterAll(() => browser.close());

  for (const left of NAMES) {
    for (const right of NAMES) {
      it(`${left} with ${right} in Chromium`, async () => {
        const frozen = path.join(ROOT, 'test/core/protocol/frozen-transcript.json');
        const result = await page.evaluate(`window.transcript('${left}', '${right}')`);
        expect(result).toEqual(JSON.parse(readFileSync(frozen, 'utf8')));
      });
    }
  }
});
