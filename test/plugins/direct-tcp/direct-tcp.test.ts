/** The transport contract on the plugin direct-tcp: two sides on a real port of this machine. */
import { createServer as createHttpServer } from 'node:http';
import { test } from 'vitest';
import { transportContract } from 'securechat/testing';
import { listening, transport } from '../../support/direct-tcp.js';
import { freePort } from '../../support/free-port.js';

const search = { ms: 500, intervalMs: 20 };

transportContract({
  name: 'direct-tcp',
  test,
  async makeFixture() {
    const [port, unused] = [await freePort(), await freePort()];
    const foreign = createHttpServer((_request, response) => response.writeHead(404).end('no securechat'));
    // No `cut`: the side that listens plays the relay and is not lost with its peer (plugin-direct-tcp-strangers.test.ts).
    return {
      pair: [transport('listen', port, { search }), transport('connect', port, { search })],
      unreachable: transport('connect', unused, { search }),
      foreign: transport('connect', await listening(foreign), { search }),
      async dispose() {
        foreign.close();
        foreign.closeAllConnections();
      },
    };
  },
});
