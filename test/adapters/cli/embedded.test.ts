/** The relay on this machine: found, started, or neither; one for programs that start at once. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { findOrStartRelay } from '../../../adapters/cli/embedded.js';
import { startRelay } from '../../../adapters/cli/relays.js';
import { createWsTransport } from '../../../adapters/transport/ws.js';
import type { TransportEvent } from '../../../core/ports.js';
import { startRelay as startSocketio } from '../../../relay-socketio/server.js';
import { freePort } from '../../support/free-port.js';
import { bareClient, barePair, pairings, randomId, randomJoin } from '../../support/relay-client.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe('the relay on this machine', () => {
  async function find(port: number) {
    const found = await findOrStartRelay({ host: '127.0.0.1', port, startRelay });
    cleanups.push(() => found.close());
    return found;
  }

  test('is started when none is there, and found when one is', async () => {
    const port = await freePort();
    const first = await find(port);
    const second = await find(port);
    expect([first.started, second.started]).toEqual([true, false]);
    expect(second.url.href).toBe(first.url.href);
    await second.close();
    const [a] = await barePair(second.url);
    expect(a.closed).toBeUndefined();
  });

  test('two programs that start at once end up with one', async () => {
    for (let round = 0; round < 10; round++) {
      const port = await freePort();
      const found = await Promise.all([find(port), find(port), find(port)]);
      expect(found.filter(({ started }) => started)).toHaveLength(1);
      const room = randomId();
      const clients = await Promise.all(found.slice(0, 2).map(({ url }) => bareClient(url, randomJoin(room))));
      for (const client of clients) await client.until((self) => pairings(self) > 0);
    }
  });

  test('something else on the port is told, and left alone', async () => {
    const other = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    cleanups.push(() => other.close());
    const { port } = other.address() as AddressInfo;
    await expect(findOrStartRelay({ host: '127.0.0.1', port, startRelay })).rejects.toMatchObject({
      code: 'SC-111',
      detail: { host: '127.0.0.1', port, why: 'occupied' },
    });
  });

  test('a relay that takes another transport only is told, one that takes both is used', async () => {
    const other = await startSocketio({ port: 0 });
    cleanups.push(() => other.close());
    const { port } = other;
    await expect(findOrStartRelay({ host: '127.0.0.1', port, startRelay })).rejects.toMatchObject({
      code: 'SC-111',
      detail: { why: 'a relay for socketio' },
    });
    const both = await find(await freePort());
    const { port: open } = both.url;
    for (const kind of ['ws', 'socketio'] as const) {
      const found = await findOrStartRelay({ host: '127.0.0.1', port: Number(open), kind, startRelay });
      expect(found.started).toBe(false);
    }
  });

  test('a host that is not of this machine is told', async () => {
    await expect(findOrStartRelay({ host: '192.0.2.1', port: 0, startRelay })).rejects.toMatchObject({
      code: 'SC-111',
      detail: { why: 'EADDRNOTAVAIL' },
    });
  });

  test('its close lets the last frames through', async () => {
    const relay = await findOrStartRelay({ host: '127.0.0.1', port: 0, startRelay });
    const room = randomId();
    const b = await bareClient(relay.url, randomJoin(room));
    await b.until((self) => self.told.length > 0);
    const closed = await new Promise<TransportEvent>((resolve) => {
      const connection = createWsTransport({ relay: relay.url }).open(randomJoin(room), (event) => {
        if (event.type === 'closed') resolve(event);
        if (event.type !== 'control') return;
        for (let n = 0; n < 50; n++) connection.send(new Uint8Array(16_384).fill(n));
        connection.close();
      });
    });
    await relay.close();
    await b.end();
    expect(closed).toMatchObject({ reason: 'closed' });
    expect(b.frames.map((frame) => frame[0])).toEqual(Array.from({ length: 50 }, (_, n) => n));
    expect(b.order.slice(-2)).toEqual(['peer-left', 'error']);
  });
});
