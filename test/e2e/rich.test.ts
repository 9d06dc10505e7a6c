/**
 * The rich UI of the real program in real terminals, both sides of a conversation: every screen as a picture, the keys, a
 * line that breaks, and a terminal that is as it was, however it ends. The same smoke test through tmux.
 */
import { MESSAGE_LIMIT } from '../../core/limits.js';
import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { UI_WORDS } from '../../adapters/words/line.js';
import { PASTE_PAUSE_MS } from '../../adapters/terminal/keys.js';
import { repeats } from '../support/chance.js';
import { killAll, PROGRAM, ROOT, start } from '../support/program.js';
import { type RelayProcess, startRelayProcess } from '../support/relay.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { hasPty, killTerminals, startInTerminal, type Terminal, type TerminalOptions } from '../support/terminal.js';

const CODE = /\d{6}-[a-z]+-[a-z]+-[a-z]+/;
const ACTIVE = /end-to-end encrypted/;
const PASTE = (text: string): string => `\x1b[200~${text}\x1b[201~`;

let relay: RelayProcess;
let proxy: TcpProxy;

beforeAll(async () => {
  relay = await startRelayProcess(['--port', '0', '--joins-per-minute', '100000', '--connections-per-address', '1000']);
  proxy = await startTcpProxy(() => Number(relay.url.port));
});
afterEach(() => {
  killTerminals();
  killAll();
  proxy.heal();
});
afterAll(async () => {
  await proxy.close();
  await relay.stop();
});

let rooms = 0;
/** A code that nobody else has. */
function freshCode(): string {
  rooms += 1;
  return `quay${process.pid}x${rooms}-tunnel-anchor`;
}

/** Two sides in a chat, each on a terminal of its own. The maker goes through the proxy. */
async function pair(options: TerminalOptions = {}, flags: readonly string[] = []): Promise<[Terminal, Terminal]> {
  const code = freshCode();
  const maker = startInTerminal(['--relay', proxy.url.href, ...flags, code], options);
  const guest = startInTerminal(['--relay', relay.url.href, ...flags, code], options);
  await Promise.all([maker.shows(ACTIVE), guest.shows(ACTIVE)]);
  return [maker, guest];
}

/** A paste lasts until a pause; then Ctrl-A is a key again, and moves the cursor. */
async function pauseBehindPaste(side: Terminal): Promise<void> {
  const { column } = side.emulator.cursor;
  do {
    side.type('\x01');
    await new Promise((resolve) => setTimeout(resolve, 3 * PASTE_PAUSE_MS));
  } while (side.emulator.cursor.column === column);
}

/** What differs from run to run, without moving what is behind it. */
function masked(rows: readonly string[]): string[] {
  const put = (pattern: RegExp, label: string) => (row: string) =>
    row.replace(pattern, (found) => label.padEnd(found.length).slice(0, Math.max(label.length, found.length)));
  const all = rows.map((row) =>
    [
      put(/(?<=│ )\d\d:\d\d(?= )/, 'HH:MM'),
      put(CODE, '<code>'),
      put(/securechat:\/\/\S+/, '<link>'),
      put(/(?<=Safety words: {2})[a-z]+( {2}[a-z]+){3}/, '<words>'),
      put(/(?<=│ )[a-z]+( {3}[a-z]+){3}/, '<words>'),
      settled,
      put(/127\.0\.0\.1:\d+/, '<relay>'),
    ].reduce((text, mask) => mask(text), row),
  );
  // A link goes on in the next row.
  return all.map((row, i) => (all[i - 1]?.includes('<link>') === true ? row.replace(/(?<=^│ )\S+ */, '') : row));
}

/** The round trip takes as many cells as it has digits. */
function settled(row: string): string {
  const measured = / · \d+ ms (?=─+┐$)/.exec(row);
  return measured === null
    ? row
    : row.replace('─ end-', `─${'─'.repeat(measured[0].length - 8)} end-`).replace(measured[0], ' · ? ms ');
}

/** Vitest's own snapshots are made code from a string, which a guarded run refuses; a file of text is not. */
const expectPicture = async (name: string, rows: readonly string[]): Promise<void> =>
  await expect(`${rows.join('\n')}\n`).toMatchFileSnapshot(`pictures/${name}.txt`);

describe.skipIf(!hasPty)('pictures of the screens', () => {
  it('connecting: the relay does not answer', async () => {
    proxy.stall();
    const side = startInTerminal(['--relay', proxy.url.href, freshCode()], { rows: 12 });
    await expectPicture('connecting', masked(await side.shows('connecting')));
    side.type('\x1b');
    await side.shows('again');
    side.type('\x1b');
    expect(await side.exit).toBe(0);
  });

  it('waiting: the code, the link, the QR code', async () => {
    const side = startInTerminal(['--relay', relay.url.href]);
    await side.shows('Room code');
    side.type('\r');
    // Before the code is there, a screen without it may be shown; the last row is written last.
    const rows = await side.shows(/█{30}[^]*Esc cancel/);
    const qr = Math.max(...rows.map((row) => row.search(/█{30}/)));
    expect(rows.filter((row) => /[▀▄█]/.test(row.slice(qr))).length).toBeGreaterThan(16);
    // How it is broken into rows depends on the words of the code: test/adapters/ui/rich/pictures.test.ts has it with fixed ones.
    const beside = rows.filter((row) => row.startsWith('│')).map((row) => row.slice(1, qr).trim());
    expect(beside.join(' ').replaceAll(/ +/g, ' ')).toMatch(
      /^ ?Tell your peer \d{6}[-a-z ]+ or send this link another way securechat:\/\/.+ For one person, once\. Nothing is written to disk\. ?$/,
    );
    side.type('\x03');
    expect(await side.exit).toBe(130);
  });

  it('safety words: a room without a secret', async () => {
    const room = `OPEN_ROOM_${process.pid}`;
    const sides = [0, 1].map(() => startInTerminal(['--relay', relay.url.href, room], { rows: 14 }));
    for (const side of sides) {
      await side.shows('Type a secret');
      side.type('\r');
    }
    const [one, two] = sides as [Terminal, Terminal];
    await two.shows('NOT VERIFIED');
    await expectPicture('safety-words', masked(await one.shows('[m] they match')));
    one.type('\r');
    two.type('m');
    await one.shows(UI_WORDS.peerConfirmed);
    one.type('m');
    await Promise.all(sides.map((side) => side.shows(/encrypted · words match/)));
    one.type('hello\r');
    await two.shows('peer  hello');
  });

  it('safety words that do not match end the session, and both are told', async () => {
    const room = `OTHER_ROOM_${process.pid}`;
    const sides = [0, 1].map(() => startInTerminal(['--relay', relay.url.href, room]));
    for (const side of sides) {
      await side.shows('Type a secret');
      side.type('\r');
    }
    const [one, two] = sides as [Terminal, Terminal];
    await Promise.all(sides.map((side) => side.shows('[x] they do not match')));
    one.type('x');
    expect([await one.exit, await two.exit]).toEqual([6, 6]);
    await one.shows('SC-403');
    await two.shows('SC-407');
  });

  it('chat, reconnecting, the end', async () => {
    const [maker, guest] = await pair({ rows: 14 });
    guest.type('hi, ünïcödé 今日は 👩\u200d👩\u200d👧\r');
    await maker.shows('今日は');
    maker.type('hello\r');
    await maker.shows(/ ms ─+┐[^]*delivered/);
    maker.type('not sent yet');
    await maker.shows('> not sent yet');
    await expectPicture('chat', masked(maker.emulator.screen()));

    proxy.refuse();
    proxy.cut();
    await maker.shows('reconnecting');
    maker.type('\x15while the line is down\r');
    const down = await maker.shows(/while the line is down +queued/);
    await maker.shows(/reconnecting 0:0[2-9] · 1 queued/);
    await expectPicture(
      'reconnecting',
      masked(down).map((row) => row.replace(/0:\d\d/, '0:00')),
    );
    proxy.heal();
    await maker.shows(/while the line is down +delivered/);
    await guest.shows('while the line is down');

    guest.type('/quit\r');
    expect([await maker.exit, await guest.exit]).toEqual([0, 0]);
    await expectPicture('ended', masked(maker.emulator.screen()));
  });
});

describe.skipIf(!hasPty)('a conversation', () => {
  it('keys and commands, a paste, a new size; typing while messages arrive', async () => {
    const [maker, guest] = await pair();
    maker.type('one\x1b\rtwo\r');
    await guest.shows(/peer {2}one[^]*│ two/);
    maker.type(PASTE('/quit\rpasted'));
    await maker.shows('pasted');
    await pauseBehindPaste(maker);
    maker.type('\r');
    await guest.shows(/peer {2}\/quit[^]*│ pasted/);
    maker.type('/nothing\r');
    await maker.shows('Unknown command');
    maker.type('\x15\x1bOP');
    await maker.shows('Alt-Enter    new line');
    maker.type('\x1b');
    await maker.hides('Alt-Enter    new line');
    maker.type('being written');
    for (let i = 0; i < 10; i++) {
      guest.type(`message ${i}\r`);
      await maker.shows(`message ${i}`);
    }
    expect(maker.emulator.screen()[22]).toBe(`│ > being written`.padEnd(79) + '│');
    expect(maker.emulator.cursor).toEqual({ column: 17, row: 22 });
    maker.resize(50, 12);
    await maker.shows(/┌─ securechat ─+ end-to-end encrypted · code ✓/);
    expect(maker.emulator.screen()).toHaveLength(12);
    maker.type('\r');
    await guest.shows('being written');
  });

  it('64 KiB of mixed scripts in one paste arrive as one message, intact', async () => {
    const code = freshCode();
    const maker = startInTerminal(['--relay', relay.url.href, code]);
    const guest = start(['--relay', relay.url.href, '--ui', 'json', code]);
    await maker.shows(ACTIVE);
    const part = 'Grüße 今日は שלום مرحبا नमस्ते 👩\u200d👩\u200d👧 e\u0301\n';
    const text = part.repeat(Math.floor(MESSAGE_LIMIT / Buffer.byteLength(part)));
    const all = `${text}${'x'.repeat(MESSAGE_LIMIT - Buffer.byteLength(text) - 1)}y`;
    maker.type(PASTE(all));
    await maker.shows(/xy +│\n└/);
    await pauseBehindPaste(maker);
    maker.type('\r');
    expect((await guest.event('message'))['text']).toBe(all);
    maker.type('after\r');
    await maker.shows(/after +delivered/);
    maker.type('/status\r');
    await maker.shows('2 delivered, 0 in transit, 0 queued');
    maker.type('/quit\r');
    expect([await maker.exit, await guest.exit]).toEqual([0, 0]);
    expect(guest.events.filter(({ event }) => event === 'message')).toHaveLength(2);
  });

  it('without Unicode there is ASCII only; without NO_COLOR there are colours', async () => {
    const [maker] = await pair({ env: { LANG: 'C', LC_ALL: 'C', NO_COLOR: '', COLORTERM: '' } });
    await maker.shows(/^\+- securechat -+ end-to-end encrypted - code ok (- \d+ ms )?-\+$/m);
    expect(maker.written().every((byte) => byte < 0x80)).toBe(true);
    expect(Buffer.from(maker.written()).toString()).toContain('\x1b[32m');
    const [plain] = await pair();
    expect(Buffer.from(plain.written()).toString()).not.toMatch(/\x1b\[[\d;]*3\dm/);
  });
});

describe.skipIf(!hasPty)('the terminal is as it was', () => {
  const ENDS: readonly (readonly [string, (side: Terminal) => void, number])[] = [
    ['/quit', (side) => side.type('/quit\r'), 0],
    ['Ctrl-C twice', (side) => side.type('\x03\x03'), 130],
    ['/wipe', (side) => side.type('/wipe\r'), 130],
    ['SIGTERM', (side) => side.kill('SIGTERM'), 130],
    ['SIGQUIT', (side) => side.kill('SIGQUIT'), 130],
    ['Ctrl-D', (side) => side.type('\x04'), 0],
    ['SIGINT', (side) => side.kill('SIGINT'), 130],
    ['SIGHUP', (side) => side.kill('SIGHUP'), 130],
    ['SIGABRT', (side) => side.kill('SIGABRT'), 130],
  ];
  it.each(repeats(ENDS, 4))('after %s: modes, screen, and nothing of the chat', async (_name, end, status) => {
    const [maker, guest] = await pair();
    guest.type('a secret\r');
    await maker.shows('a secret');
    maker.type('written and not sent');
    await maker.shows('written and not sent');
    if (!_name.startsWith('SIG')) maker.type('\x15');
    end(maker);
    expect(await maker.exit).toBe(status);
    const fresh = startInTerminal([], { file: '/bin/true' });
    await fresh.exit;
    expect(maker.emulator.modes).toBe(fresh.emulator.modes);
    expect(maker.emulator.alternate).toBe(false);
    const left = maker.emulator.screen().filter((row) => row !== '');
    expect(left).toHaveLength(1);
    expect(left[0]).toMatch(/^securechat: .*\(SC-\d+\)$/);
    // What a terminal keeps that does not forget its other screen.
    await maker.emulator.write(Buffer.from('\x1b[?47h'));
    expect(maker.emulator.screen().join('')).not.toMatch(/secret|not sent/);
  });

  /** A shell around the program, so that somebody can ask afterwards. */
  async function inShell(flags: readonly string[]): Promise<Terminal> {
    const shell = startInTerminal(['--norc', '--noprofile', '-i'], {
      file: '/bin/bash',
      columns: 120,
      env: { PS1: '$ ', HISTFILE: '/dev/null' },
    });
    await shell.shows('$');
    shell.type(`${path.relative(ROOT, PROGRAM)} ${flags.join(' ')}; echo status=$?; stty -a\r`);
    return shell;
  }
  const hasBash = spawnSync('/bin/bash', ['--version']).status === 0;

  it.skipIf(!hasBash)('line discipline too; suspended by Ctrl-Z, and everything there again after fg', async () => {
    const code = freshCode();
    const shell = await inShell(['--relay', relay.url.href, code]);
    const guest = startInTerminal(['--relay', relay.url.href, code]);
    await Promise.all([shell.shows(ACTIVE), guest.shows(ACTIVE)]);
    shell.type('being written');
    await shell.shows('> being written');
    shell.type('\x1a');
    await shell.shows('Stopped');
    expect(shell.emulator.alternate).toBe(false);
    shell.type('stty -a\r');
    await shell.shows(/ icanon/);
    expect(shell.emulator.screen().join('\n')).not.toContain('being written');
    shell.type('fg\r');
    await shell.shows('> being written');
    shell.type('\r');
    await guest.shows('being written');
    shell.type('/quit\r');
    // What is typed before the program has ended is thrown away.
    await shell.shows(/\(SC-317\)\n\$/);
    shell.type('clear; echo status=$?; stty -a\r');
    await shell.shows(/status=0[^]* icanon [^]* echo /);
  });

  it.skipIf(!hasBash)('after a defect in an adapter', async () => {
    const plugin = [
      '--plugin',
      './test/support/plugins/misbehaving.mjs',
      '--crypto',
      'wrong',
      '--wrong-crypto',
      'throws',
    ];
    const shell = await inShell(['--relay', relay.url.href, ...plugin, freshCode()]);
    await shell.shows('SC-506');
    await shell.shows(/ icanon [^]* echo /);
    expect(shell.emulator.alternate).toBe(false);
  });
});

const tmux = spawnSync('tmux', ['-V']).status === 0;
if (!tmux) console.warn('SKIPPED, loudly: tmux is not installed, the rich UI was not tried in it');

describe.skipIf(!tmux)('in tmux', () => {
  const socket = `securechat-rich-${process.pid}`;
  const env = { ...process.env, LC_ALL: 'C.UTF-8' };
  const t = (...args: string[]): string => execFileSync('tmux', ['-L', socket, ...args], { encoding: 'utf8', env });

  afterAll(() => {
    spawnSync('tmux', ['-L', socket, 'kill-server']);
  });

  /** Polls the screen: tmux has no event for it. Bounded by the test's own time-out. */
  async function screen(pane: string, wanted: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = wanted.exec(t('capture-pane', '-p', '-t', pane));
      if (found !== null) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  it('is the default; code from one typed at the other, messages both ways, /quit, status 0', async () => {
    const command = `LC_ALL=C.UTF-8 ${path.relative(ROOT, PROGRAM)} --relay ${relay.url.href}; echo status=$?`;
    for (const pane of ['one', 'two']) {
      t('new-session', '-d', '-x', '100', '-y', '30', '-s', pane, '-c', ROOT, 'sh');
      t('send-keys', '-t', pane, command, 'Enter');
      await screen(pane, /Room code/);
    }
    t('send-keys', '-t', 'one', '', 'Enter');
    const [code] = await screen('one', CODE);
    t('send-keys', '-t', 'two', '-l', code);
    t('send-keys', '-t', 'two', 'Enter');
    await screen('one', ACTIVE);
    await screen('two', ACTIVE);
    t('send-keys', '-t', 'one', '-l', 'hello from one ünïcödé');
    t('send-keys', '-t', 'one', 'Enter');
    await screen('two', /\d\d:\d\d peer {2}hello from one ünïcödé +│/);
    await screen('one', /\d\d:\d\d me {4}hello from one ünïcödé +delivered │/);
    t('send-keys', '-t', 'two', '-l', 'and back');
    t('send-keys', '-t', 'two', 'Enter');
    await screen('one', /peer {2}and back/);
    t('send-keys', '-t', 'two', '/quit', 'Enter');
    await screen('two', /status=0/);
    await screen('one', /status=0/);
  });
});
