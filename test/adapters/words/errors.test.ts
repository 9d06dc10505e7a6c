/**
 * Sentences: each code has one, no two are alike, details are neutralised, and docs/errors.md is the table of them.
 * `npx vitest run --config .config/vitest.config.ts test/adapters/words/errors.test.ts -u` writes that page anew.
 */
import { describe as suite, expect, it, vi } from 'vitest';
import { describe, explain, report } from '../../../adapters/text/describe.js';
import { DETAIL_LIMIT, neutral } from '../../../adapters/text/neutral.js';
import { commandName } from '../../../adapters/words/command.js';
import { sentences } from '../../../adapters/words/errors.js';
import { type Code, CODES, type Detail, EXIT } from '../../../core/errors.js';
import { fc } from '../../support/chance.js';

const MESSAGES = sentences();

const codes = Object.keys(CODES) as Code[];
const HARMLESS = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u;

const FAMILIES = [
  ['SC-1', 'Network'],
  ['SC-2', 'Cryptography'],
  ['SC-3', 'Session'],
  ['SC-4', 'Security'],
  ['SC-5', 'Internal, and the command line'],
] as const;

function page(): string {
  const lines = [
    '# Errors and notices',
    '',
    'Every message of the program carries one of these codes. The exit status is the one the program ends with when it',
    'ends with that code; 0 also stands for notices after which it goes on. This page is made from the table of messages.',
  ];
  for (const [prefix, title] of FAMILIES) {
    lines.push('', `## ${title}`, '', '| code | exit | cause | remedy |', '|---|---|---|---|');
    for (const code of codes.filter((each) => each.startsWith(prefix))) {
      const { cause, remedy } = MESSAGES[code];
      lines.push(`| ${code} | ${String(CODES[code])} | ${cause} | ${remedy === '' ? '(nothing to do)' : remedy} |`);
    }
  }
  return `${lines.join('\n')}\n`;
}

suite('messages', () => {
  it('there is one for each code, and none for any other', () => {
    expect(Object.keys(MESSAGES).sort()).toEqual([...codes].sort());
    expect(codes.every((code) => FAMILIES.some(([prefix]) => code.startsWith(prefix)))).toBe(true);
  });

  it.each(codes)('%s is a clear sentence without details, with its remedy and its code', (code) => {
    const { cause, remedy, sentence } = MESSAGES[code];
    const bare = sentence({});
    expect(bare).toMatch(/^[A-Z"s].{10,}[.?]$/);
    if (code !== 'SC-302' && code !== 'SC-502' && code !== 'SC-503' && code !== 'SC-504') {
      expect(bare).not.toMatch(/undefined|NaN|null|\(\)|""/);
    }
    expect(cause).toMatch(/^[A-Z`].+\.$/);
    expect(describe(code)).toBe(remedy === '' ? `${bare} (${code})` : `${bare} ${remedy} (${code})`);
    expect(`${bare}${cause}${remedy}`).not.toMatch(/[|\n]/);
  });

  it('a full room is no relay that does not answer', () => {
    expect(MESSAGES['SC-325'].sentence({ why: 'room-full' })).toBe('The room is full; still trying.');
    expect(MESSAGES['SC-325'].sentence({ why: 'busy' })).toBe('The relay is too busy; still trying.');
    // What it says for itself is no word of the wire.
    expect(MESSAGES['SC-325'].sentence({ why: 'shutting-down' })).toBe('The relay is shutting down; still trying.');
    expect(MESSAGES['SC-325'].sentence({ why: 'lost' })).toBe('The relay does not answer (lost); still trying.');
  });

  it('every code that can end the program with a failure has a hint', () => {
    expect(
      codes.filter((code) => CODES[code] !== EXIT.ok && code !== 'SC-311' && MESSAGES[code].remedy === ''),
    ).toEqual([]);
  });

  it.each<[Code, Detail, string]>([
    ['SC-301', { rule: 'link-pin' }, 'Copy the whole invitation link'],
    ['SC-301', { rule: 'empty' }, 'A code looks like'],
    ['SC-109', { address: 'ws://abc.onion/', why: 'x' }, 'add --tor'],
    ['SC-109', { address: 'wss://my.onion.example/', why: 'x' }, 'Use an address such as'],
    ['SC-111', { host: 'nowhere', port: 1, why: 'ENOTFOUND' }, 'an address of this machine'],
    ['SC-111', { host: '::', port: 1, why: 'EADDRINUSE' }, 'Free that port'],
  ])('%s hints at what helps in this case: %j', (code, detail, hint) => {
    expect(describe(code, detail)).toContain(hint);
  });

  it('on stderr an error is one line and its hint another; a notice is one', () => {
    expect(report('SC-501')).toBe(
      'securechat: error: Internal error. Everything is wiped. (SC-501)\nsecurechat: hint: Please report this line.\n',
    );
    for (const code of ['SC-311', 'SC-510'] as const)
      expect(report(code)).toMatch(new RegExp(`^securechat: [^\\n]+ \\(${code}\\)\\n$`));
  });

  it('name the command as this reader started it', () => {
    expect(commandName({})).toBe('securechat');
    expect(commandName({ SECURECHAT_COMMAND: './run.sh' })).toBe('./run.sh');
    for (const odd of ['', 'a b', '$(x)', '\u001b[31m', 'x'.repeat(201)])
      expect(commandName({ SECURECHAT_COMMAND: odd })).toBe('securechat');
  });

  it('name no other command to who must do something', async () => {
    vi.stubEnv('SECURECHAT_COMMAND', './run.sh');
    vi.resetModules();
    const [{ sentences: made }, { CLI_WORDS: words }] = await Promise.all([
      import('../../../adapters/words/errors.js'),
      import('../../../adapters/words/cli.js'),
    ]);
    vi.unstubAllEnvs();
    const here = made();
    const told = [...Object.values(here).map(({ remedy }) => remedy), words.nothingToSend];
    // Of a pipe both sides run one.
    expect(told.filter((each) => /securechat (?!pipe on both|without|asks)/.test(each))).toEqual([]);
    expect(here['SC-340'].remedy).toContain('./run.sh send');
  });

  it('no two codes share a sentence or a cause', () => {
    expect(new Set(codes.map((code) => MESSAGES[code].sentence({}))).size).toBe(codes.length);
    expect(new Set(codes.map((code) => MESSAGES[code].cause)).size).toBe(codes.length);
  });

  it('say what is known', () => {
    expect(describe('SC-101', { relay: 'ws://127.0.0.1:1/', why: 'ECONNREFUSED' })).toBe(
      'No relay answers at ws://127.0.0.1:1/ (ECONNREFUSED). ' +
        'Check that it is running and that the address is right. To start a relay: securechat relay (SC-101)',
    );
    // A transport that needs no relay is not told of one.
    expect(explain('SC-101', { why: 'ECONNREFUSED' })).toContain('Nobody answers (ECONNREFUSED). ');
    expect(explain('SC-107', { why: 'x' })).toContain('is not a securechat peer waiting for this code (x). ');
    expect(explain('SC-108', { why: 'x' })).toContain('The connection closed before the chat began (x). ');
    expect(explain('SC-108', { relay: 'ws://x/', why: 'x' })).toContain('The connection to the relay closed before ');
    expect(explain('SC-302', { position: 2, nearest: 'anchor' })).toBe(
      'Word 2: no such word. Did you mean "anchor"? Correct the word and try again.',
    );
    expect(explain('SC-309', { bytes: 65_537 })).toContain('Message is 1 byte too long');
    expect(explain('SC-309', { bytes: 65_538 })).toContain('Message is 2 bytes too long');
    expect(explain('SC-402', { attempt: 1, attempts: 3 })).toContain('(attempt 1 of 3)');
    expect(explain('SC-401', { attempts: 3 })).toContain('(3 times)');
    expect(explain('SC-401', { attempts: 1 })).not.toContain('in a row');
    expect(explain('SC-304', { count: 1 })).toContain('1 message of yours did not arrive.');
    expect(explain('SC-304', { count: 0 })).not.toContain('arrive');
    expect(explain('SC-103', { seconds: 7 })).toContain('wait 7 s');
    expect(explain('SC-111', { host: 'h', port: 1, why: 'occupied' })).toContain('is listening on h:1');
    expect(explain('SC-111', { host: 'h', port: 1, why: 'EACCES' })).toContain('on h:1 (EACCES)');
    const rules = ['empty', 'too-long', 'not-utf8', 'control-character', 'nameplate-length', 'secret-empty', 'link'];
    expect(new Set(rules.map((rule) => explain('SC-301', { rule }))).size).toBe(rules.length);
    expect(explain('SC-301', { rule: 'toString' })).toContain('malformed');
    expect(new Set(['code', 'secret', 'password', ''].map((what) => explain('SC-310', { what }))).size).toBe(4);
  });

  it('details from outside are harmless in every sentence', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc
        .array(fc.constantFrom('\u001b[2J', '\r', '\n', '\u009b', '\u202e', '\u200b', '\u2028', 'x'), { maxLength: 20 })
        .map((p) => p.join('')),
    );
    const keys = [
      'relay',
      'why',
      'address',
      'host',
      'name',
      'plugin',
      'flag',
      'kind',
      'known',
      'what',
      'rule',
      'where',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...codes), hostile, (code, text) => {
        const told = describe(code, Object.fromEntries(keys.map((key) => [key, text])));
        expect(told).toMatch(HARMLESS);
        expect(told).not.toContain('\n');
      }),
    );
  });

  it('details are cut', () => {
    expect(neutral('x'.repeat(DETAIL_LIMIT))).toBe('x'.repeat(DETAIL_LIMIT));
    expect(neutral('x'.repeat(DETAIL_LIMIT + 1))).toBe(`${'x'.repeat(DETAIL_LIMIT)}…`);
    expect(neutral('\u{1f9f5}'.repeat(DETAIL_LIMIT))).toBe('\u{1f9f5}'.repeat(DETAIL_LIMIT));
    expect(neutral('x'.repeat(10_000_000)).length).toBe(DETAIL_LIMIT + 1);
  });

  it('docs/errors.md is current', async () => {
    await expect(page()).toMatchFileSnapshot('../../../docs/errors.md');
  });
});
