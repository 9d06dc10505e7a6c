/**
 * The real program on a network that breaks: cuts, half-open connections, black holes, stalls, a trickle, a relay killed
 * again and again, a process that is stopped. Nothing is lost, doubled or out of order. At night the exchange lasts
 * five minutes.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { repeats, runs } from '../support/chance.js';
import { type JsonEvent, jsonPair, killAll, type Program } from '../support/program.js';
import { type RelayProcess, type RelayProgram, startRelayProcess } from '../support/relay.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';

const TRANSPORTS = repeats(['ws', 'socketio'] as const);
const LIMITS = ['--joins-per-minute', '100000', '--connections-per-address', '1000'];
const cleanups: (() => unknown)[] = [];

// At once: most of their time is waiting for a silence to be noticed.
afterAll(async () => {
  killAll();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Scene {
  readonly maker: Program;
  readonly guest: Program;
  /** In front of the maker. */
  readonly proxy: TcpProxy;
}

async function relayOn(port: number, transport: (typeof TRANSPORTS)[number]): Promise<RelayProcess> {
  const program: RelayProgram = `relay-${transport}`;
  const relay = await startRelayProcess(['--port', String(port), ...LIMITS], program);
  cleanups.push(() => relay.child.kill('SIGKILL'));
  return relay;
}

async function scene(transport: (typeof TRANSPORTS)[number]): Promise<Scene> {
  const relay = await relayOn(0, transport);
  const proxy = await startTcpProxy(() => Number(relay.url.port));
  cleanups.push(() => proxy.close());
  const flags = ['--transport', transport];
  const pair = await jsonPair(relay.url, { maker: [...flags, '--relay', proxy.url.href], guest: flags });
  return { ...pair, proxy };
}

const texts = (program: Program): unknown[] =>
  program.events.filter(({ event }) => event === 'message').map((event) => event['text']);
const inState = (state: string) => (event: JsonEvent) => event['state'] === state;

function say(side: Program, name: string, from: number, to: number): void {
  for (let i = from; i < to; i++) side.command({ do: 'send', text: `${name} ${i}` });
}

/** Both say goodbye; each was shown all that the other said, in order and once. */
async function finish({ maker, guest }: Pick<Scene, 'maker' | 'guest'>, count: number): Promise<void> {
  for (const side of [maker, guest]) {
    await side.event('message', (event) => event['id'] === count - 1);
    await side.event('delivered', (event) => event['id'] === count - 1);
  }
  expect(texts(guest)).toEqual(Array.from({ length: count }, (_, i) => `maker ${i}`));
  expect(texts(maker)).toEqual(Array.from({ length: count }, (_, i) => `guest ${i}`));
  maker.command({ do: 'quit' });
  expect([await maker.exit, await guest.exit]).toEqual([0, 0]);
}

describe.concurrent.each(TRANSPORTS)('over %s', (transport) => {
  const BREAKS: Readonly<Record<string, (proxy: TcpProxy) => void>> = {
    'a cut': (proxy) => proxy.cut(),
    'a half-open connection': (proxy) => proxy.halfOpen(),
    'a black hole': (proxy) => proxy.blackhole(),
  };

  it.each(Object.keys(BREAKS))('%s, in the middle of an exchange', async (name) => {
    const { maker, guest, proxy } = await scene(transport);
    say(maker, 'maker', 0, 20);
    say(guest, 'guest', 0, 20);
    BREAKS[name]?.(proxy);
    say(maker, 'maker', 20, 40);
    say(guest, 'guest', 20, 40);
    await maker.event('state', inState('reconnecting'));
    say(maker, 'maker', 40, 60);
    say(guest, 'guest', 40, 60);
    await finish({ maker, guest }, 60);
  });

  it('no way to the relay for a while: what is typed is held, and told', async () => {
    const { maker, guest, proxy } = await scene(transport);
    say(guest, 'guest', 0, 30);
    proxy.refuse();
    proxy.cut();
    await maker.event('notice', (event) => event['code'] === 'SC-325');
    expect((await maker.event('state', inState('reconnecting')))['broken']).toBe('own');
    expect((await guest.event('state', inState('reconnecting')))['broken']).toBe('peer');
    say(maker, 'maker', 0, 30);
    proxy.heal();
    await finish({ maker, guest }, 30);
  });

  it('a stall, and a trickle', async () => {
    const { maker, guest, proxy } = await scene(transport);
    proxy.stall();
    say(maker, 'maker', 0, 30);
    say(guest, 'guest', 0, 30);
    await maker.event('state', inState('reconnecting'));
    proxy.heal();
    proxy.throttle(100);
    say(maker, 'maker', 30, 40);
    say(guest, 'guest', 30, 40);
    await finish({ maker, guest }, 40);
  });

  it('a process that is stopped and goes on', async () => {
    const { maker, guest } = await scene(transport);
    guest.child.kill('SIGSTOP');
    say(maker, 'maker', 0, 10);
    await maker.event('state', inState('reconnecting'));
    guest.child.kill('SIGCONT');
    say(guest, 'guest', 0, 10);
    await finish({ maker, guest }, 10);
  });

  const seconds = runs(6, 20, 300);
  const count = runs(60, 150, 2_000);
  it(`the relay killed every two seconds, ${seconds} s, ${count} messages`, async () => {
    let relay = await relayOn(0, transport);
    const port = Number(relay.url.port);
    const flags = ['--transport', transport];
    const { maker, guest } = await jsonPair(relay.url, { maker: flags, guest: flags });
    let kills = 0;
    const killer = (async (): Promise<void> => {
      for (; kills < seconds / 2; kills++) {
        await new Promise((resolve) => setTimeout(resolve, 2_000));
        await relay.stop('SIGKILL');
        relay = await relayOn(port, transport);
      }
    })();
    // An even flow: one message each side at a time, over all the kills.
    for (let i = 0; i < count / 2; i++) {
      say(maker, 'maker', i, i + 1);
      say(guest, 'guest', i, i + 1);
      await new Promise((resolve) => setTimeout(resolve, (seconds * 1000) / (count / 2)));
    }
    await killer;
    expect(kills).toBe(seconds / 2);
    await finish({ maker, guest }, count / 2);
  });
});

it('a peer that is gone for good is given up after --resume-timeout, with what was not delivered', async () => {
  const relay = await relayOn(0, 'ws');
  const { maker, guest } = await jsonPair(relay.url, { maker: ['--resume-timeout', '1s'] });
  guest.child.kill('SIGKILL');
  await maker.event('state', inState('reconnecting'));
  maker.command({ do: 'send', text: 'nobody is there' });
  expect(await maker.exit).toBe(5);
  expect(await maker.event('ended')).toMatchObject({ code: 'SC-304', exit: 5 });
});

// Its time begins with its start: a busy machine takes seconds until the two have met.
it('an unattended program says goodbye after --idle-timeout', async () => {
  const relay = await relayOn(0, 'ws');
  const { maker, guest } = await jsonPair(relay.url, { maker: ['--idle-timeout', '20s'] });
  expect([await maker.exit, await guest.exit]).toEqual([0, 0]);
  expect(await maker.event('ended')).toMatchObject({ code: 'SC-326' });
});
