/**
 * The words of `securechat doctor`. What is found out is in doctor.ts. No text of a person and no key may be in this file.
 */
const LAUNCHER = 'start it as securechat (or ./run.sh), not its file in dist/';
const BUBBLEWRAP =
  'bwrap --ro-bind / / --tmpfs "$HOME" --tmpfs /tmp --proc /proc --dev /dev --unshare-all --share-net --new-session securechat';

export const DOCTOR_WORDS = {
  title: (version: string, node: string, platform: string) => `securechat ${version}, Node ${node}, ${platform}`,
  state: { yes: 'enforced', no: 'NOT enforced', unknown: 'not known', good: 'ok', bad: 'no' },
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
      'systemd-run --user --scope -p MemorySwapMax=0 securechat',
    ],
    home: ['your files are out of sight', 'a sandbox around it', BUBBLEWRAP],
    certificates: [
      'no certificates besides those of Node',
      'the environment, NODE_EXTRA_CA_CERTS',
      'unset NODE_EXTRA_CA_CERTS',
    ],
  },
  macos: 'this system has no way to ask',
  windows: 'Windows: there is none of it; crash dumps are set up by the administrator',
  terminal: 'rich UI on this terminal',
  relay: (address: string) => `a relay answers at ${address}`,
  noRelay: 'one is started inside the program; or name one: securechat doctor --relay wss://...',
  notThere: 'is it running, and is the address right?',
  proxy: 'the proxy that the environment names',
  proxyUsed: (kind: string, host: string, port: number) =>
    `${kind === 'socks' ? 'SOCKS' : kind.toUpperCase()}, ${host}:${String(port)}`,
  proxyDead: (used: string) => `${used} does not answer; start it, or unset the variable`,
  proxyNone: 'none',
  tor: 'Tor on this machine (port 9050)',
  noTor: 'needed only for --tor and onion services; start it with: tor',
} as const;
