/**
 * Several machines on one switch, as network namespaces: iproute2 and root make them, nothing else can. Made here and gone
 * with close(). No expectation may be in this file.
 *
 *   host 0 ── switch ── host 1, 2, …
 */
import { spawnSync } from 'node:child_process';

export interface LanHostsOptions {
  /** Default: both. */
  readonly family?: 4 | 6;
}

export interface LanHosts {
  /** What stands before a command to have it run there. */
  inside(host: number): readonly string[];
  /** Of either family, whether it has it or not. */
  address(host: number, family: 4 | 6): string;
  /** Pulls the cable of a host out, or plugs it in. */
  cable(host: number, plugged: boolean): void;
  /** Two hosts that do not reach each other any more, or do again; everybody else does. IPv4. */
  apart(one: number, other: number, apart: boolean): void;
  /** What the host sends goes no faster, megabits a second. */
  slow(host: number, rate: number): void;
  /** The host is in another network from now on, as it is after a walk to the next room. */
  move(host: number): void;
  close(): void;
}

function run(file: string, ...args: readonly string[]): boolean {
  return spawnSync(file, args, { stdio: 'ignore' }).status === 0;
}

const ip = (...args: readonly string[]): boolean => run('ip', ...args);

/** Undefined where that cannot be made, and that is said. */
export function createLanHosts(count: number, { family }: LanHostsOptions = {}): LanHosts | undefined {
  const tag = String(process.pid % 100_000);
  const middle = `scs${tag}`;
  const host = (i: number): string => `sch${tag}n${String(i)}`;
  const all = Array.from({ length: count }, (_, i) => i);
  const four = (i: number): string => `10.78.0.${String(i + 1)}`;
  const six = (i: number): string => `fd5e:c7::${String(i + 1)}`;

  function close(): void {
    for (const space of [...all.map(host), middle]) ip('netns', 'del', space);
  }

  function within(space: string, ...command: readonly string[]): boolean {
    return ip('netns', 'exec', space, ...command);
  }

  function made(i: number): boolean {
    const space = host(i);
    const port = `p${String(i)}`;
    return (
      ip('netns', 'add', space) &&
      ip('link', 'add', 'e0', 'netns', space, 'type', 'veth', 'peer', 'name', port, 'netns', middle) &&
      within(space, 'sysctl', '-qw', 'net.ipv6.conf.e0.accept_dad=0') &&
      (family !== 4 || within(space, 'sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1')) &&
      ip('-n', space, 'link', 'set', 'lo', 'up') &&
      ip('-n', middle, 'link', 'set', port, 'master', 'b0') &&
      ip('-n', middle, 'link', 'set', port, 'up') &&
      (family === 6 || ip('-n', space, 'addr', 'add', `${four(i)}/24`, 'dev', 'e0')) &&
      ip('-n', space, 'link', 'set', 'e0', 'up') &&
      (family === 4 || ip('-n', space, 'addr', 'add', `${six(i)}/64`, 'dev', 'e0', 'nodad'))
    );
  }

  const there =
    ip('netns', 'add', middle) &&
    ip('-n', middle, 'link', 'add', 'b0', 'type', 'bridge', 'mcast_snooping', '0', 'forward_delay', '0') &&
    ip('-n', middle, 'link', 'set', 'b0', 'up') &&
    all.every(made);
  if (!there) {
    console.warn('SKIPPED, loudly: no network namespaces here (iproute2, root), so nobody was met in a local network');
    close();
    return undefined;
  }
  return {
    inside: (i) => ['ip', 'netns', 'exec', host(i)],
    address: (i, which) => (which === 4 ? four(i) : six(i)),
    cable(i, plugged) {
      ip('-n', middle, 'link', 'set', `p${String(i)}`, plugged ? 'up' : 'down');
    },
    apart(one, other, apart) {
      for (const [from, to] of [
        [one, other],
        [other, one],
      ] as const)
        ip('-n', host(from), 'route', apart ? 'add' : 'del', 'blackhole', `${four(to)}/32`);
    },
    slow(i, rate) {
      const bucket = ['burst', '256kb', 'latency', '200ms'];
      within(host(i), 'tc', 'qdisc', 'replace', 'dev', 'e0', 'root', 'tbf', 'rate', `${String(rate)}mbit`, ...bucket);
    },
    move(i) {
      ip('-n', host(i), 'addr', 'flush', 'dev', 'e0', 'scope', 'global');
      ip('-n', host(i), 'addr', 'add', `10.78.0.${String(i + 101)}/24`, 'dev', 'e0');
    },
    close,
  };
}
