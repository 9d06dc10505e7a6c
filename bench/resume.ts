/**
 * How fast a line that was cut is back: from the moment the network is whole again to both sides active, and to a message
 * that was typed meanwhile being shown. As a ratio to what a new connection of a bare socket with one round trip costs.
 */
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { WebSocket } from 'ws';
import { startRelay } from '../relay-ws/server.js';
import { startTcpProxy } from '../test/support/tcp-proxy.js';
import { active, client } from './client.js';
import { quantile, row } from './figures.js';

const CUTS = 100;
/** The network is down for 0 to this many milliseconds. */
const OUTAGE = 4_000;
const many = 1_000_000_000;

const relay = await startRelay({
  port: 0,
  limits: {
    connectionsPerAddress: many,
    arrivalsPerAddress: many,
    failedJoins: many,
    joinsPerMinute: many,
    framesPerSecond: many,
    frameBurst: many,
  },
});
const proxy = await startTcpProxy(() => relay.port);
const port = Number(proxy.url.port);
const options = { resumeTimeout: 600_000 };
const [left, right] = [client(port, 'bench', options), client(port, 'bench', options)];
await Promise.all([active(left), active(right)]);

const back: number[] = [];
const shown: number[] = [];
const bare: number[] = [];
const outages: number[] = [];
for (let i = 0; i < CUTS; i++) {
  const outage = (OUTAGE * i) / CUTS;
  const both = Promise.all([active(left), active(right)]);
  proxy.refuse();
  proxy.cut();
  await new Promise((resolve) => setTimeout(resolve, outage));
  left.say({ type: 'send', text: new TextEncoder().encode(`cut ${i}`) });
  proxy.heal();
  const start = performance.now();
  await both;
  back.push(performance.now() - start);
  await new Promise<void>((resolve) => {
    right.onView = (view) => {
      if (view.type === 'message') resolve();
    };
  });
  shown.push(performance.now() - start);
  outages.push(outage);
  const open = performance.now();
  const socket = new WebSocket(proxy.url, { perMessageDeflate: false });
  await once(socket, 'open');
  socket.ping();
  await once(socket, 'pong');
  bare.push(performance.now() - open);
  socket.terminate();
}
left.say({ type: 'quit' });
await Promise.all([left.chat.done, right.chat.done]);
await proxy.close();
await relay.close();

const base = quantile(bare, 0.5);
console.log(`${CUTS} cuts, the network down for 0 to ${OUTAGE} ms; a bare connection with a round trip is 1`);
for (const q of [0.5, 0.9, 0.99]) {
  console.log(row(`both active again, p${q * 100}`, 'ms', quantile(back, q), base));
  console.log(row(`a held message shown, p${q * 100}`, 'ms', quantile(shown, q), base));
}
