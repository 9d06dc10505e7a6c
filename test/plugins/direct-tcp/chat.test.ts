/** The unchanged core over direct-tcp: conversations and failed attempts, with everything real but the two terminals. */
import { createFakeInput, createFakeOutput } from 'securechat/testing';
import { expect, test } from 'vitest';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import { createClock } from '../../../adapters/system/clock.js';
import { createJsonUi } from '../../../adapters/ui/json/json.js';
import { sanitize } from '../../../adapters/text/sanitize.js';
import type { Nameplate, RoomCode } from '../../../core/room/code.js';
import { chat } from '../../../core/session/driver.js';
import { bytes, hello, newJoin, stranger, transport } from '../../support/direct-tcp.js';
import { freePort } from '../../support/free-port.js';

function person(role: 'listen' | 'connect', port: number, secret: string, created = false) {
  const [input, output] = [createFakeInput(), createFakeOutput()];
  const clock = createClock();
  const ui = createJsonUi(
    {},
    {
      clock,
      sanitize,
      color: false,
      wipeScrollback: false,
      input: input.stream,
      output: output.stream,
      errors: createFakeOutput().stream,
    },
  );
  const code: RoomCode = { nameplate: '482913' as Nameplate, secret: bytes(secret), form: 'generated' };
  const session = chat({
    crypto: createTweetnaclCrypto(),
    transport: transport(role, port),
    ui,
    clock,
    code,
    ...(created ? { reroll: () => code } : {}),
    present: () => ({ code: bytes('482913-a-b-c'), invite: bytes('x') }),
    verify: false,
    name: new Uint8Array(0),
    receipts: true,
    resumeTimeout: 0,
    idleTimeout: Number.POSITIVE_INFINITY,
    pace: false,
    version: bytes('0'),
    words: wordlist,
    relay: '',
    describe: () => '',
  });
  return {
    done: session.done,
    say: (text: string) => input.type(`${JSON.stringify({ do: 'send', text })}\n`),
    quit: () => input.type('{"do":"quit"}\n'),
    text: output.text,
    hears: (text: string) => output.until((all) => all.includes(text)),
  };
}

type Person = ReturnType<typeof person>;

async function talk(one: Person, other: Person): Promise<void> {
  await Promise.all([one.hears('"active"'), other.hears('"active"')]);
  one.say('hello');
  await other.hears('"text":"hello"');
  other.say('and back');
  await one.hears('"text":"and back"');
  one.quit();
  expect(await Promise.all([one.done, other.done])).toEqual([0, 0]);
}

test('two people talk, whoever starts and whoever leaves', async () => {
  const port = await freePort();
  const listener = person('listen', port, 'right');
  await talk(listener, person('connect', port, 'right'));
  const connector = person('connect', port, 'right');
  await talk(connector, person('listen', port, 'right'));
});

test.each(['listen', 'connect'] as const)('the code may be made on the side that %ss', async (role) => {
  const port = await freePort();
  const maker = person(role, port, 'right', true);
  await maker.hears('482913-a-b-c');
  await talk(maker, person(role === 'listen' ? 'connect' : 'listen', port, 'right'));
});

test('a wrong code ends who typed it; over the same port the right one gets in', async () => {
  const port = await freePort();
  const listener = person('listen', port, 'right');
  await listener.hears('searching');
  const wrong = person('connect', port, 'wrong');
  expect(await wrong.done).toBe(4);
  expect(wrong.text()).toContain('SC-408');
  await talk(listener, person('connect', port, 'right'));
  expect(listener.text().match(/SC-409/g)).toHaveLength(1);
});

test('strangers come and go all the time, and two people talk', async () => {
  const port = await freePort();
  const listener = person('listen', port, 'right');
  await listener.hears('searching');
  const knock = () => Promise.all([stranger(port, 'GET / HTTP/1.1\r\n\r\n'), stranger(port, hello(newJoin()))]);
  await knock();
  const connector = person('connect', port, 'right');
  await Promise.all([listener.hears('"active"'), connector.hears('"active"'), knock()]);
  await knock();
  await talk(listener, connector);
});
