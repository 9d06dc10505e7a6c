/**
 * Whatever is chosen, two programs understand each other: every transport with every pair of crypto adapters, each a real
 * conversation between two processes over a real relay.
 */
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { repeats } from '../support/chance.js';
import { jsonPair, killAll, ROOT, start } from '../support/program.js';
import { type RelayProcess, startRelayProcess } from '../support/relay.js';

const TRANSPORTS = ['ws', 'socketio'] as const;
const PAIRS = [
  ['tweetnacl', 'sodium'],
  ['sodium', 'tweetnacl'],
  ['tweetnacl', 'tweetnacl'],
  ['sodium', 'sodium'],
] as const;
/** A plugin is loaded by whoever uses it; its path is that of the checkout. */
const NODE_CRYPTO = ['--plugin', path.join(ROOT, 'plugins', 'node-crypto'), '--crypto', 'node-crypto'];

afterEach(killAll);

describe.each(TRANSPORTS)('over %s', (transport) => {
  let relay: RelayProcess;
  beforeAll(async () => {
    relay = await startRelayProcess(['--port', '0'], `relay-${transport}`);
  });
  afterAll(async () => {
    expect(await relay.stop()).toBe(0);
    expect(relay.output().split('\n')).toHaveLength(2);
  });

  it.each(repeats<(typeof PAIRS)[number]>(PAIRS, transport === 'ws' ? 2 : 1))('%s with %s', async (one, two) => {
    const { maker, guest } = await jsonPair(relay.url, {
      maker: ['--transport', transport, '--crypto', one],
      guest: ['--transport', transport, '--crypto', two],
    });
    const words = (await maker.event('safety-words'))['words'];
    expect((await guest.event('safety-words'))['words']).toEqual(words);
    const texts = ['ünïcödé 🧵', 'x'.repeat(64 * 1024), 'last'];
    for (const text of texts) {
      maker.command({ do: 'send', text });
      guest.command({ do: 'send', text });
    }
    for (const side of [maker, guest]) {
      await side.event('delivered', (event) => event['id'] === texts.length - 1);
      await side.event('message', (event) => event['id'] === texts.length - 1);
      const shown = side.events.filter((event) => event.event === 'message');
      expect(shown.map((event) => event['text'])).toEqual(texts);
    }
    maker.command({ do: 'quit' });
    expect([await maker.exit, await guest.exit]).toEqual([0, 0]);
  });

  it('the plugin on node:crypto with the default', async () => {
    const { maker, guest } = await jsonPair(relay.url, {
      maker: ['--transport', transport, ...NODE_CRYPTO],
      guest: ['--transport', transport],
    });
    maker.command({ do: 'send', text: 'hello' });
    expect((await guest.event('message'))['text']).toBe('hello');
    guest.command({ do: 'send', text: 'and back' });
    expect((await maker.event('message'))['text']).toBe('and back');
    guest.command({ do: 'quit' });
    expect([await maker.exit, await guest.exit]).toEqual([0, 0]);
  });

  it('a transport meets the other kind of relay: told, exit 3', async () => {
    const other = TRANSPORTS.find((each) => each !== transport) ?? transport;
    const lost = start(['--ui', 'json', '--transport', other, '--relay', relay.url.href, 'kitchen-x']);
    expect(await lost.event('ended')).toMatchObject({ code: 'SC-114', exit: 3 });
    expect(await lost.exit).toBe(3);
  });
});
