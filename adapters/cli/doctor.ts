/**
 * `securechat doctor`: what is enforced here, what is not, why, and the one command that improves it. It looks and changes
 * nothing; what cannot be known is said to be unknown.
 */
import { readFileSync } from 'node:fs';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect } from 'node:net';
import { SecurechatError } from '../../core/errors.js';
import { permission } from '../system/enforced.js';
import { whyNotRich } from '../ui/rich/capable.js';
import { DOCTOR_WORDS } from '../words/doctor.js';
import { CLI_WORDS } from '../words/cli.js';
import type { ProxyServer } from '../transport/way.js';
import { parseProxy, TOR } from './proxy-address.js';
import { proxyOfEnvironment } from './proxy-way.js';
import { LOCAL_RELAY, parseRelayAddress } from './relay-address.js';
import { VERSION } from './version.js';

/** Milliseconds for an answer of the relay. */
export const ANSWER_LIMIT_MS = 3_000;

export interface Surroundings {
  readonly stdin: { readonly isTTY?: boolean; readonly setRawMode?: unknown };
  readonly stdout: { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly env: Readonly<Record<string, string | undefined>>;
}

type Finding = boolean | undefined;
type Row = keyof typeof DOCTOR_WORDS.rows;

/** The table, line by line. `argv` is what is behind the word `doctor`. Throws SecurechatError SC-109, SC-110, SC-503. */
export async function doctor(argv: readonly string[], surroundings: Surroundings): Promise<readonly string[]> {
  const relay = relayOf(argv);
  const { env, stdin, stdout } = surroundings;
  const findings = enforced(env);
  const lines = [DOCTOR_WORDS.title(VERSION, process.version, `${process.platform} ${process.arch}`), ''];
  for (const [name, found] of Object.entries(findings) as [Row, Finding][]) {
    const [what, why, remedy] = DOCTOR_WORDS.rows[name];
    const { yes, no, unknown } = DOCTOR_WORDS.state;
    lines.push(line(what, found === undefined ? unknown : found ? yes : no, found === undefined ? elsewhere() : why));
    if (found === false) lines.push(`  ${DOCTOR_WORDS.remedy}${remedy}`);
  }
  lines.push('');
  const { good, bad } = DOCTOR_WORDS.state;
  const notRich = whyNotRich({ input: stdin, output: stdout, env });
  lines.push(line(DOCTOR_WORDS.terminal, notRich === undefined ? good : bad, notRich ?? ''));
  const proxy = relay.named ? await proxyOf(relay.url, env) : undefined;
  const answers = proxy === undefined ? await reaches(placeOf(relay.url)) : await reachesThrough(proxy, relay.url);
  const why = relay.named ? DOCTOR_WORDS.notThere : DOCTOR_WORDS.noRelay;
  lines.push(line(DOCTOR_WORDS.relay(relay.url.href), answers ? good : bad, answers ? '' : why));
  const proxied = proxy === undefined || (await reaches(proxy));
  const used =
    proxy === undefined ? DOCTOR_WORDS.proxyNone : DOCTOR_WORDS.proxyUsed(proxy.kind, proxy.host, proxy.port);
  lines.push(line(DOCTOR_WORDS.proxy, proxied ? good : bad, proxied ? used : DOCTOR_WORDS.proxyDead(used)));
  const tor = await reaches(TOR);
  lines.push(line(DOCTOR_WORDS.tor, tor ? good : bad, tor ? '' : DOCTOR_WORDS.noTor));
  return lines;
}

function line(what: string, state: string, why: string): string {
  return `${what.padEnd(46)}  ${state.padEnd(12)}  ${why}`.trimEnd();
}

function relayOf(argv: readonly string[]): { url: URL; named: boolean } {
  const [flag, address, ...rest] = argv;
  if (flag === undefined)
    return { url: new URL(`ws://${LOCAL_RELAY.host}:${String(LOCAL_RELAY.port)}/`), named: false };
  if ((flag !== '--relay' && flag !== '-r') || address === undefined || rest.length > 0)
    throw new SecurechatError('SC-503', { why: CLI_WORDS.doctorUsage });
  return { url: parseRelayAddress(address, true), named: true };
}

/** In the order of the table; undefined where this system cannot be asked. */
export function enforced(env: Surroundings['env']): Record<Row, Finding> {
  const model = permission();
  const denied = (scope: string): boolean => model !== undefined && !model.has(scope);
  return {
    write: denied('fs.write'),
    read: model !== undefined && !model.has('fs.read', '/'),
    child: denied('child'),
    worker: denied('worker'),
    addons: !loadsAddons(),
    inspector: model !== undefined || process.execArgv.includes('--disable-sigusr1'),
    strings: process.execArgv.includes('--disallow-code-generation-from-strings'),
    core: found('/proc/self/limits', (text) => /^Max core file size +0 /m.test(text)),
    ptrace: found('/proc/sys/kernel/yama/ptrace_scope', (text) => Number(text) > 0) ?? (hasProc() ? false : undefined),
    swap: found('/proc/swaps', (text) => text.trim().split('\n').length <= 1),
    // A home that holds nothing, or is not there, is that of a sandbox: it cannot be looked into to see.
    home: found('/proc/self/mountinfo', (text) => env['HOME'] !== undefined && text.includes(` ${env['HOME']} `)),
    certificates: (env['NODE_EXTRA_CA_CERTS'] ?? '') === '',
  };
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

function placeOf(url: URL): Place {
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || (url.protocol === 'wss:' ? 443 : 80),
  };
}

/** Whether something speaks HTTP there; only the proxy is asked for the name. */
async function reachesThrough(proxy: ProxyServer, relay: URL): Promise<boolean> {
  const { createWay } = await import('../transport/proxy.js');
  const address = new URL(relay.href.replace(/^ws/, 'http'));
  const agent = createWay(() => proxy).routeTo(address)?.agent;
  const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
  return new Promise((resolve) => {
    const request = (address.protocol === 'https:' ? requestHttps : requestHttp)(address, { agent, signal });
    const end = (answers: boolean): void => {
      resolve(answers);
      request.destroy();
    };
    request.on('response', (response) => {
      response.on('error', () => undefined);
      end(true);
    });
    request.on('error', () => end(false));
    request.on('close', () => end(false));
    request.end();
  });
}

interface Place {
  readonly host: string;
  readonly port: number;
}

/** Whether something accepts a connection there. */
function reaches({ host, port }: Place): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (answers: boolean): void => {
      socket.destroy();
      resolve(answers);
    };
    socket.setTimeout(ANSWER_LIMIT_MS, () => end(false));
    socket.on('connect', () => end(true));
    socket.on('error', () => end(false));
  });
}
