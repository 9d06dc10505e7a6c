/**
 * `securechat doctor`: what is enforced here, what is not, why, and the one command that improves it. It looks and changes
 * nothing; what cannot be known is said to be unknown.
 */
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import type { Agent } from 'node:http';
import path from 'node:path';
import { isSea } from 'node:sea';
import { SecurechatError } from '../../core/errors.js';
import { ELSEWHERE, permission } from '../system/enforced.js';
import { whyNotRich } from '../ui/rich/capable.js';
import { DOCTOR_WORDS } from '../words/doctor.js';
import { CLI_WORDS } from '../words/cli.js';
import type { ProxyServer } from '../transport/way.js';
import { neutral } from '../text/neutral.js';
import { FLAGS } from './flags.js';
import { whyNoFolder } from './places.js';
import { parseProxy, TOR } from './proxy-address.js';
import { proxyOfEnvironment } from './proxy-way.js';
import { LOCAL_RELAY, parseRelayAddress } from './relay-address.js';
import { accepts, checkRelay, type RelayFound } from './relay-check.js';
import { VERSION } from '../../core/version.js';

/** Seconds by which two clocks may differ: one tells whole seconds, and an answer takes its time. */
const CLOCK_TOLERANCE_S = 5;

export interface Surroundings {
  readonly stdin: { readonly isTTY?: boolean; readonly setRawMode?: unknown };
  readonly stdout: { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly env: Readonly<Record<string, string | undefined>>;
}

type Finding = boolean | undefined;
type Row = keyof typeof DOCTOR_WORDS.rows;

/** The table, line by line. `argv` is what is behind the word `doctor`. Throws SecurechatError SC-109, SC-110, SC-503. */
export async function doctor(argv: readonly string[], surroundings: Surroundings): Promise<readonly string[]> {
  const { named: address, files, lan } = argumentsOf(argv);
  const relay = relayOf(address, surroundings.env);
  const { env, stdin, stdout } = surroundings;
  const findings = enforced(env);
  const lines = [DOCTOR_WORDS.title(VERSION, process.version, `${process.platform} ${process.arch}`), ''];
  for (const [name, found] of Object.entries(findings) as [Row, Finding][]) {
    const [what, why, remedy] = DOCTOR_WORDS.rows[name];
    const { yes, no, unknown } = DOCTOR_WORDS.state;
    lines.push(line(what, found === undefined ? unknown : found ? yes : no, found === undefined ? elsewhere() : why));
    const better = name === 'home' ? sandbox(env['HOME']) : remedy;
    if (found === false) lines.push(`  ${DOCTOR_WORDS.remedy}${better}`);
  }
  lines.push('', aboutFiles(files));
  const { good, bad } = DOCTOR_WORDS.state;
  const notRich = whyNotRich({ input: stdin, output: stdout, env });
  lines.push(line(DOCTOR_WORDS.terminal, notRich === undefined ? good : bad, notRich ?? ''));
  const proxy = relay.named ? await proxyOf(relay.url, env) : undefined;
  const [found, tor, proxied] = await Promise.all([
    checkRelay(relay.url, await agentOf(proxy, relay.url)),
    accepts(TOR.host, TOR.port),
    proxy === undefined ? false : accepts(proxy.host, proxy.port),
  ]);
  const isRelay = found.answers && found.wires.length > 0;
  const works = found.answers && found.wires.some((wire) => 'ms' in wire);
  lines.push(line(DOCTOR_WORDS.relay(relay.url.href), works ? good : bad, aboutRelay(found, relay.named)));
  const ahead = isRelay ? found.ahead : undefined;
  const right = ahead !== undefined && Math.abs(ahead) <= CLOCK_TOLERANCE_S;
  lines.push(
    line(
      DOCTOR_WORDS.clock,
      ahead === undefined ? DOCTOR_WORDS.state.unknown : right ? good : bad,
      ahead === undefined
        ? DOCTOR_WORDS.clockUnknown
        : right
          ? DOCTOR_WORDS.clockRight
          : DOCTOR_WORDS.clockWrong(ahead),
    ),
  );
  lines.push(
    line(DOCTOR_WORDS.tor(`${TOR.host}:${String(TOR.port)}`), tor ? good : bad, tor ? '' : DOCTOR_WORDS.torNone),
  );
  lines.push(await aboutLan(lan));
  const used =
    proxy === undefined ? DOCTOR_WORDS.proxyNone : DOCTOR_WORDS.proxyUsed(proxy.kind, proxy.host, proxy.port);
  const fine = proxy === undefined || proxied;
  lines.push(line(DOCTOR_WORDS.proxy, fine ? good : bad, fine ? used : DOCTOR_WORDS.proxyDead(used)));
  const set = FLAGS.flatMap(({ setting }) => (setting === undefined || (env[setting] ?? '') === '' ? [] : [setting]));
  if (set.length > 0) lines.push('', DOCTOR_WORDS.settings);
  for (const setting of set) lines.push(`  ${setting}=${neutral(env[setting] ?? '')}`);
  return lines;
}

function aboutRelay(found: RelayFound, named: boolean): string {
  if (!found.answers) return named ? DOCTOR_WORDS.notThere(found.why) : DOCTOR_WORDS.noRelay;
  const { wires, tls, version } = found;
  return wires.length === 0 ? DOCTOR_WORDS.notRelay : DOCTOR_WORDS.found(wires, tls, version);
}

/** Only with --lan is anything sent: one question, which comes back to this machine, too, where that works. */
async function aboutLan(asked: boolean): Promise<string> {
  const { good, bad, unknown } = DOCTOR_WORDS.state;
  if (!asked) return line(DOCTOR_WORDS.lan, unknown, DOCTOR_WORDS.lanFlag);
  const { interfaces, tryMulticast } = await import('../lan/multicast.js');
  if (interfaces().length === 0) return line(DOCTOR_WORDS.lan, bad, DOCTOR_WORDS.noLan);
  const why = await tryMulticast();
  return line(DOCTOR_WORDS.lan, why === undefined ? good : bad, why === undefined ? '' : DOCTOR_WORDS.lanDeaf(why));
}

/** With a folder, as `--files` of a chat has it: whether it can be used. Only the launcher gives the right to it. */
function aboutFiles(folder: string | undefined): string {
  const { good, bad } = DOCTOR_WORDS.state;
  if (folder === undefined) return line(DOCTOR_WORDS.noFiles, good, DOCTOR_WORDS.filesFlag);
  const at = path.resolve(folder);
  try {
    if (!statSync(at).isDirectory()) return line(DOCTOR_WORDS.files, bad, CLI_WORDS.notFolder);
    accessSync(at, constants.R_OK | constants.W_OK);
    return line(DOCTOR_WORDS.files, good, neutral(at));
  } catch (error) {
    return line(DOCTOR_WORDS.files, bad, whyNoFolder(error));
  }
}

function line(what: string, state: string, why: string): string {
  return `${what.padEnd(46)}  ${state.padEnd(12)}  ${why}`.trimEnd();
}

/** `--relay` with an address, `--files` with a folder or for this one, `--lan`. */
function argumentsOf(argv: readonly string[]): {
  named: string | undefined;
  files: string | undefined;
  lan: boolean;
} {
  let lan = false;
  let [named, files]: (string | undefined)[] = [];
  const words = [...argv];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '--lan') {
      lan = true;
      continue;
    }
    const [, flag = word, attached] = /^(--\w+)=(.*)$/s.exec(word) ?? [];
    const next = words[0]?.startsWith('-') === true ? undefined : words[0];
    const value = attached ?? next;
    if (attached === undefined && value !== undefined) words.shift();
    if (flag === '--files') files = value ?? '.';
    else if ((flag === '--relay' || flag === '-r') && value !== undefined) named = value;
    else throw new SecurechatError('SC-503', { why: CLI_WORDS.doctorUsage });
  }
  return { named, files, lan };
}

/** The one that is named, by flag or setting, or the one on this machine. */
function relayOf(given: string | undefined, env: Surroundings['env']): { url: URL; named: boolean } {
  const address = given ?? env['SECURECHAT_RELAY'] ?? '';
  if (address !== '') return { url: parseRelayAddress(address, true), named: true };
  return { url: new URL(`ws://${LOCAL_RELAY.host}:${String(LOCAL_RELAY.port)}/`), named: false };
}

/** The command that hides the files of a person, and not this program and its Node, wherever they are. */
export function sandbox(home: string | undefined, program = process.argv[1] ?? '', node = process.execPath): string {
  const emptied = [...(home === undefined ? [] : [home]), '/tmp'].map((each) => each.replace(/\/*$/, '/'));
  const hidden = (at: string): boolean => emptied.some((folder) => at.startsWith(folder));
  const dist = path.dirname(program);
  const [all, start] = isSea() ? [[node], node] : [[path.dirname(dist), node], path.join(dist, 'securechat')];
  return DOCTOR_WORDS.bubblewrap(all.filter(hidden).map(quoted), hidden(start) ? quoted(start) : undefined);
}

/** As a shell takes it for one word. */
function quoted(word: string): string {
  return /^[\w/.@%+:-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** In the order of the table; undefined where this system cannot be asked. */
export function enforced(env: Surroundings['env']): Record<Row, Finding> {
  const model = permission();
  const denied = (scope: string): boolean => model !== undefined && !model.has(scope);
  return {
    write: model !== undefined && !model.has('fs.write', ELSEWHERE),
    read: model !== undefined && !model.has('fs.read', ELSEWHERE),
    child: denied('child'),
    worker: denied('worker'),
    addons: !loadsAddons(),
    inspector: model !== undefined || process.execArgv.includes('--disable-sigusr1'),
    strings: process.execArgv.includes('--disallow-code-generation-from-strings'),
    core: found('/proc/self/limits', (text) => /^Max core file size +0 /m.test(text)),
    ptrace: found('/proc/sys/kernel/yama/ptrace_scope', (text) => Number(text) > 0) ?? (hasProc() ? false : undefined),
    swap: found('/proc/swaps', (text) => text.trim().split('\n').length <= 1),
    // A home that holds nothing, or is not there, is that of a sandbox: it cannot be looked into to see.
    home: found(
      '/proc/self/mountinfo',
      (text) => env['HOME'] !== undefined && text.includes(` ${mounted(env['HOME'])} `),
    ),
    certificates: (env['NODE_EXTRA_CA_CERTS'] ?? '') === '',
  };
}

/** As the kernel writes the place of a mount: what parts its fields, as three octal digits. */
function mounted(at: string): string {
  return at.replaceAll(/[ \t\n\\]/g, (each) => `\\${each.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

function hasProc(): boolean {
  return found('/proc/self/limits', () => true) === true;
}

/** What a file of the kernel says; undefined where it is not, or not to be read. */
function found(file: string, says: (text: string) => boolean): Finding {
  try {
    return says(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Asked with a file that is not there: what matters is which of the two is the reason. */
function loadsAddons(): boolean {
  try {
    process.dlopen({ exports: {} }, '/securechat/doctor/asks.node');
    return true;
  } catch (error) {
    return (error as { code?: string }).code !== 'ERR_DLOPEN_DISABLED';
  }
}

function elsewhere(): string {
  return process.platform === 'win32' ? DOCTOR_WORDS.windows : DOCTOR_WORDS.macos;
}

/** As a chat finds it, but for its flags. */
async function proxyOf(relay: URL, env: Surroundings['env']): Promise<ProxyServer | undefined> {
  const setting = env['SECURECHAT_PROXY'] ?? '';
  return setting === '' ? proxyOfEnvironment(relay, env) : parseProxy(setting, 'SECURECHAT_PROXY');
}

async function agentOf(proxy: ProxyServer | undefined, relay: URL): Promise<Agent | undefined> {
  if (proxy === undefined) return undefined;
  const { createWay } = await import('../transport/proxy.js');
  return createWay(() => proxy).routeTo(relay)?.agent;
}
