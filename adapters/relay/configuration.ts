/**
 * What --check-config says: the configuration as the relay understood it, and what this machine brings along. No socket
 * may be in this file.
 */
import { readFileSync } from 'node:fs';
import { formatDuration } from '../../core/duration.js';
import { RELAY_WORDS } from '../words/relay.js';
import { DEFAULT_HOST, DEFAULT_PORT, limitFlags, type ProgramOptions } from './flags.js';
import { ROOM_LIMITS } from '../../core/relay/limits.js';
import type { Certificate } from './certificate.js';

/** Descriptors that are not connections: libraries, the monitor, what Node opens for itself. */
const OWN_DESCRIPTORS = 64;

export function describeConfiguration(
  options: ProgramOptions,
  certificate: Certificate | undefined,
  masking: 'Node' | 'bufferutil' | undefined,
): string {
  const { host = DEFAULT_HOST, port = DEFAULT_PORT, trustProxy } = options.relay;
  const limits = { ...ROOM_LIMITS, ...options.relay.limits };
  const { monitor } = options;
  const scheme = certificate === undefined ? 'ws' : 'wss';
  const files = descriptors();
  const { labels, none } = RELAY_WORDS;
  const notes = [
    certificate?.expired === true ? RELAY_WORDS.expired : undefined,
    certificate === undefined && trustProxy === undefined && !isLoopback(host) ? RELAY_WORDS.plain : undefined,
    masking === undefined ? RELAY_WORDS.slow : undefined,
    files !== undefined && files - OWN_DESCRIPTORS < limits.connections ? RELAY_WORDS.files(files) : undefined,
  ];
  const rows = [
    [labels.listens, `${scheme}://${host.includes(':') ? `[${host}]` : host}:${String(port)}/`],
    [labels.certificate, certificate?.about ?? none],
    [labels.proxies, trustProxy?.join(', ') ?? none],
    [labels.monitor, monitor === undefined ? none : `http://${monitor.host}:${String(monitor.port)}/`],
    [labels.cluster, options.cluster === undefined ? none : new URL(options.cluster).host],
    [labels.drain, formatDuration(options.drainMs)],
    [labels.masking, RELAY_WORDS.masking(masking)],
  ] as const;
  return [
    ...rows.map(([label, value]) => `${label.padEnd(15)}${value}`),
    ...limitFlags(limits).map(([flag, value]) => `${flag.padEnd(26)}${value}`),
    ...notes.filter((note) => note !== undefined),
    certificate?.expired === true ? RELAY_WORDS.notUsable : RELAY_WORDS.usable,
    '',
  ].join('\n');
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/** How many files this process may open; Node has raised it to the hard limit. Undefined where the system does not tell. */
function descriptors(): number | undefined {
  try {
    const found = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return found === undefined ? undefined : Number(found);
  } catch {
    return undefined;
  }
}
