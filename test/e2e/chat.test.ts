/**
 * Two real processes over the real relay: scripts (json), pipes (line), two terminals (tmux).
 */
import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type JsonEvent, jsonPair, killAll, PROGRAM, ROOT, start } from '../support/program.js';
import { type RelayProcess, startRelayProcess } from '../support/relay.js';

const TEXTS = [
  'hello',
  'Grüße, 今日は, שלום, مرحبا, नमस्ते, 🧵👩‍👩‍👧, e\u0301',
  '[/foo] [bold]not markup[/bold]',
  '\u001b[2J\u001b[31mred\u001b]0;title\u0007\u009b31m',
  '"quotes" \\ backslash \u0000 nul \u2028 separator',
  'line one\nline two',
  'x'.repeat(64 * 1024),
];

let relay: RelayProcess;

beforeAll(async () => {
  relay = await startRelayProcess();
});
afterEach(killAll);
afterAll(async () => {
  await relay.stop();
});

describe('scripts: --ui json', () => {
  it('a code made by one, typed by the other, messages both ways, goodbye, both exit 0', async () => {
    const { maker, guest, code } = await jsonPair(relay.url);
    expect(code).toMatch(/^\d{6}-[a-z]+-[a-z]+-[a-z]+$/);
    const words = (await maker.event('safety-words'))['words'];
    expect((await guest.event('safety-words'))['words']).toEqual(words);
    for (const text of TEXTS) {
      maker.command({ do: 'send', text });
      guest.command({ do: 'send', text });
    }
    const last = TEXTS.length - 1;
    for (const side of [maker, guest]) {
      await side.event('message', (event) => event['id'] === last);
      await side.event('delivered', (event) => event['id'] === last);
      const messages = side.events.filter((event) => event.event === 'message');
      expect(messages.map((event) => event['text'])).toEqual(TEXTS);
      expect(messages.every((event) => event['from'] === 'peer' && typeof event['at'] === 'number')).toBe(true);
    }
    guest.command({ do: 'quit' });
    expect(await guest.exit).toBe(0);
    expect(await maker.exit).toBe(0);
    expect(maker.events.at(-1)).toMatchObject({ event: 'ended', exit: 0 });
    // The raw output is harmless even on a terminal.
    expect(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(maker.stdout())).toBe(false);
  });

  it('both say goodbye at once: both exit 0', async () => {
    const { maker, guest } = await jsonPair(relay.url);
    maker.command({ do: 'quit' });
    guest.command({ do: 'quit' });
    expect([await maker.exit, await guest.exit]).toEqual([0, 0]);
  });

  it('a malformed line gets a notice and nothing else happens', async () => {
    const { maker, guest } = await jsonPair(relay.url);
    for (const line of ['nonsense', '{"do":"dance"}', '{"do":"send"}', '[]', '{"do":']) maker.write(`${line}\n`);
    maker.command({ do: 'send', text: 'after' });
    expect((await guest.event('message'))['text']).toBe('after');
    expect(maker.events.filter((event) => event.event === 'notice' && event['code'] === 'SC-313')).toHaveLength(5);
    maker.command({ do: 'quit' });
    expect([await maker.exit, await guest.exit]).toEqual([0, 0]);
  });

  it('without a secret both must confirm the words', async () => {
    const common = ['--ui', 'json', '--relay', relay.url.href, 'OPEN_ROOM_1'];
    const one = start(common);
    const two = start(common);
    const confirming = (event: JsonEvent): boolean => event['state'] === 'confirming';
    await Promise.all([one.event('state', confirming), two.event('state', confirming)]);
    one.command({ do: 'send', text: 'held' });
    one.command({ do: 'confirm', match: true });
    await two.event('notice').catch(() => undefined);
    two.command({ do: 'confirm', match: true });
    expect((await two.event('message'))['text']).toBe('held');
    one.command({ do: 'quit' });
    expect([await one.exit, await two.exit]).toEqual([0, 0]);
  });

  it('a peer that is killed is reported as lost with exit 5', async () => {
    const { maker, guest } = await jsonPair(relay.url, { maker: ['--resume-timeout', '1s'] });
    guest.child.kill('SIGKILL');
    const lost = await maker.event('state', (event) => event['state'] === 'reconnecting');
    expect(lost['broken']).toBe('peer');
    expect(await maker.exit).toBe(5);
    expect(maker.events.at(-1)).toMatchObject({ event: 'ended', exit: 5, code: 'SC-304' });
  });

  it('SIGTERM and SIGINT say goodbye and exit 130', async () => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      const { maker, guest } = await jsonPair(relay.url);
      maker.child.kill(signal);
      expect(await maker.exit).toBe(130);
      expect(await guest.exit).toBe(0);
    }
  });
});

describe('pipes: --ui line', () => {
  it('what goes in at one side comes out at the other, and both exit 0', async () => {
    const code = '482913-tunnel-anchor-mango';
    const flags = ['--ui', 'line', '--relay', relay.url.href, '--code-stdin'];
    const receiver = start(flags);
    receiver.write(`${code}\n`);
    const sender = start(flags);
    sender.write(`${code}\nhello\nGrüße 今日は\n\n[/foo]\n/quit\n`);
    expect(await sender.exit).toBe(0);
    expect(await receiver.exit).toBe(0);
    const lines = receiver.stdout().trimEnd().split('\n');
    expect(lines.map((line) => line.replace(/^\d\d:\d\d /, ''))).toEqual([
      'peer  hello',
      'peer  Grüße 今日は',
      'peer  [/foo]',
    ]);
  });

  it('end of input waits until everything is acknowledged', async () => {
    const code = 'quay-7-a b c';
    const flags = ['--ui', 'line', '--relay', relay.url.href, '--code-stdin'];
    const receiver = start(flags);
    receiver.write(`${code}\n`);
    const sender = start(flags);
    const lines = Array.from({ length: 1000 }, (_, i) => `line ${i}`);
    sender.write(`${code}\n${lines.join('\n')}\n`);
    sender.end();
    expect(await sender.exit).toBe(0);
    expect(await receiver.exit).toBe(0);
    expect(receiver.stdout().match(/line \d+/g)).toEqual(lines);
  });

  it('escape sequences of the peer are shown and not obeyed', async () => {
    const code = 'quay-8';
    const receiver = start(['--ui', 'line', '--relay', relay.url.href, `${code}-pass`]);
    const sender = start(['--ui', 'json', '--relay', relay.url.href, `${code}-pass`]);
    sender.command({ do: 'send', text: '\u001b[2Jgone\r12:00 peer  forged\n12:00 me    forged' });
    sender.end();
    expect(await receiver.exit).toBe(0);
    expect(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(receiver.stdout())).toBe(false);
    expect(
      receiver
        .stdout()
        .split('\n')
        .filter((line) => /^\d\d:\d\d (peer|me)\b/.test(line)),
    ).toHaveLength(1);
  });
});

const tmux = spawnSync('tmux', ['-V']).status === 0;
if (!tmux) console.warn('SKIPPED, loudly: tmux is not installed, the two-terminal test did not run');

describe.skipIf(!tmux)('two terminals in tmux', () => {
  const socket = `securechat-test-${process.pid}`;
  const t = (...args: string[]): string => execFileSync('tmux', ['-L', socket, ...args], { encoding: 'utf8' });

  afterAll(() => {
    spawnSync('tmux', ['-L', socket, 'kill-server']);
  });

  /** Polls the screen: tmux has no event for it. Bounded by the test's own time-out. */
  async function screen(pane: string, wanted: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = wanted.exec(t('capture-pane', '-p', '-J', '-S', '-200', '-t', pane));
      if (found !== null) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  it('code shown in one, typed at the prompt of the other, messages both ways, /quit, status 0', async () => {
    const command = `LANG=C.UTF-8 ${path.relative(ROOT, PROGRAM)} --ui line --relay ${relay.url.href}; echo status=$?`;
    t('new-session', '-d', '-x', '120', '-y', '40', '-s', 'one', '-c', ROOT, 'sh');
    t('new-session', '-d', '-x', '120', '-y', '40', '-s', 'two', '-c', ROOT, 'sh');
    t('send-keys', '-t', 'one', command, 'Enter');
    await screen('one', /code/i);
    t('send-keys', '-t', 'one', '', 'Enter');
    const [code] = await screen('one', /\d{6}-[a-z]+-[a-z]+-[a-z]+/);
    t('send-keys', '-t', 'two', command, 'Enter');
    await screen('two', /code/i);
    t('send-keys', '-t', 'two', '-l', code);
    t('send-keys', '-t', 'two', 'Enter');
    await screen('one', /Safety words:/);
    await screen('two', /Safety words:/);
    t('send-keys', '-t', 'one', '-l', 'hello from one ünïcödé');
    t('send-keys', '-t', 'one', 'Enter');
    await screen('two', /\d\d:\d\d peer {2}hello from one ünïcödé/);
    t('send-keys', '-t', 'two', '-l', 'and back');
    t('send-keys', '-t', 'two', 'Enter');
    await screen('one', /\d\d:\d\d peer {2}and back/);
    t('send-keys', '-t', 'two', '/quit', 'Enter');
    await screen('two', /status=0/);
    await screen('one', /status=0/);
  });
});

describe('the relay', () => {
  it('has written no room, no seat and no address', async () => {
    const { maker, guest, code } = await jsonPair(relay.url);
    maker.command({ do: 'quit' });
    await Promise.all([maker.exit, guest.exit]);
    const log = relay.output();
    expect(log).not.toContain(code.slice(0, 6));
    expect(log.replace(relay.url.host, '')).not.toMatch(/127\.0\.0\.1|[A-Za-z0-9_-]{43}/);
  });
});
