/**
 * Everything a person or a script can do wrong, against the real program: one sentence with its code and a remedy, the
 * documented exit status, nothing on stdout that is not asked for.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TERMINAL_LINE_LIMIT } from '../../adapters/ui/line/line.js';
import { UI_WORDS } from '../../adapters/words/line.js';
import { repeats } from '../support/chance.js';
import { type HostileRelay, startHostileRelay } from '../support/hostile-relay.js';
import { type JsonEvent, jsonPair, killAll, type Program, run, start } from '../support/program.js';
import { type RelayProcess, startRelayProcess } from '../support/relay.js';
import { hasPty, killTerminals, startInTerminal } from '../support/terminal.js';

let relay: RelayProcess;
const hostile: HostileRelay[] = [];

beforeAll(async () => {
  relay = await startRelayProcess();
});
afterEach(async () => {
  killAll();
  killTerminals();
  await Promise.all(hostile.splice(0).map((each) => each.close()));
});
afterAll(async () => {
  await relay.stop();
});

/** An error with its code, and a hint: of the program in the next line, in a UI in the same. */
function expectTold(stderr: string, code: string): void {
  const error = `^securechat: error: .*\\w.*[.?] \\(${code}\\)\nsecurechat: hint: \\S.*$`;
  expect(stderr).toMatch(new RegExp(`${error}|^securechat: [A-Z].*[.?] .*[A-Za-z:/].*\\(${code}\\)$`, 'm'));
}

describe('the command line', () => {
  // Each code once, then each way to it.
  const REFUSED = [
    [['--transport', 'pigeon'], 'SC-502', /pigeon.*ws/],
    [['--ui', 'rich'], 'SC-503', /--ui.*the input is not a terminal/],
    [['--relay', 'not a url'], 'SC-109', /./],
    [['--relay', 'ws://relay.example'], 'SC-110', /wss/],
    [['--name', 'x'.repeat(65)], 'SC-503', /64/],
    [['--nonsense'], 'SC-503', /--nonsense/],
    [['ab'], 'SC-301', /3 to 64/],
    [['482913-tunel-anchor-mango'], 'SC-302', /tunnel/],
    [['--crypto', 'rot13'], 'SC-502', /rot13.*tweetnacl/],
    [['--ui', 'hologram'], 'SC-502', /hologram.*line.*json/],
    [['--transport'], 'SC-503', /--transport/],
    [['--relay', 'ftp://relay.example'], 'SC-109', /./],
    [['--relay', 'http://192.0.2.7'], 'SC-110', /./],
    [['--name', ''], 'SC-503', /--name/],
    [['--code-fd', 'two'], 'SC-503', /--code-fd/],
    [['--code-fd', '1'], 'SC-503', /--code-fd/],
    [['--code-fd', '63'], 'SC-503', /63/],
    [['--code-stdin', 'ROOM'], 'SC-503', /./],
    [['ROOM', 'another'], 'SC-503', /./],
    [['white space'], 'SC-301', /./],
    [['482913-tunnel-anchor-mangoo'], 'SC-302', /mango/],
    [['482913-'], 'SC-301', /./],
  ] as const;
  it.each(repeats<(typeof REFUSED)[number]>(REFUSED, 8))('%j', async (args, code, says) => {
    const { status, stdout, stderr } = await run(args);
    expectTold(stderr, code);
    expect(stderr).toMatch(says);
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });

  it('an empty first line and an empty input at --code-stdin', async () => {
    const empty = await run(['--code-stdin', '--relay', relay.url.href], '\n');
    expect(empty.status).toBe(2);
    expectTold(empty.stderr, 'SC-301');
    const nothing = await run(['--code-stdin', '--relay', relay.url.href]);
    expect(nothing.status).toBe(2);
    expectTold(nothing.stderr, 'SC-310');
  });

  it('escape sequences in an argument are not obeyed when it is repeated', async () => {
    const { stderr } = await run(['--ui', '\u001b[31mred\u001b]0;x\u0007']);
    expect(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(stderr)).toBe(false);
  });

  it('commands that end before the peer is there, with nothing to send: exit 2', async () => {
    const ended = start(['--relay', relay.url.href, '--ui', 'json', '482913-tunnel-anchor-mango']);
    ended.end();
    const told = await ended.event('ended');
    expect(told).toMatchObject({ exit: 2, code: 'SC-310' });
    expect(told['reason']).toMatch(/before your peer joined/);
    expect(await ended.exit).toBe(2);
  });

  it('no input in a pipe is no error: told, and what the peer says is heard', async () => {
    const code = '573926-tunnel-anchor-mango';
    const listener = start(['--relay', relay.url.href, code]);
    listener.end();
    await listener.says(UI_WORDS.listening);
    const other = start(['--relay', relay.url.href, '--ui', 'json', code]);
    await other.event('state', (event) => event['state'] === 'active');
    other.command({ do: 'send', text: 'heard' });
    await other.event('delivered');
    other.command({ do: 'quit' });
    expect([await other.exit, await listener.exit]).toEqual([0, 0]);
    expect(listener.stdout()).toMatch(/ heard\n$/);
    expect(listener.stderr()).not.toContain('SC-310');
  });
});

describe.skipIf(!hasPty)('a line typed at a terminal', () => {
  it('that is longer than the terminal hands over is told and not sent; one that just fits arrives whole', async () => {
    const code = '573925-tunnel-anchor-mango';
    const side = startInTerminal(['--relay', relay.url.href, '--ui', 'line', code]);
    const other = start(['--relay', relay.url.href, '--ui', 'json', code]);
    await Promise.all([
      side.shows('end-to-end encrypted'),
      other.event('state', (event) => event['state'] === 'active'),
    ]);
    const texts = ['X'.repeat(5000), 'short', 'Y'.repeat(4095), 'Z'.repeat(4094)];
    for (const text of texts) side.type(`${text}\n`);
    await other.event('message', ({ text }) => String(text).startsWith('Z'));
    const arrived = other.events.filter(({ event }) => event === 'message').map(({ text }) => text);
    expect(arrived).toEqual([texts[1], texts[3]]);
    other.command({ do: 'quit' });
    await side.exit;
    const shown = side.emulator.everything().join('').replaceAll(/ +\| /g, ' ');
    expect(shown.split(UI_WORDS.malformed.cut(TERMINAL_LINE_LIMIT))).toHaveLength(3);
  });
});

describe('the code', () => {
  it('from a descriptor, and in the argument with a word of warning', async () => {
    const common = ['--ui', 'json', '--relay', relay.url.href];
    const one = start([...common, '--code-fd', '3'], { extraFds: 1 });
    const descriptor = one.child.stdio[3] as unknown as NodeJS.WritableStream;
    descriptor.end('573920-tunnel-anchor-mango\n');
    const two = start([...common, '573920-tunnel-anchor-mango']);
    expect((await two.event('notice'))['code']).toBe('SC-319');
    const active = (event: JsonEvent): boolean => event['state'] === 'active';
    await Promise.all([one.event('state', active), two.event('state', active)]);
    expect(one.events.filter((event) => event['code'] === 'SC-319')).toEqual([]);
    one.command({ do: 'quit' });
    expect([await one.exit, await two.exit]).toEqual([0, 0]);
  });

  it('mistyped where nobody can be asked: exit 4 at once; it lives, and the right person connects', async () => {
    const common = ['--ui', 'json', '--relay', relay.url.href];
    const maker = start(common);
    const code = String((await maker.event('code'))['code']);
    const last = code.endsWith('-zebra') ? 'zero' : 'zebra';
    const wrong = start([...common, code.replace(/[a-z]+$/, last)]);
    expect(await wrong.event('ended')).toMatchObject({ exit: 4, code: 'SC-408' });
    expect(await wrong.exit).toBe(4);
    const right = start([...common, code]);
    const active = (event: JsonEvent): boolean => event['state'] === 'active';
    await Promise.all([maker.event('state', active), right.event('state', active)]);
    expect(maker.events.filter((event) => event['code'] === 'SC-409')).toHaveLength(1);
    maker.command({ do: 'quit' });
    expect([await maker.exit, await right.exit]).toEqual([0, 0]);
  });

  it('in use by two others: room full, exit 3', async () => {
    const { maker, guest, code } = await jsonPair(relay.url);
    const third = start(['--ui', 'json', '--relay', relay.url.href, '--code-stdin']);
    third.write(`${code}\n`);
    expect(await third.event('ended')).toMatchObject({ exit: 3, code: 'SC-303' });
    expect(await third.exit).toBe(3);
    maker.command({ do: 'send', text: 'still here' });
    expect((await guest.event('message'))['text']).toBe('still here');
    maker.command({ do: 'quit' });
    expect([await maker.exit, await guest.exit]).toEqual([0, 0]);
  });
});

describe('the relay', () => {
  it('unreachable: exit 3', async () => {
    const { status, stderr } = await run(['--relay', 'ws://127.0.0.1:9', '482913-tunnel-anchor-mango'], 'hi\n');
    expect(status).toBe(3);
    expectTold(stderr, 'SC-101');
  });

  it('that is something else: exit 3', async () => {
    const server = createServer((_request, response) => response.end('hello'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { status, stderr } = await run(['--relay', `ws://127.0.0.1:${port}`, 'kitchen-x'], 'hi\n');
    server.close();
    expect(status).toBe(3);
    expectTold(stderr, 'SC-107');
  });

  it.each([
    ['{"type":"error","code":"busy"}', 'SC-104'],
    ['{"type":"error","code":"rate-limited","retryAfterMs":9000}', 'SC-103'],
    ['{"type":"error","code":"unsupported-version"}', 'SC-106'],
    ['{"type":"error","code":"\u001b[31m"}', 'SC-107'],
    ['not json', 'SC-107'],
    [`{"type":"joined","peer":true,"pad":"${'x'.repeat(2000)}"}`, 'SC-107'],
  ])('that says %j', async (text, code) => {
    const server = await startHostileRelay({ onJoin: (side, room) => room.text(side, text) });
    hostile.push(server);
    const { status, stderr } = await run(['--relay', server.url.href, 'kitchen-x'], 'hi\n');
    expect(status).toBe(3);
    expectTold(stderr, code);
    expect(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(stderr)).toBe(false);
  });

  it('that reflects a client to itself: exit 6', async () => {
    const server = await startHostileRelay({
      onJoin: (side, room) => room.control(side, { type: 'joined', peer: true }),
      onFrame: (frame, from, room) => room.send(from, frame),
    });
    hostile.push(server);
    const { status, stderr } = await run(['--relay', server.url.href, 'kitchen-x'], 'hi\n');
    expect(status).toBe(6);
    expectTold(stderr, 'SC-406');
  });

  it('that changes one byte of a message, once: the true one is asked for again', async () => {
    let frames = 0;
    const server = await startHostileRelay({
      onFrame(frame, from, room) {
        const copy = frame.slice();
        if (copy[0] === 0x10 && ++frames === 5) copy[100] = (copy[100] ?? 0) ^ 1;
        room.send(room.other(from), copy);
      },
    });
    hostile.push(server);
    const { maker, guest } = await jsonPair(server.url);
    // One after the other: what comes together goes in one frame.
    for (let i = 0; i < 10; i++) {
      maker.command({ do: 'send', text: `message ${i}` });
      await guest.event('message', (event) => event['text'] === `message ${i}`);
    }
    const shown = guest.events.filter((event) => event.event === 'message').map((event) => event['text']);
    expect(shown).toEqual(shown.map((_, i) => `message ${i}`));
    expect(server.rooms).toHaveLength(2);
    maker.command({ do: 'quit' });
    expect([await maker.exit, await guest.exit]).toEqual([0, 0]);
  });

  it('that changes each message: none is shown, both are told SC-405, and who leaves says what was not delivered', async () => {
    const server = await startHostileRelay({
      onFrame(frame, from, room) {
        const copy = frame.slice();
        if (copy[0] === 0x10 && copy.length > 300) copy[100] = (copy[100] ?? 0) ^ 1;
        room.send(room.other(from), copy);
      },
    });
    hostile.push(server);
    const { maker, guest } = await jsonPair(server.url);
    maker.command({ do: 'send', text: 'never '.repeat(100) });
    await guest.event('notice', (event) => event['code'] === 'SC-405');
    // It is owed, so the first wish to leave waits for the line; the second does not.
    maker.command({ do: 'quit' });
    maker.command({ do: 'quit' });
    const ended = await maker.event('ended');
    expect(ended).toMatchObject({ exit: 5 });
    expect(ended['reason']).toMatch(/1 message/);
    expect(await maker.exit).toBe(5);
    guest.command({ do: 'quit' });
    guest.command({ do: 'quit' });
    await guest.exit;
    expect(guest.events.filter((event) => event.event === 'message')).toEqual([]);
  });

  it('that swaps the rooms of two pairs: nothing is shown to the wrong one, and nothing is lost', async () => {
    let swapped = 0;
    const server = await startHostileRelay({
      onFrame(frame, from, room) {
        const target = frame[0] === 0x10 && frame.length === 1280 ? server.rooms[1 - room.index] : undefined;
        if (target !== undefined) swapped += 1;
        (target ?? room).send(room.other(from), frame);
      },
    });
    hostile.push(server);
    const [one, two] = [await jsonPair(server.url), await jsonPair(server.url)];
    // Each room has its own count of frames: one that is behind is dropped as a duplicate, so more than one is sent.
    const texts = Array.from({ length: 8 }, (_, i) => `${i} for room one`.padEnd(500, '.'));
    for (const text of texts) one.maker.command({ do: 'send', text });
    two.maker.command({ do: 'send', text: 'for room two' });
    await Promise.all([
      one.guest.event('message', (event) => event['text'] === texts.at(-1)),
      two.guest.event('message'),
    ]);
    const shown = (side: Program) =>
      side.events.filter((event) => event.event === 'message').map((event) => event['text']);
    expect([shown(one.guest), shown(two.guest)]).toEqual([texts, ['for room two']]);
    expect([shown(one.maker), shown(two.maker)]).toEqual([[], []]);
    expect(swapped).toBeGreaterThan(0);
  });
});
