/**
 * The way to the relay that was chosen: --proxy with its user and password, --tor, the environment, or none. What speaks
 * to a proxy is loaded only when there is one; nothing is sent in this file.
 */
import { SecurechatError } from '../../core/errors.js';
import type { ProxyServer, Way } from '../transport/way.js';
import { CLI_WORDS } from '../words/cli.js';
import { readFirstLine } from './input.js';
import type { Options } from './options.js';
import type { Prompter } from './prompt.js';
import { parseProxy, torProxy } from './proxy-address.js';
import { isLoopback } from './relay-address.js';

/** Each variable that may name a proxy, in the order in which they are looked at. */
export const PROXY_VARIABLES = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'] as const;

export interface WayOptions {
  readonly options: Pick<Options, 'proxy' | 'proxyAuth' | 'transport'>;
  /** Absent: the one on this machine. */
  readonly relay: URL | undefined;
  /** The transport is one of this program; others are given no way. */
  readonly ours: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly random: (n: number) => Uint8Array;
  /** Absent where nothing may be asked. */
  readonly prompter: () => Promise<Prompter | undefined>;
}

/** Undefined: directly. Throws SecurechatError SC-109, SC-310, SC-503, SC-505. */
export async function findWay({ options, relay, ours, env, random, prompter }: WayOptions): Promise<Way | undefined> {
  const { proxy, transport } = options;
  const refuse = (why: string) => new SecurechatError('SC-503', { flag: proxy === 'tor' ? '--tor' : '--proxy', why });
  if (!ours) {
    if (proxy === undefined) return undefined;
    throw refuse(CLI_WORDS.proxy.transport(transport));
  }
  if (relay === undefined) {
    if (proxy === undefined) return undefined;
    throw refuse(CLI_WORDS.proxy.noRelay);
  }
  const chosen =
    proxy === 'tor'
      ? torProxy(random)
      : proxy === undefined
        ? await proxyOfEnvironment(relay, env)
        : await withPassword(proxy, options.proxyAuth, prompter);
  if (relay.hostname.replace(/\.$/, '').endsWith('.onion') && chosen?.kind !== 'socks')
    throw new SecurechatError('SC-109', { address: relay.href, why: CLI_WORDS.proxy.onion });
  if (chosen === undefined) return undefined;
  const { createWay } = await import('../transport/proxy.js');
  return createWay(() => chosen);
}

/** A direct path goes past every proxy. Throws SecurechatError SC-503. */
export function refusePast(way: Way | undefined, ours: boolean, transport: string): void {
  const why = ours ? (way === undefined ? undefined : CLI_WORDS.direct.proxy) : CLI_WORDS.direct.transport(transport);
  if (why !== undefined) throw new SecurechatError('SC-503', { flag: '--direct', why });
}

/** So does the local network. Throws SecurechatError SC-503. */
export function refuseInLan(env: WayOptions['env']): void {
  const variable = PROXY_VARIABLES.find((name) => (env[name] ?? '') !== '');
  if (variable !== undefined)
    throw new SecurechatError('SC-503', { flag: '--lan', why: CLI_WORDS.lan.environment(variable) });
}

/** A relay on this machine is reached directly, and what NO_PROXY names. Throws SecurechatError SC-503. */
export async function proxyOfEnvironment(relay: URL, env: WayOptions['env']): Promise<ProxyServer | undefined> {
  const variable = PROXY_VARIABLES.find((name) => (env[name] ?? '') !== '');
  const named = variable === undefined ? undefined : env[variable];
  if (variable === undefined || named === undefined || isLoopback(relay.hostname)) return undefined;
  const { getProxyForUrl } = await import('proxy-from-env');
  const port = relay.port || (relay.protocol === 'wss:' ? '443' : '80');
  // Always by the rules for HTTPS: the proxy looks into no connection of ours.
  if (getProxyForUrl(`https://${relay.hostname}:${port}/`) === '') return undefined;
  return parseProxy(named.includes('://') ? named : `http://${named}`, variable);
}

async function withPassword(
  proxy: ProxyServer,
  descriptor: number | undefined,
  prompter: WayOptions['prompter'],
): Promise<ProxyServer> {
  if (descriptor !== undefined) {
    const flag = '--proxy-auth-fd';
    const line = await readFirstLine(descriptor, flag);
    const [, user, password] = /^([^:]+):(.*)$/s.exec(new TextDecoder().decode(line)) ?? [];
    line.fill(0);
    if (user === undefined || password === undefined)
      throw new SecurechatError('SC-503', { flag, why: CLI_WORDS.proxy.credentials });
    return { ...proxy, user, password };
  }
  if (proxy.user === undefined) return proxy;
  const asker = await prompter();
  if (asker === undefined) throw new SecurechatError('SC-503', { flag: '--proxy', why: CLI_WORDS.proxy.noPassword });
  let password = '';
  await asker.ask({
    message: CLI_WORDS.proxy.ask(proxy.host),
    hidden: true,
    what: 'password',
    accept(typed) {
      // The libraries that send it take strings.
      password = new TextDecoder().decode(typed);
      return undefined;
    },
  });
  return { ...proxy, password };
}
