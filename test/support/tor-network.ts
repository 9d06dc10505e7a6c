/**
 * A Tor network of its own on loopback: six authorities that are relays too (with three, services of Tor 0.4.9 find no
 * path), and one daemon as a person has it. No expectation may be in this file.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from './free-port.js';

const AUTHORITIES = 6;
/** For a tor that needs a list of authorities before there is one. */
const NONE = `x orport=1 v3ident=${'0'.repeat(39)}1 127.0.0.1:1 ${'0'.repeat(40)}`;

/** Where a daemon listens by itself, and where --tor looks for it. */
const USUAL = 9050;

export interface TorNetwork {
  readonly socks: number;
  /** It listens at the usual place as well: nobody else did. */
  readonly usual: boolean;
  readonly control: number;
  readonly cookie: string;
  /** Ends every connection through it, as a change of network does. */
  newCircuits(): Promise<void>;
  /** The daemon of the person, as if it had been stopped and started. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Whether there is Tor; says what is skipped when there is none. */
export function hasTor(skipped: string): boolean {
  const found = spawnSync('tor', ['--version']).status === 0 && spawnSync('tor-gencert', ['--help']).status !== null;
  if (!found) console.warn(`SKIPPED, no tor here: ${skipped}`);
  return found;
}

/** `usual`: the daemon of the person also listens where --tor looks for it, if nobody else does. */
export async function startTorNetwork({ usual: wanted = false } = {}): Promise<TorNetwork> {
  const root = mkdtempSync(path.join(tmpdir(), 'securechat-tor-'));
  const none = path.join(root, 'none');
  writeFileSync(none, '');
  const ports = await Promise.all(Array.from({ length: 2 * AUTHORITIES + 2 }, freePort));
  const authorities = Array.from({ length: AUTHORITIES }, (_, i) => {
    const folder = path.join(root, `authority${String(i)}`);
    mkdirSync(path.join(folder, 'keys'), { recursive: true, mode: 0o700 });
    return { folder, name: `authority${String(i)}`, or: ports[2 * i] ?? 0, dir: ports[2 * i + 1] ?? 0 };
  });
  const lines = authorities.map((each) => `DirAuthority ${identify(each, none)}`);
  const common = (folder: string) => [
    ...['TestingTorNetwork 1', ...lines, 'AssumeReachable 1', 'ShutdownWaitLength 0', `DataDirectory ${folder}`],
    ...['Address 127.0.0.1', 'V3AuthVotingInterval 10', 'V3AuthVoteDelay 2', 'V3AuthDistDelay 2'],
    ...['TestingV3AuthInitialVotingInterval 10', 'TestingV3AuthInitialVoteDelay 2', 'TestingV3AuthInitialDistDelay 2'],
    ...['TestingDirAuthVoteGuard *', 'TestingDirAuthVoteHSDir *', 'TestingMinExitFlagThreshold 0'],
    ...['VanguardsLiteEnabled 0', 'Log notice stdout'],
  ];
  const running: ChildProcess[] = [];
  const run = (folder: string, settings: readonly string[]): ChildProcess => {
    const torrc = path.join(folder, 'torrc');
    writeFileSync(torrc, [...common(folder), ...settings, ''].join('\n'));
    const child = spawn('tor', ['-f', torrc, '--defaults-torrc', none], { stdio: ['ignore', 'pipe', 'ignore'] });
    child.stdout.resume();
    running.push(child);
    return child;
  };
  for (const { folder, name, or, dir } of authorities) {
    run(folder, [
      ...['AuthoritativeDirectory 1', 'V3AuthoritativeDirectory 1', `Nickname ${name}`, 'ContactInfo nobody'],
      ...[`ORPort 127.0.0.1:${String(or)}`, `DirPort 127.0.0.1:${String(dir)}`, 'ExitRelay 0', 'SocksPort 0'],
    ]);
  }
  const [socks = 0, control = 0] = ports.slice(-2);
  const folder = path.join(root, 'person');
  mkdirSync(folder, { mode: 0o700 });
  async function person(): Promise<ChildProcess> {
    const settings = [
      ...(usual ? [`SocksPort 127.0.0.1:${String(USUAL)}`] : []),
      `SocksPort 127.0.0.1:${String(socks)}`,
      `ControlPort 127.0.0.1:${String(control)}`,
    ];
    const child = run(folder, [...settings, 'CookieAuthentication 1']);
    await bootstrapped(child);
    return child;
  }
  const usual = wanted && (await isFree(USUAL));
  let mine = await person();
  return {
    socks,
    usual,
    control,
    cookie: path.join(folder, 'control_auth_cookie'),
    async newCircuits() {
      await closeCircuits(control, path.join(folder, 'control_auth_cookie'));
    },
    async restart() {
      const gone = once(mine, 'exit');
      mine.kill('SIGKILL');
      await gone;
      mine = await person();
    },
    async close() {
      const alive = running.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
      const gone = alive.map((child) => once(child, 'exit'));
      for (const child of alive) child.kill('SIGKILL');
      await Promise.all(gone);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Closes all circuits of the daemon, and the streams in them. */
async function closeCircuits(port: number, cookie: string): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  let said = '';
  const until = (done: RegExp) =>
    new Promise<void>((resolve) => {
      const look = (): void => {
        if (!done.test(said)) return;
        socket.off('data', look);
        resolve();
      };
      socket.on('data', look);
      look();
    });
  socket.setEncoding('latin1').on('data', (text: string) => {
    said += text;
  });
  socket.write(`AUTHENTICATE ${readFileSync(cookie).toString('hex')}\r\nGETINFO circuit-status\r\n`);
  await until(/^250 OK\r\n[^]*^250 OK\r\n/m);
  const circuits = [...said.matchAll(/^(?:250\+circuit-status=|250-circuit-status=)?(\d+) [A-Z]+ /gm)].map(
    ([, id]) => id ?? '',
  );
  said = '';
  socket.write(circuits.map((id) => `CLOSECIRCUIT ${id}\r\n`).join(''));
  await until(new RegExp(`(?:^\\d{3} .*\\r\\n){${String(circuits.length)}}`, 'm'));
  socket.destroy();
}

/** Makes the keys of an authority; its line in everybody's configuration. */
function identify(
  { folder, name, or, dir }: { folder: string; name: string; or: number; dir: number },
  none: string,
): string {
  const keys = path.join(folder, 'keys');
  const certificate = path.join(keys, 'authority_certificate');
  const files = ['-i', path.join(keys, 'authority_identity_key'), '-s', path.join(keys, 'authority_signing_key')];
  const at = `127.0.0.1:${String(dir)}`;
  const made = spawnSync(
    'tor-gencert',
    ['--create-identity-key', '-m', '12', '-a', at, ...files, '-c', certificate, '--passphrase-fd', '0'],
    { input: 'nothing to hide\n', encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`tor-gencert: ${made.stderr}`);
  const identity = /^fingerprint ([0-9A-F]{40})$/m.exec(readFileSync(certificate, 'latin1'))?.[1];
  const listed = spawnSync(
    'tor',
    [
      ...['--list-fingerprint', '--quiet', '-f', none, '--defaults-torrc', none, '--DataDirectory', folder],
      ...['--ORPort', `127.0.0.1:${String(or)}`, '--Nickname', name, '--TestingTorNetwork', '1'],
      ...['--DirAuthority', NONE],
    ],
    { encoding: 'utf8' },
  );
  const fingerprint = /^\S+ ([0-9A-F ]{49})$/m.exec(listed.stdout)?.[1]?.replaceAll(' ', '');
  if (identity === undefined || fingerprint === undefined) throw new Error(`tor --list-fingerprint: ${listed.stdout}`);
  return `${name} orport=${String(or)} no-v2 v3ident=${identity} ${at} ${fingerprint}`;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

function bootstrapped(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stdout?.on('data', (text: Buffer) => {
      said += text.toString();
      if (said.includes('Bootstrapped 100%')) resolve();
    });
    child.once('exit', () => reject(new Error(`tor ended: ${said.slice(-2000)}`)));
  });
}
