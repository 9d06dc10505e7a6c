/**
 * The words of `securechat doctor`. What is found out is in doctor.ts and relay-check.ts. No text of a person and no key
 * may be in this file.
 */
import { COMMAND } from './command.js';

const LAUNCHER = `start it as ${COMMAND}, not its file in dist/`;
/** What it runs, where that is in a folder which the sandbox empties, is brought back; in place of a name then its path. */
const bubblewrap = (kept: readonly string[], program = COMMAND): string =>
  [
    'bwrap --ro-bind / / --tmpfs "$HOME" --tmpfs /tmp',
    ...kept.map((each) => `--ro-bind ${each} ${each}`),
    `--proc /proc --dev /dev --unshare-all --share-net --new-session ${program}`,
  ].join(' ');

/** How long a wire took, or what came instead. */
type WireTold = { readonly kind: string } & ({ readonly ms: number } | { readonly why: string });

export const DOCTOR_WORDS = {
  title: (version: string, node: string, platform: string) => `securechat ${version}, Node ${node}, ${platform}`,
  state: { yes: 'enforced', no: 'NOT enforced', unknown: 'unknown', good: 'ok', bad: 'no' },
  remedy: 'better: ',
  rows: {
    write: ['no file can be written', 'permission model', LAUNCHER],
    read: ['only its own folder can be read', 'permission model', LAUNCHER],
    child: ['no program can be started', 'permission model', LAUNCHER],
    worker: ['no thread can be started', 'permission model', LAUNCHER],
    addons: ['no native code can be loaded', 'permission model', LAUNCHER],
    inspector: ['no debugger can be opened (SIGUSR1)', 'permission model', LAUNCHER],
    strings: ['no code is made from strings', '--disallow-code-generation-from-strings', LAUNCHER],
    core: ['no core dump', 'ulimit -c 0', LAUNCHER],
    ptrace: [
      'no other process of yours can read its memory',
      'kernel.yama.ptrace_scope',
      'sysctl kernel.yama.ptrace_scope=1',
    ],
    swap: [
      'memory is not written to swap',
      'the swap devices of this machine',
      `systemd-run --user --scope -p MemorySwapMax=0 ${COMMAND}`,
    ],
    home: ['your files are hidden from it', 'a sandbox around it', bubblewrap([])],
    certificates: [
      'only the certificate authorities of Node',
      'NODE_EXTRA_CA_CERTS in the environment',
      'unset NODE_EXTRA_CA_CERTS',
    ],
  },
  bubblewrap,
  macos: 'this system cannot be asked',
  windows: 'Windows has none of it; the administrator sets up crash dumps',
  noFiles: 'a chat reads and writes no files',
  files: 'files of a chat are read and written in',
  filesFlag: '--files allows one folder',
  terminal: 'rich UI on this terminal',
  relay: (address: string) => `a relay answers at ${address}`,
  found: (wires: readonly WireTold[], tls: string | undefined, version: string | undefined) =>
    [
      ...wires.map((wire) => ('ms' in wire ? `${wire.kind} ${String(wire.ms)} ms` : `${wire.kind}: ${wire.why}`)),
      tls ?? 'no TLS',
      ...(version === undefined ? [] : [`version ${version}`]),
    ].join(', '),
  notRelay: 'something else answers there',
  noRelay: `a private one is started when needed; or name one: ${COMMAND} doctor --relay wss://...`,
  notThere: (why: string) => `check that it is running and that the address is right (${why})`,
  clock: 'the clock of this machine',
  clockRight: 'agrees with the relay',
  clockWrong: (seconds: number) => `${String(Math.abs(seconds))} s ${seconds > 0 ? 'ahead of' : 'behind'} the relay`,
  clockUnknown: 'no relay to compare it with',
  tor: (address: string) => `Tor answers at ${address}`,
  torNone: 'needed only for --tor and onion addresses',
  lan: 'multicast in the local network (--lan)',
  lanFlag: `not tried: ${COMMAND} doctor --lan`,
  noLan: 'this machine is in none: join a Wi-Fi or plug in a cable',
  lanDeaf: (why: string) => `what is sent does not come back (${why}): a firewall, or another program at UDP port 5353`,
  proxy: 'the proxy that the environment names',
  proxyUsed: (kind: string, host: string, port: number) =>
    `${kind === 'socks' ? 'SOCKS' : kind.toUpperCase()}, ${host}:${String(port)}`,
  proxyDead: (used: string) => `${used} does not answer: start it, or unset the variable`,
  proxyNone: 'none',
  settings: 'Settings in the environment (a flag wins):',
} as const;
