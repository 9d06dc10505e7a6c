/**
 * Two machines behind routers of their own that translate addresses, and a relay elsewhere: network namespaces, veth, and
 * cables that take their time (cable.py). All of it is made here and gone with close(). No expectation may be in this file.
 *
 *   left ── router ══ internet ══ router ── right        ══ a cable
 *                        ║
 *                      relay
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { ROOT } from './program.js';

export type Host = 'left' | 'right' | 'relay';
/** Where the relay is, and what the world sees of the two. */
export const RELAY_ADDRESS = '192.0.2.2';
export const PUBLIC = { left: '198.51.100.2', right: '203.0.113.2' } as const;

/** Name of a namespace, its interface, address and network; where the rest of the world is. */
const PLACES = [
  ['left', 'l0', '10.1.0.2/24', '10.1.0.1'],
  ['leftr', 'l1', '10.1.0.1/24', undefined],
  ['leftr', 'l2', `${PUBLIC.left}/24`, '198.51.100.1'],
  ['net', 'n1', '198.51.100.1/24', undefined],
  ['net', 'n2', '203.0.113.1/24', undefined],
  ['net', 'n3', '192.0.2.1/24', undefined],
  ['rightr', 'r2', `${PUBLIC.right}/24`, '203.0.113.1'],
  ['rightr', 'r1', '10.2.0.1/24', undefined],
  ['right', 'r0', '10.2.0.2/24', '10.2.0.1'],
  ['relay', 'x0', `${RELAY_ADDRESS}/24`, '192.0.2.1'],
] as const;
const SPACES = ['left', 'leftr', 'net', 'rightr', 'right', 'relay', 'cable'] as const;
const WIRES = [
  ['left', 'l0', 'leftr', 'l1'],
  ['right', 'r0', 'rightr', 'r1'],
  ['leftr', 'l2', 'cable', 'c1'],
  ['net', 'n1', 'cable', 'c2'],
  ['rightr', 'r2', 'cable', 'c3'],
  ['net', 'n2', 'cable', 'c4'],
  ['relay', 'x0', 'cable', 'c5'],
  ['net', 'n3', 'cable', 'c6'],
] as const;

export interface RoutersOptions {
  /** One way through a cable, milliseconds. */
  readonly delay: number;
  /** Routers give each connection a port by chance. */
  readonly randomPorts?: boolean;
  /** Routers let nothing out but to the relay. */
  readonly relayOnly?: boolean;
  /** Routers say nothing to who knocks unasked; else they refuse. */
  readonly silent?: boolean;
}

export interface Routers {
  /** What stands before a command to have it run there. */
  inside(host: Host): readonly string[];
  close(): void;
}

function run(file: string, ...args: readonly string[]): boolean {
  return spawnSync(file, args, { stdio: 'ignore' }).status === 0;
}

/** Undefined where that cannot be made: it needs to be root, ip, nft and python3, and that is said. */
export async function createRouters(options: RoutersOptions): Promise<Routers | undefined> {
  const name = (space: string): string => `sc${String(process.pid)}${space}`;
  const inside = (space: string): readonly string[] => ['ip', 'netns', 'exec', name(space)];
  const within = (space: string, ...command: readonly string[]): boolean => {
    const [file = '', ...args] = [...inside(space), ...command];
    return run(file, ...args);
  };
  const running: ChildProcess[] = [];

  function close(): void {
    for (const each of running) each.kill('SIGKILL');
    for (const space of SPACES) run('ip', 'netns', 'del', name(space));
  }

  function nft(router: string, ...words: readonly string[]): boolean {
    return within(router, 'nft', words.join(' '));
  }

  function translate(router: string, outside: string): boolean {
    const ports = options.randomPorts === true ? 'fully-random' : '';
    const made = [
      nft(router, 'add table ip t'),
      nft(router, 'add chain ip t post { type nat hook postrouting priority 100 ; }'),
      nft(router, `add rule ip t post oifname ${outside} masquerade ${ports}`),
      nft(router, 'add chain ip t in { type filter hook input priority 0 ; }'),
      nft(router, 'add chain ip t forward { type filter hook forward priority 0 ; }'),
      options.silent !== true || nft(router, `add rule ip t in iifname ${outside} ct state new,invalid drop`),
      options.relayOnly !== true ||
        nft(router, `add rule ip t forward oifname ${outside} ip daddr != ${RELAY_ADDRESS} drop`),
    ];
    return made.every(Boolean);
  }

  const made =
    SPACES.every((space) => run('ip', 'netns', 'add', name(space)) && within(space, 'ip', 'link', 'set', 'lo', 'up')) &&
    WIRES.every(([a, x, b, y]) =>
      run('ip', 'link', 'add', x, 'netns', name(a), 'type', 'veth', 'peer', 'name', y, 'netns', name(b)),
    ) &&
    WIRES.every(([a, x, b, y]) => within(a, 'ip', 'link', 'set', x, 'up') && within(b, 'ip', 'link', 'set', y, 'up')) &&
    PLACES.every(([space, device, address]) => within(space, 'ip', 'address', 'add', address, 'dev', device)) &&
    PLACES.every(
      ([space, , , via]) => via === undefined || within(space, 'ip', 'route', 'add', 'default', 'via', via),
    ) &&
    ['leftr', 'net', 'rightr'].every((space) => within(space, 'sysctl', '-qw', 'net.ipv4.ip_forward=1')) &&
    translate('leftr', 'l2') &&
    translate('rightr', 'r2');
  if (!made) {
    console.warn('SKIPPED, loudly: no namespaces, nftables or python3 here, so no router was passed');
    close();
    return undefined;
  }
  const script = path.join(ROOT, 'test', 'support', 'cable.py');
  const ends = ['c1', 'c2', 'c3', 'c4', 'c5', 'c6'];
  const [ip = '', ...args] = [...inside('cable'), 'python3', script, String(options.delay), ...ends];
  const child = spawn(ip, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  running.push(child);
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  if (child.exitCode !== null) {
    close();
    throw new Error('there are routers, and no cables between them');
  }
  return { inside, close };
}
