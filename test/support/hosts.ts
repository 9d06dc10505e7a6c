/**
 * Two hosts on one network, as two network namespaces on this machine: iproute2 and root make them, nothing else can. No
 * expectation may be in this file.
 */
import { spawnSync } from 'node:child_process';

export interface Hosts {
  /** What stands before a command so that it runs on the first or the second host. */
  readonly before: readonly [readonly string[], readonly string[]];
  close(): void;
}

export const ADDRESSES = ['10.77.0.1', '10.77.0.2'] as const;

const ip = (...args: string[]): boolean => spawnSync('ip', args, { stdio: 'ignore' }).status === 0;

/** Undefined where there are no namespaces; says what is skipped then. */
export function makeHosts(skipped: string): Hosts | undefined {
  const spaces = [`sc-a-${String(process.pid)}`, `sc-b-${String(process.pid)}`] as const;
  if (!ip('netns', 'add', spaces[0])) {
    console.warn(`SKIPPED, no network namespaces here (iproute2, root): ${skipped}`);
    return undefined;
  }
  const close = (): void => {
    for (const space of spaces) ip('netns', 'del', space);
  };
  const [here, there] = ['sc0', 'sc1'].map((name) => `${name}-${String(process.pid % 10_000)}`) as [string, string];
  const made =
    ip('netns', 'add', spaces[1]) &&
    ip('link', 'add', here, 'netns', spaces[0], 'type', 'veth', 'peer', 'name', there, 'netns', spaces[1]) &&
    [here, there].every((link, i) => {
      const set = (...args: string[]) => ip('-n', spaces[i] ?? '', ...args);
      return (
        set('addr', 'add', `${ADDRESSES[i] ?? ''}/24`, 'dev', link) &&
        set('link', 'set', link, 'up') &&
        set('link', 'set', 'lo', 'up')
      );
    });
  if (!made) {
    close();
    throw new Error('there are network namespaces, and no link between two of them');
  }
  const inside = (space: string) => ['ip', 'netns', 'exec', space];
  return { before: [inside(spaces[0]), inside(spaces[1])], close };
}
