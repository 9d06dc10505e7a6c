/**
 * What --check-config says: the configuration as the relay understood it, and what this machine brings along. No socket
 * may be in this file.
 */
import { readFileSync } from 'node:fs';
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
  const notes = [
    certificate?.expired === true ? 'The certificate has expired: clients will refuse it.' : undefined,
    certificate === undefined && trustProxy === undefined && !isLoopback(host)
      ? 'No TLS here and no proxy named: clients refuse plain ws:// to another machine.'
      : undefined,
    masking === undefined
      ? 'bufferutil is not here: the relay runs without it, and slower with large frames.'
      : undefined,
    files !== undefined && files - OWN_DESCRIPTORS < limits.connections
      ? `This machine allows ${String(files)} open files: fewer connections than --max-connections.`
      : undefined,
  ];
  return [
    `listens on     ${scheme}://${host.includes(':') ? `[${host}]` : host}:${String(port)}/`,
    `certificate    ${certificate?.about ?? 'none'}`,
    `proxies        ${trustProxy?.join(', ') ?? 'none'}`,
    `monitor        ${monitor === undefined ? 'none' : `http://${monitor.host}:${String(monitor.port)}/`}`,
    `cluster        ${options.cluster === undefined ? 'none' : new URL(options.cluster).host}`,
    `drain          ${String(options.drainMs / 1000)} s`,
    `masking        ${masking === undefined ? 'JavaScript' : `native, by ${masking}`}`,
    ...limitFlags(limits).map(([flag, value]) => `${flag.padEnd(26)}${String(value)}`),
    ...notes.filter((note) => note !== undefined),
    certificate?.expired === true ? 'Not to be used like this.' : 'The configuration can be used.',
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
