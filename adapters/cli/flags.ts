/**
 * The program's own flags and commands, one table: the command line, `--help`, the man page, completion and the settings
 * of the environment are all made from it. What each one means to a person is in adapters/words/cli.ts; nothing is checked
 * and no sentence may be in this file.
 */

import type { CLI_WORDS } from '../words/cli.js';

export type FlagName = keyof typeof CLI_WORDS.flags;

/** What completion offers as a value. */
export type Values = 'transport' | 'crypto' | 'ui' | 'path';

export interface OwnFlag {
  /** Without dashes; `no-x` is a flag of its own. */
  readonly long: FlagName;
  readonly short?: string;
  /** The placeholder of its value; absent: a switch. */
  readonly value?: string;
  /** What it means without a value: then a word behind it is its value only if it looks like one. */
  readonly bare?: { readonly means: string; readonly looks: RegExp };
  readonly values?: Values;
  /** May be given more than once. */
  readonly repeated?: true;
  /** In the short help. */
  readonly common?: true;
  /** The variable of the environment that stands in for it; for what is no secret. The flag wins. */
  readonly setting?: string;
}

/** What is chosen when nothing is named; on a capable terminal the UI is rich instead. */
export const DEFAULTS = { transport: 'ws', crypto: 'sodium', ui: 'line' } as const;

export const FLAGS: readonly OwnFlag[] = [
  { long: 'relay', short: 'r', value: 'url', common: true, setting: 'SECURECHAT_RELAY' },
  { long: 'insecure-relay' },
  {
    long: 'listen',
    value: 'host:port',
    bare: { means: '0.0.0.0:8765', looks: /^[^-].*:\d+$|^:?\d{1,5}$/ },
    common: true,
  },
  { long: 'announce', value: 'host[:port]' },
  { long: 'tls-self' },
  { long: 'onion', common: true },
  { long: 'lan', common: true },
  { long: 'web' },
  { long: 'tor-control', value: 'host:port', setting: 'SECURECHAT_TOR_CONTROL' },
  { long: 'tor-cookie', value: 'file' },
  { long: 'strong' },
  { long: 'proxy', value: 'url', setting: 'SECURECHAT_PROXY' },
  { long: 'proxy-auth-fd', value: 'n' },
  { long: 'tor' },
  { long: 'direct' },
  { long: 'direct-address', value: 'host:port' },
  { long: 'transport', short: 't', value: 'name', values: 'transport', common: true, setting: 'SECURECHAT_TRANSPORT' },
  { long: 'crypto', short: 'c', value: 'name', values: 'crypto', setting: 'SECURECHAT_CRYPTO' },
  { long: 'ui', short: 'u', value: 'name', values: 'ui', common: true, setting: 'SECURECHAT_UI' },
  { long: 'name', value: 'text', common: true, setting: 'SECURECHAT_NAME' },
  { long: 'verify', common: true },
  { long: 'cover' },
  { long: 'room', value: 'room' },
  { long: 'code-stdin' },
  { long: 'code-fd', value: 'n' },
  { long: 'files', value: 'dir', values: 'path', bare: { means: '.', looks: /^[^-]/ } },
  { long: 'plugin', short: 'p', value: 'spec', values: 'path', repeated: true, common: true },
  { long: 'receipts' },
  { long: 'no-receipts' },
  { long: 'resume-timeout', value: 'time', setting: 'SECURECHAT_RESUME_TIMEOUT' },
  { long: 'idle-timeout', value: 'time', setting: 'SECURECHAT_IDLE_TIMEOUT' },
  { long: 'no-color' },
  { long: 'wipe-scrollback' },
  { long: 'quiet' },
  { long: 'help', short: 'h', common: true },
  { long: 'version', short: 'V', common: true },
];

/** Kept free for later commands and flags: no adapter may bring one of these names either. */
const KEPT = ['color', 'typing', 'bell'];

/** Long flags that no adapter may bring. */
export const OWN_FLAGS: readonly string[] = [...FLAGS.map(({ long }) => long), ...KEPT, 'host', 'port', 'check-config'];

/** Commands that there are, in the order in which they are listed. */
export const COMMANDS = [
  'pipe',
  'send',
  'receive',
  'relay',
  'page',
  'doctor',
  'completion',
  'help',
  'version',
] as const;

/** No room has one of these names: whoever types one means a command. */
export const RESERVED: ReadonlySet<string> = new Set(COMMANDS);

/** What `help` explains beyond the flags, and `man`, the page itself. */
export const TOPICS = ['options', 'codes', 'safety', 'relay', 'files', 'plugins', 'exit'] as const;
export type Topic = (typeof TOPICS)[number];

/** Shells that `completion` knows. */
export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof SHELLS)[number];
