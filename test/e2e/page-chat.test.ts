/**
 * The page at length, against the real program and against itself: both cryptographies on each side, reconnecting, wrong codes
 * and typos, safety words, a thousand messages, hostile text.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sanitize } from '../../adapters/text/sanitize.js';
import {
  active,
  hasChromium,
  heard,
  join,
  leftBehind,
  makeCode,
  newPage,
  pageOf,
  type Seen,
  send,
  startBrowser,
  startStrictFront,
  type StrictFront,
} from '../support/browser.js';
import { DEPTH } from '../support/chance.js';
import { killAll, type Program, ROOT, start } from '../support/program.js';
import { type RelayProcess, startRelayProcess } from '../support/relay.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';

let relay: RelayProcess;
let browser: Browser;
let strict: StrictFront;

const deep = DEPTH !== 'quick' && hasChromium('the page at length');

async function opened(address = pageOf(relay.url)): Promise<Seen> {
  const seen = await newPage(browser);
  await seen.page.goto(address);
  return seen;
}

/** WebAssembly is forbidden to the page, as a browser or a proxy may do. */
const withoutWebAssembly = (): Promise<Seen> => opened(strict.address);

function program(...flags: readonly string[]): Program {
  return start(['--ui', 'json', '--relay', relay.url.href, ...flags]);
}

async function codeOf(made: Program): Promise<string> {
  return String((await made.event('code'))['code']);
}

function typing(code: string, ...flags: readonly string[]): Program {
  const typed = program('--code-stdin', ...flags);
  typed.write(`${code}\n`);
  return typed;
}

async function type(page: Page, code: string): Promise<void> {
  await page.getByLabel('Room code or link').fill(code);
  await join(page);
}

/** Text both ways, and the goodbye of the page. */
async function talk(page: Page, other: Program): Promise<void> {
  await active(page);
  await send(page, 'from the page');
  await other.event('message', ({ text }) => text === 'from the page');
  other.command({ do: 'send', text: 'from the program' });
  await page.locator('.row.peer').waitFor();
  expect(await heard(page)).toEqual(['from the program']);
  await page.locator('.state.delivered').waitFor();
  await page.getByRole('button', { name: 'Leave' }).click();
  expect(await other.exit).toBe(0);
}

describe.skipIf(!deep)('the page', () => {
  beforeAll(async () => {
    relay = await startRelayProcess(['--port', '0', '--page', '--joins-per-minute', '1000', '--failed-joins', '1000']);
    browser = await startBrowser();
    strict = await startStrictFront(relay.url);
  });
  afterEach(killAll);
  afterAll(async () => {
    await browser.close();
    await strict.close();
    await relay.stop();
  });

  it.each(['sodium', 'tweetnacl'])('with %s in the program and either cryptography in the page', async (name) => {
    const first = program('--crypto', name);
    const with_ = await opened();
    await type(with_.page, await codeOf(first));
    await talk(with_.page, first);
    expect(with_.complaints).toEqual([]);

    const without = await withoutWebAssembly();
    const { code } = await makeCode(without.page);
    expect(await without.page.locator('#notices').innerText()).toContain('SC-368');
    await talk(without.page, typing(code, '--crypto', name));
  });

  it('with each other, and the words are the same', async () => {
    const [a, b] = [await opened(), await withoutWebAssembly()];
    const { link } = await makeCode(a.page);
    await b.page.goto(link);
    await join(b.page);
    for (const { page } of [a, b]) await active(page);
    const words: string[][] = [];
    for (const { page } of [a, b]) {
      await page.getByRole('button', { name: 'Safety words' }).click();
      words.push(await page.locator('#words li').allTextContents());
      await page.getByRole('button', { name: 'They match' }).click();
      await page.getByRole('status').filter({ hasText: 'safety words match' }).waitFor();
    }
    expect(words[0]).toHaveLength(4);
    expect(words[1]).toEqual(words[0]);
    await send(a.page, 'a');
    await send(b.page, 'b');
    await a.page.locator('.row.peer').waitFor();
    await b.page.locator('.row.peer').waitFor();
    // New words from the present, asked for by one side.
    await a.page.getByRole('button', { name: 'Safety words' }).click();
    await a.page.getByRole('button', { name: 'New words' }).click();
    await b.page.locator('#words li').nth(3).waitFor();
    await expect.poll(() => a.page.locator('#words li').allTextContents()).not.toEqual(words[0]);
    await expect
      .poll(() => b.page.locator('#words li').allTextContents())
      .toEqual(await a.page.locator('#words li').allTextContents());
    await a.page.getByRole('button', { name: 'Close' }).click();
    await a.page.getByRole('button', { name: 'Leave' }).click();
    await b.page.getByRole('alert').filter({ hasText: 'Your peer left' }).waitFor();
    expect(a.complaints).toEqual([]);
    for (const { page } of [a, b]) expect(await leftBehind(page)).toEqual([]);
  });

  it('a typo is told before anything is sent, and words are completed', async () => {
    const made = program();
    const code = await codeOf(made);
    const { page, asked } = await opened();
    const field = page.getByLabel('Room code or link');
    const [digits = '', word = ''] = code.split('-');
    await field.fill(`${digits}-${word.slice(0, 2)}`);
    expect(await page.locator('#code-words option').count()).toBeGreaterThan(0);
    await field.fill(code.replace(word, `${word}q`));
    await join(page);
    await page.locator('#code-hint').filter({ hasText: word }).waitFor();
    await type(page, 'x');
    await page.locator('#code-hint').filter({ hasText: 'SC-301' }).waitFor();
    expect(asked.filter((url) => url.startsWith('ws'))).toEqual([]);
    await type(page, code.toUpperCase().replaceAll('-', ' '));
    await talk(page, made);
  });

  it('a wrong code is asked for again, and the right one still works', async () => {
    const made = program();
    const code = await codeOf(made);
    const { page } = await opened();
    const words = code.split('-');
    await type(page, [...words.slice(0, 3), words[3] === 'zoo' ? 'zone' : 'zoo'].join('-'));
    const again = page.locator('#again-form');
    await again.waitFor();
    expect(await page.locator('#notices').innerText()).toContain('SC-402');
    await again.getByLabel('Room code or link').fill(code);
    await again.getByRole('button', { name: 'Try again' }).click();
    await talk(page, made);
  });

  it('words that must be compared: nothing is shown or sent before; a no ends it on both sides', async () => {
    for (const answer of ['They match', 'They do not match'] as const) {
      const { page } = await opened();
      await page.getByText('Options').click();
      await page.getByLabel('Compare safety words before the first message').check();
      const { code } = await makeCode(page);
      const other = typing(code);
      await page.locator('#words').waitFor();
      expect(await page.getByRole('textbox', { name: 'Message' }).isVisible()).toBe(false);
      other.command({ do: 'send', text: 'too early' });
      await other.event('held');
      expect(await heard(page)).toEqual([]);
      await page.getByRole('button', { name: answer, exact: true }).click();
      if (answer === 'They match') {
        await page.locator('.row.peer').waitFor();
        await page.getByRole('button', { name: 'Leave' }).click();
        expect(await other.exit).toBe(0);
      } else {
        await page.getByRole('alert').filter({ hasText: 'SC-403' }).waitFor();
        expect(await other.exit).toBe(6);
      }
    }
  });

  it('a connection that is cut comes back; what was typed meanwhile is held and arrives once', async () => {
    const proxy: TcpProxy = await startTcpProxy(() => Number(relay.url.port));
    const { page } = await opened(pageOf(proxy.url));
    const { code } = await makeCode(page);
    const other = typing(code);
    await active(page);
    await send(page, 'before');
    await page.locator('.state.delivered').waitFor();
    proxy.refuse();
    proxy.cut();
    await page.getByRole('status').filter({ hasText: 'reconnecting' }).first().waitFor();
    await send(page, 'during');
    await page.locator('.state.held').waitFor();
    await page.getByRole('status').filter({ hasText: '1 message queued' }).first().waitFor();
    other.command({ do: 'send', text: 'from the other side' });
    proxy.heal();
    await active(page);
    await other.event('message', ({ text }) => text === 'during');
    await page.locator('.row.peer').waitFor();
    await send(page, 'after');
    await other.event('message', ({ text }) => text === 'after');
    expect(other.events.filter(({ event }) => event === 'message').map(({ text }) => text)).toEqual([
      ...['before', 'during', 'after'],
    ]);
    await page.getByRole('button', { name: 'Leave' }).click();
    expect(await other.exit).toBe(0);
    await proxy.close();
  });

  it.each(['sodium', 'tweetnacl'])('many messages each way at once with %s, in order, none lost', async (name) => {
    const made = program('--crypto', name);
    const { page } = name === 'sodium' ? await opened() : await withoutWebAssembly();
    await type(page, await codeOf(made));
    await active(page);
    // The pace of a person's messages makes a thousand of them minutes long.
    const total = DEPTH === 'nightly' ? 1_000 : 100;
    const numbered = (from: string) => Array.from({ length: total }, (_, n) => `from the ${from} ${String(n)}`);
    for (const text of numbered('program')) made.command({ do: 'send', text });
    // As fast as the page takes it: what is over the pace waits, and is sent in time.
    await page.evaluate(`(async () => {
      const field = document.querySelector('#message');
      for (const text of ${JSON.stringify(numbered('page'))}) {
        field.value = text;
        field.form.requestSubmit();
        while (field.value !== '') {
          await new Promise((resolve) => setTimeout(resolve, 100));
          field.form.requestSubmit();
        }
      }
    })()`);
    await made.event('delivered', ({ id }) => id === total - 1);
    await made.event('message', ({ text }) => text === `from the page ${String(total - 1)}`);
    expect(made.events.filter(({ event }) => event === 'message').map(({ text }) => text)).toEqual(numbered('page'));
    // The page keeps so many rows of both sides together.
    const rows = await page.locator('#log .row.peer .text').allTextContents();
    expect(rows).toEqual(numbered('program').slice(-rows.length));
    expect(rows.at(-1)).toBe(`from the program ${String(total - 1)}`);
    made.command({ do: 'quit' });
    expect(await made.exit).toBe(0);
  });

  it('a relay that is started again: the chat goes on, and nothing is lost', async () => {
    const first = await startRelayProcess(['--port', '0', '--page']);
    const port = first.url.port;
    const made = start(['--ui', 'json', '--relay', first.url.href]);
    const { page } = await opened(pageOf(first.url));
    await type(page, await codeOf(made));
    await active(page);
    await send(page, 'before');
    await made.event('message');
    first.child.kill('SIGKILL');
    await page.getByRole('status').filter({ hasText: 'reconnecting' }).first().waitFor();
    await send(page, 'while it is gone');
    made.command({ do: 'send', text: 'here, too' });
    const second = await startRelayProcess(['--port', port, '--page']);
    await made.event('message', ({ text }) => text === 'while it is gone');
    await page.locator('.row.peer').waitFor();
    expect(await heard(page)).toEqual(['here, too']);
    await active(page);
    await page.getByRole('button', { name: 'Leave' }).click();
    expect(await made.exit).toBe(0);
    await second.stop();
  });

  it('hostile text becomes text in its own row: no markup, no navigation, nothing outside', async () => {
    const corpus = JSON.parse(readFileSync(path.join(ROOT, 'test/support/hostile-strings.json'), 'utf8')) as readonly {
      readonly id: string;
      readonly input: string;
    }[];
    const markup = [
      '<img src=x onerror="window.hit=1">',
      '<script>window.hit=1</script>',
      '</div></section><h1 id=status>Verified</h1>',
      '<a href="javascript:window.hit=1">click</a>',
      '<svg/onload=window.hit=1>',
      '{{7*7}} ${7*7} <style>*{display:none}</style>',
      'https://evil.example/ javascript:alert(1)',
    ];
    const made = program('--name', '<b>me</b> end-to-end encrypted');
    const { page, complaints, asked } = await opened();
    await type(page, await codeOf(made));
    await active(page);
    const title = await page.title();
    const requests = asked.length;
    // Half a character is no JSON string that the program takes.
    const inputs = [...corpus.map(({ input }) => input), ...markup].filter(
      (each) => each !== '' && !/[\ud800-\udfff]/u.test(each),
    );
    for (const text of inputs) made.command({ do: 'send', text });
    made.command({ do: 'send', text: 'the last one' });
    await page.getByText('the last one').waitFor();

    const rows = page.locator('#log .row.peer');
    const shown = await heard(page);
    // Each as the sanitizer gives it, the first 10,000 characters of it.
    for (const [i, input] of inputs.entries()) {
      const whole = new TextDecoder().decode(sanitize(new TextEncoder().encode(input), { lines: true, whole: true }));
      expect(whole.slice(0, shown[i]?.length)).toBe(shown[i]);
    }
    expect(await page.locator('#log .row .text *').count()).toBe(0);
    expect(await page.locator('#log a, #log img, #log script, #log svg, #log style, h1#status').count()).toBe(0);
    expect(await page.evaluate('window.hit')).toBeUndefined();
    // No row reaches out of its place, whatever is in it.
    const outside = await page.evaluate(`(() => {
      const log = document.querySelector('#log');
      return [...log.querySelectorAll('.row')].filter((row) => {
        const box = row.getBoundingClientRect();
        return box.left < log.getBoundingClientRect().left - 1 || box.right > log.getBoundingClientRect().right + 1 ||
          getComputedStyle(row).overflow !== 'hidden';
      }).length;
    })()`);
    expect(outside).toBe(0);
    expect(await rows.count()).toBe(inputs.length + 1);
    // The name cannot pass for the program, nor for this side.
    expect(new Set(await page.locator('#log .row.peer .name').allTextContents())).toEqual(
      new Set(['peer (<b>me</b> end-to-end encrypted)']),
    );
    expect([await page.title(), page.url(), asked.length]).toEqual([title, pageOf(relay.url), requests]);
    expect(complaints).toEqual([]);
    // And the other way: what is pasted into the page comes out as it is, and nothing of it is a command.
    await page.getByRole('textbox', { name: 'Message' }).focus();
    await page.keyboard.insertText('/unknown');
    await page.keyboard.press('Enter');
    await page.locator('.row.notice').filter({ hasText: 'Unknown command' }).waitFor();
    await page.getByRole('textbox', { name: 'Message' }).fill('');
    await send(page, '//etc');
    await made.event('message', ({ text }) => text === '/etc');
  });

  it('the panic key: all is gone at once, and the peer only sees a connection that is lost', async () => {
    const { page } = await opened();
    const { code } = await makeCode(page);
    const other = typing(code, '--resume-timeout', '1s');
    await active(page);
    other.command({ do: 'send', text: 'a secret' });
    await page.locator('.row.peer').waitFor();
    await page.getByRole('textbox', { name: 'Message' }).fill('half a thought');
    await page.keyboard.press('Alt+Shift+KeyW');
    await page.getByRole('heading', { name: 'The chat is over' }).waitFor();
    const html = await page.content();
    expect(html.slice(html.indexOf('<body'), html.indexOf('<script'))).not.toMatch(/a secret|half a thought/);
    expect(await other.exit).toBe(5);
  });

  it('a page that is closed says goodbye', async () => {
    const { page } = await opened();
    const { code } = await makeCode(page);
    const other = typing(code);
    await active(page);
    await page.close({ runBeforeUnload: false });
    expect(await other.exit).toBe(0);
  });

  it('opened from disk it takes the relay from the link, and the code never leaves', async () => {
    const made = program();
    const { code, invite } = (await made.event('code')) as unknown as { code: string; invite: string };
    const { page, asked } = await opened(`file://${path.join(ROOT, 'dist/page.html')}#${invite}`);
    expect(page.url()).toBe(`file://${path.join(ROOT, 'dist/page.html')}`);
    await join(page);
    await talk(page, made);
    expect(asked.filter((url) => url.includes(code.split('-')[1] ?? '?') && !url.startsWith('file:'))).toEqual([]);
    expect(asked.filter((url) => url.startsWith('ws')).map((url) => new URL(url).search)).toEqual([
      expect.stringMatching(/^\?s=\d+$/),
    ]);
  });
});
