/** Whether a browser finds a page at the address of a relay: what says no, and what only says that it cannot tell now. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { servesPage } from '../../../adapters/cli/relay-check.js';

const servers: ReturnType<typeof createServer>[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function answering(status: number): Promise<URL> {
  const server = createServer((_request, response) => void response.writeHead(status).end());
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return new URL(`ws://127.0.0.1:${String((server.address() as AddressInfo).port)}/`);
}

test.each([200, 302, 500, 503])('%i: there is one, as far as can be told', async (status) => {
  expect(await servesPage(await answering(status))).toBe(true);
});

test.each([400, 404, 426])('%i: there is none', async (status) => {
  expect(await servesPage(await answering(status))).toBe(false);
});

test.each([401, 403, 429])('%i: a browser may be let in where a program is not', async (status) => {
  expect(await servesPage(await answering(status))).toBe(true);
});

test('nobody answers: that is told when it is joined', async () => {
  const relay = await answering(200);
  const [server] = servers.splice(0);
  server?.close();
  if (server !== undefined) await once(server, 'close');
  expect(await servesPage(relay)).toBe(true);
});
