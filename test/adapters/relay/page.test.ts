/** The page as a relay answers with it: to whom, how many at a time, how long. */
import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { createPage, PAGES_AT_ONCE, PAGES_OF_ONE } from '../../../adapters/relay/page.js';

const HTML = Buffer.from(
  `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; connect-src ws: wss:; base-uri 'none'"><p>`,
);

/** A response that is under way until the test ends it. */
class Answer extends EventEmitter {
  status = 0;
  headers: Record<string, string> = {};
  body: Buffer | undefined;
  writeHead(status: number, headers: Record<string, string>): this {
    this.status = status;
    this.headers = headers;
    return this;
  }
  end(body?: Buffer): void {
    this.body = body;
  }
  destroy(): void {
    this.emit('close');
  }
}

function ask(page: ReturnType<typeof createPage>, request: object = {}, from = '192.0.2.1'): Answer | undefined {
  const answer = new Answer();
  const asked = { method: 'GET', url: '/', headers: { accept: 'text/html' }, ...request } as IncomingMessage;
  return page.answer(asked, answer as unknown as ServerResponse, { 'x-relay': 'ws' }, from) ? answer : undefined;
}

it('narrows the policy of the page to its own relay, and says what else it may not', () => {
  const { status, headers, body } = ask(createPage(HTML)) ?? new Answer();
  expect([status, body]).toEqual([200, HTML]);
  expect(headers).toMatchObject({
    'content-security-policy': "default-src 'none'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    'cache-control': 'no-store',
    'x-relay': 'ws',
  });
  expect(() => createPage(Buffer.from('<p>'))).toThrow('page.html is not what the build makes');
});

it.each([
  [{ method: 'POST' }],
  [{ url: '/page.html' }],
  [{ url: '//evil.example/' }],
  [{ headers: {} }],
  [{ headers: { accept: 'application/json' } }],
])('is no answer to %j', (request) => expect(ask(createPage(HTML), request)).toBeUndefined());

it('HEAD has no body', () => {
  const answer = ask(createPage(HTML), { method: 'HEAD' });
  expect([answer?.status, answer?.body]).toEqual([200, undefined]);
});

it('so many at a time and no more; one that ends makes room', () => {
  const page = createPage(HTML);
  const open = Array.from({ length: PAGES_AT_ONCE }, (_, i) => ask(page, {}, String(i)));
  expect(open.every((answer) => answer?.status === 200)).toBe(true);
  expect(ask(page)?.status).toBe(503);
  open[0]?.destroy();
  expect(ask(page)?.status).toBe(200);
  expect(ask(page)?.status).toBe(503);
});

it('one address does not use up those of all', () => {
  const page = createPage(HTML);
  const open = Array.from({ length: PAGES_OF_ONE }, () => ask(page));
  expect(open.every((answer) => answer?.status === 200)).toBe(true);
  expect(ask(page)?.status).toBe(503);
  expect(ask(page, {}, '192.0.2.2')?.status).toBe(200);
  open[0]?.destroy();
  expect(ask(page)?.status).toBe(200);
});

it('who reads too slowly is let go of', async () => {
  const answer = ask(createPage(HTML, 5));
  await new Promise((resolve) => answer?.on('close', resolve));
});
