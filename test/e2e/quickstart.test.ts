/**
 * docs/quickstart.md as its readers follow it: each `console` block is typed, line by line, into a shell in a terminal of
 * its person, and what the page says is printed must come, in that order. Alice and Bob have a host each; a second block
 * of a person goes on in the same terminal. What differs from run to run (codes, words, keys, times) must have its form,
 * and be the same wherever the page has it the same. Stood in for: Tor, by a network on loopback, so that its ports differ.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { DEPTH } from '../support/chance.js';
import { makeHosts } from '../support/hosts.js';
import { ENV, PROGRAM, ROOT } from '../support/program.js';
import { hasPty, killTerminals, startInTerminal } from '../support/terminal.js';
import { hasTor, startTorNetwork } from '../support/tor-network.js';

const PAGE = readFileSync(path.join(ROOT, 'docs/quickstart.md'), 'utf8');
const PROMPT = 'Room code (Enter for a new one):';
/** What is not the same in two runs. */
const FORMS = {
  onion: /[a-z2-7]{56}\.onion/,
  pin: /pin=[\w-]{43}/,
  code: /\d{6}(?:-[a-z]+){3}/,
  words: /(?<=Safety words: {2})[a-z]+(?: {2}[a-z]+){3}/,
};
const VARY = new RegExp(
  Object.values(FORMS)
    .map(({ source }) => `(${source})`)
    .join('|'),
  'g',
);

const folder = mkdtempSync(path.join(tmpdir(), 'securechat-test-'));
symlinkSync(PROGRAM, path.join(folder, 'securechat'));
const hosts = hasPty ? makeHosts('docs/quickstart.md, on two hosts') : undefined;
afterEach(killTerminals);
afterAll(() => {
  hosts?.close();
  rmSync(folder, { recursive: true });
});

interface Section {
  /** What the text of the section, or of the page before it, says that somebody types into the chat. */
  readonly typed: ReadonlySet<string>;
  readonly blocks: readonly { readonly person: string; readonly lines: readonly string[] }[];
}

function section(title: string): Section {
  const text = PAGE.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? '';
  const blocks = [...text.matchAll(/^```console (\w+)\n(.*?)^```$/gms)];
  return {
    typed: new Set([...text.matchAll(/\b(?:types|then)\s`([^`]+)`/g)].map(([, typed = '']) => typed)),
    blocks: blocks.map(([, person = '', lines = '']) => ({ person, lines: lines.trimEnd().split('\n') })),
  };
}

const escape = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
/** The time of day may change between two lines. */
const literal = (text: string): string => escape(text).replace(/^\d\d:\d\d /, String.raw`\d\d:\d\d `);

/** A line of the page as what must be printed. `known`: what stands here for what stands on the page. */
function printed(line: string, known: ReadonlyMap<string, string>): { pattern: string; news: string[] } {
  const news: string[] = [];
  let pattern = '';
  let at = 0;
  for (const { 0: found, index, ...groups } of line.matchAll(VARY)) {
    const form = Object.values(FORMS)[Object.values(groups).findIndex((group) => group === found)] ?? /$./;
    const same = known.get(found);
    pattern += literal(line.slice(at, index)) + (same === undefined ? `(${form.source})` : escape(same));
    if (same === undefined) news.push(found);
    at = index + found.length;
  }
  return { pattern: pattern + literal(line.slice(at)), news };
}

interface Stage {
  /** The command that starts a shell on the host of this person. */
  readonly shell: (person: string) => readonly string[];
  readonly standIn?: (command: string) => string;
}

async function follow({ typed, blocks }: Section, { shell, standIn = (text) => text }: Stage): Promise<void> {
  const known = new Map<string, string>();
  const here = (text: string): string => [...known].reduce((all, [page, own]) => all.replaceAll(page, own), text);

  /** The terminal of a person; what has been seen in it stays behind what comes. */
  function sit(person: string): { step(line: string): Promise<void>; leave(): Promise<void> } {
    const [file = '', ...args] = shell(person);
    const env = { SECURECHAT_UI: 'line', PS1: `${person}$ `, PATH: `${folder}${path.delimiter}${ENV['PATH'] ?? ''}` };
    const terminal = startInTerminal(args, { file, columns: 160, rows: 60, env });
    let seen = '';
    async function comes(line: string): Promise<void> {
      const { pattern, news } = printed(line, known);
      const wanted = new RegExp(seen + pattern);
      const screen = (await terminal.shows(wanted)).join('\n');
      const found = (wanted.exec(screen) ?? []).slice(1);
      for (const [i, each] of news.entries()) known.set(each, found[i] ?? '');
      seen += `${printed(line, known).pattern}[^]*?`;
    }
    return {
      async step(line) {
        const prompt = [`${person}$ `, PROMPT].find((each) => line.startsWith(each));
        if (prompt === undefined && !typed.has(line)) return comes(line);
        if (prompt !== undefined) await comes(prompt);
        const text = here(line.slice(prompt?.length ?? 0).trimStart());
        terminal.type(`${prompt === PROMPT ? text : standIn(text)}\r`);
      },
      // A relay still runs, or what a failed test has left.
      async leave() {
        const idle = new RegExp(`${escape(person)}\\$\\s*$`);
        if (!idle.test(terminal.emulator.screen().join('\n'))) terminal.type('\u0003');
        await terminal.shows(idle);
        terminal.type('exit\r');
        await terminal.exit;
      },
    };
  }

  const seats = new Map<string, ReturnType<typeof sit>>();
  try {
    for (const { person, lines } of blocks) {
      const seat = seats.get(person) ?? sit(person);
      seats.set(person, seat);
      for (const line of lines) await seat.step(line);
    }
  } finally {
    for (const seat of seats.values()) await seat.leave();
  }
}

const BASH = ['bash', '--norc', '--noprofile', '-i'];

describe.skipIf(hosts === undefined)('on two hosts', () => {
  test.each(['Through a relay', 'Without a relay', 'Without a relay, over TLS', 'In one local network'])(
    '%s',
    async (title) => {
      const found = section(title);
      expect(found.blocks.length).toBeGreaterThan(3);
      await follow(found, { shell: (person) => [...(hosts?.before[person === 'bob' ? 1 : 0] ?? []), ...BASH] });
    },
  );
});

test('the page has these ways and no other', () => {
  expect([...PAGE.matchAll(/^## (.*)$/gm)].map(([, title]) => title)).toEqual([
    ...['Install', 'Through a relay', 'Without a relay', 'Without a relay, over TLS', 'In one local network'],
    'As an onion service',
    'When it does not work',
  ]);
});

const deep = DEPTH !== 'quick' && hasPty;
if (DEPTH === 'quick') console.warn('SKIPPED in a quick run: docs/quickstart.md, installing and onion services');

test.skipIf(!deep)('Install', () => {
  const clone = path.join(folder, 'clone');
  mkdirSync(clone);
  for (const name of ['package.json', 'README.md', 'LICENSE', 'dist', 'docs'])
    cpSync(path.join(ROOT, name), path.join(clone, name), { recursive: true });
  const prefix = path.join(folder, 'prefix');
  const env = {
    ...ENV,
    PATH: `${path.join(prefix, 'bin')}${path.delimiter}${ENV['PATH'] ?? ''}`,
    ...{ npm_config_prefix: prefix, npm_config_ignore_scripts: 'true', npm_config_prefer_offline: 'true' },
  };
  const [{ lines } = { lines: [] }] = section('Install').blocks;
  const commands = lines.filter((line) => line.startsWith('$ '));
  const printed = commands.map((line) => {
    // What `npm ci` does to a clone is in .ci/run, where it is done.
    const command = line.slice(2).replace('npm ci && ', '');
    const { status, stdout, stderr } = spawnSync('bash', ['-c', command], { cwd: clone, env, encoding: 'utf8' });
    expect({ command, status, stderr }).toMatchObject({ status: 0 });
    return stdout;
  });
  expect(commands).toHaveLength(2);
  expect(printed.at(-1)?.trim()).toBe(lines.at(-1));
});

test.skipIf(!deep || !hasTor('docs/quickstart.md, onion services'))(
  'As an onion service',
  async () => {
    const tor = await startTorNetwork();
    try {
      const control = `--tor-control 127.0.0.1:${String(tor.control)} --tor-cookie ${tor.cookie}`;
      await follow(section('As an onion service'), {
        shell: () => BASH,
        standIn: (command) =>
          command
            .replace('--onion', `--onion ${control}`)
            .replace(/--tor$/, `--proxy socks5h://127.0.0.1:${String(tor.socks)}`),
      });
    } finally {
      await tor.close();
    }
  },
  300_000,
);
