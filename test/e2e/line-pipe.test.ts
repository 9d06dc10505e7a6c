/** The line UI between pipes, as a shell would use it: what is read, what is written, and which exit status tells it. */
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { UI_WORDS } from '../../adapters/words/line.js';
import { type JsonEvent, jsonPair, killAll, type Program, start } from '../support/program.js';
import { type RelayProcess, startRelayProcess } from '../support/relay.js';

let relay: RelayProcess;

beforeAll(async () => {
  relay = await startRelayProcess();
});
afterEach(killAll);
afterAll(async () => {
  await relay.stop();
});

/** One with the json UI that makes a code, and one with the line UI that types it and reads this input to its end. */
async function piped(input: string | Uint8Array): Promise<{ json: Program; line: Program }> {
  const json = start(['--ui', 'json', '--relay', relay.url.href]);
  const { code } = (await json.event('code')) as JsonEvent & { code: string };
  const line = start(['--ui', 'line', '--relay', relay.url.href, code]);
  line.write(input);
  line.end();
  await json.event('state', (event) => event['state'] === 'active');
  return { json, line };
}

/** 12 MB of text that JSON writes as 72 MB. */
const FLOOD = `${'\u0001'.repeat(60_000)}\n`.repeat(200);

it('an output that nobody reads is given up at a bound: stderr and the status tell it, and the peer hears goodbye', async () => {
  const json = start(['--ui', 'json', '--relay', relay.url.href]);
  const { code } = (await json.event('code')) as JsonEvent & { code: string };
  const line = start(['--ui', 'line', '--relay', relay.url.href, code]);
  await json.event('state', (event) => event['state'] === 'active');
  json.child.stdout.pause();
  const ended = once(json.child, 'exit');
  line.write(FLOOD);
  expect(await ended).toEqual([1, null]);
  json.child.stdout.resume();
  await json.exit;
  expect(json.stderr()).toContain('SC-513');
  // It is not taken for delivered.
  expect(await line.exit).toBe(5);
  expect(line.stderr()).toContain('SC-306');
});

it('what a stalled reader has not taken is not told as delivered, and is when the reader goes on', async () => {
  const { maker, guest } = await jsonPair(relay.url);
  guest.child.stdout.pause();
  const last = 40;
  for (let id = 0; id <= last; id++) maker.command({ do: 'send', text: String(id).padEnd(60_000) });
  // What fits into the pipe has left the program.
  await maker.event('delivered', (event) => event['id'] === 0);
  guest.command({ do: 'send', text: 'all of it has come' });
  await maker.event('message');
  const delivered = (event: JsonEvent): boolean => event.event === 'delivered' && event['id'] === last;
  expect(maker.events.some(delivered)).toBe(false);
  guest.child.stdout.resume();
  await maker.event('delivered', delivered);
  maker.command({ do: 'quit' });
  expect(await Promise.all([maker.exit, guest.exit])).toEqual([0, 0]);
  expect(guest.events.filter(({ event }) => event === 'message')).toHaveLength(last + 1);
});

describe('a pipe', () => {
  it('without any text listens until the peer leaves, and a message of 65,000 characters is written whole', async () => {
    const { json, line } = await piped('');
    const text = 'abcdefghij'.repeat(6_500);
    json.command({ do: 'send', text });
    await json.event('delivered');
    json.command({ do: 'quit' });
    expect([await json.exit, await line.exit]).toEqual([0, 0]);
    expect(line.stdout()).toMatch(/^\d\d:\d\d peer {2}[a-j]+\n$/);
    expect(line.stdout()).toContain(text);
    expect(line.stderr()).toContain(UI_WORDS.listening);
  });

  it('with text sends it, waits until it has arrived, and leaves', async () => {
    const { json, line } = await piped('hi\n');
    expect((await json.event('message'))['text']).toBe('hi');
    expect([await json.exit, await line.exit]).toEqual([0, 0]);
  });

  it.each([
    ['too long', `${'x'.repeat(70_000)}\n`],
    ['not UTF-8', Uint8Array.of(0xff, 0x0a)],
    ['no command', '/usr/bin/env\n'],
  ])('with a line that is %s sends the others, and is no success', async (_what, lost) => {
    const { json, line } = await piped(Buffer.concat([Buffer.from('one\n'), Buffer.from(lost), Buffer.from('two\n')]));
    await json.event('message', (event) => event['text'] === 'two');
    expect([await json.exit, await line.exit]).toEqual([0, 5]);
    expect(line.stderr()).toContain('SC-313');
    expect(line.stderr()).toContain('1 message did not arrive');
  });
});
