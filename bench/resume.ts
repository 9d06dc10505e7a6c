/**
 * How fast a connection that was cut is back: from the moment the network is whole again to both sides active, and to a
 * message that was typed meanwhile being shown; beside a new connection of a bare socket with one round trip. No report
 * may be in this file.
 */
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { WebSocket } from 'ws';
import { startTcpProxy } from '../test/support/tcp-proxy.js';
import { active, client } from './client.js';
import type { Series } from './figures.js';
import { startSubject } from './load.js';

/** The network is down for 0 to this many milliseconds. */
const OUTAGE = 4_000;

export async function measureResume(quick: boolean): Promise<Series[]> {
  const cuts = quick ? 3 : 20;
  const relay = await startSubject('relay-ws');
  const proxy = await startTcpProxy(() => relay.port);
  const port = Number(proxy.url.port);
  const options = { resumeTimeout: 600_000 };
  const [left, right] = [client(port, 'bench', options), client(port, 'bench', options)];
  await Promise.all([active(left), active(right)]);

  const waiting = new Map<string, () => void>();
  right.onView = (view) => {
    const name = view.type === 'state' ? view.state : view.type;
    waiting.get(name)?.();
    waiting.delete(name);
  };
  /** The next time that the right one shows this. */
  const next = (name: 'message' | 'active'): Promise<void> => new Promise((resolve) => void waiting.set(name, resolve));

  const [back, shown, bare]: [number[], number[], number[]] = [[], [], []];
  for (let i = 0; i < cuts; i++) {
    const [there, here] = [next('message'), Promise.all([active(left), next('active')])];
    proxy.refuse();
    proxy.cut();
    await new Promise((resolve) => setTimeout(resolve, (OUTAGE * i) / cuts));
    left.say({ type: 'send', text: new TextEncoder().encode(`cut ${String(i)}`) });
    proxy.heal();
    const start = performance.now();
    await Promise.all([
      here.then(() => back.push(performance.now() - start)),
      there.then(() => shown.push(performance.now() - start)),
    ]);
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
  relay.stop();
  const anchor = { name: 'a new bare connection with a round trip', values: bare };
  return [
    { name: 'both active again after the network was down for up to 4 s', unit: 'ms', ours: back, anchor },
    { name: 'a message that was typed meanwhile is shown', unit: 'ms', ours: shown, anchor },
  ];
}
