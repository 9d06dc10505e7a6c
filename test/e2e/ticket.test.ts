/** Tickets between the real programs: people behind one crowded address, or at a crowded relay, still meet. */
import { afterEach, describe, expect, test } from 'vitest';
import { TICKET_BITS } from '../../core/relay/admission.js';
import { DEPTH, repeats } from '../support/chance.js';
import { jsonPair, killAll } from '../support/program.js';
import { type RelayProcess, startRelayProcess } from '../support/relay.js';
import { attacker } from '../support/relay-attacker.js';
import { bareClient, randomJoin } from '../support/relay-client.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  killAll();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function outcomes(relay: RelayProcess): Promise<string> {
  const base = (await relay.says(/monitor on http:\/\/\S+(?=\n)/)).replace('monitor on ', '');
  return (await fetch(`${base}metrics`)).text();
}

const RELAYS = [
  ['relay-ws', 'ws'],
  ['relay-socketio', 'socketio'],
] as const;

describe.each(repeats(RELAYS))('%s', (program, kind) => {
  test.each<[string, string[], number]>([
    ['more joins than one address has', ['--joins-per-minute', '1'], 0],
    ['a relay near its limit', ['--max-connections', '5'], 2],
    // The hardest ticket: ten seconds of work.
    ...(DEPTH === 'quick'
      ? []
      : [['a relay at its limit', ['--max-connections', '2'], 0] as [string, string[], number]]),
  ])('%s: both work, meet and chat', async (_what, limits, others) => {
    const relay = await startRelayProcess(['--port', '0', '--monitor-port', '0', ...limits], program);
    cleanups.push(() => relay.child.kill('SIGKILL'));
    for (let n = 0; n < others; n++) {
      const other = await attacker(program, relay.url, '127.0.0.1');
      cleanups.push(() => other.socket.terminate());
      other.join(randomJoin());
    }
    const flags = ['--transport', kind];
    const { maker, guest } = await jsonPair(relay.url, { maker: flags, guest: flags });
    maker.command({ do: 'send', text: 'worth the work' });
    expect(await guest.event('message')).toMatchObject({ text: 'worth the work' });
    expect(await outcomes(relay)).toMatch(/^securechat_relay_joins_total\{outcome="ticket"\} [12]$/m);
    for (const each of [maker, guest]) each.command({ do: 'quit' });
    await Promise.all([maker.exit, guest.exit]);
    expect(await relay.stop()).toBe(0);
  });
});

test('what a relay asks for is 32 fresh random bytes each time', async () => {
  const relay = await startRelayProcess(['--port', '0', '--joins-per-minute', '1']);
  cleanups.push(() => relay.child.kill('SIGKILL'));
  await (await bareClient(relay.url, randomJoin())).until(({ told }) => told.length > 0);
  const challenges = new Set<string>();
  for (let n = 0; n < 5; n++) {
    const client = await bareClient(relay.url, randomJoin());
    await client.until(({ told }) => told.length > 0);
    const [message] = client.told;
    if (message?.type !== 'error' || message.ticket === undefined) throw new Error('no ticket was asked for');
    expect(message).toMatchObject({ code: 'rate-limited', ticket: { difficulty: TICKET_BITS } });
    expect(message.ticket.challenge).toMatch(/^[\w-]{43}$/);
    challenges.add(message.ticket.challenge);
    client.socket.terminate();
  }
  expect(challenges.size).toBe(5);
});
