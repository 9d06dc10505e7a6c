/** An ssh server of our own on this machine, to be compared with. Nothing may be measured in this file. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';

export interface SshServer {
  /** What stands in front of a command of `ssh`, and of `scp`. */
  readonly ssh: readonly string[];
  readonly scp: readonly string[];
  readonly host: string;
  stop(): void;
}

const SSHD = '/usr/sbin/sshd';
const TRIES = 100;

/** Undefined where there is none, or none that starts. */
export async function startSshServer(): Promise<SshServer | undefined> {
  if (spawnSync(SSHD, ['-V']).error !== undefined || spawnSync('ssh', ['-V']).error !== undefined) return undefined;
  const folder = mkdtempSync(path.join(tmpdir(), 'securechat-sshd-'));
  chmodSync(folder, 0o700);
  const key = path.join(folder, 'key');
  spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  copyFileSync(`${key}.pub`, path.join(folder, 'authorized'));
  // As root it insists on its empty folder.
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true });
  const port = await freePort();
  const settings = [`Port=${port}`, 'ListenAddress=127.0.0.1', `HostKey=${key}`, 'PidFile=none', 'UsePAM=no'];
  settings.push(`AuthorizedKeysFile=${path.join(folder, 'authorized')}`, 'StrictModes=no', 'PermitRootLogin=yes');
  settings.push('Subsystem=sftp internal-sftp');
  const server = spawn(SSHD, ['-D', '-f', '/dev/null', ...settings.flatMap((each) => ['-o', each])], {
    stdio: 'ignore',
  });
  const stop = (): void => {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  const common = [
    '-q',
    '-i',
    key,
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    'UserKnownHostsFile=/dev/null',
    '-F',
    'none',
  ];
  const found = {
    ssh: ['ssh', ...common, '-p', port, '127.0.0.1'],
    scp: ['scp', ...common, '-P', port],
    host: '127.0.0.1',
    stop,
  };
  if ((await answers(Number(port))) && spawnSync(found.ssh[0] ?? '', [...found.ssh.slice(1), 'true']).status === 0)
    return found;
  stop();
  return undefined;
}

async function answers(port: number): Promise<boolean> {
  for (let n = 0; n < TRIES; n++) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return true;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    } finally {
      socket.destroy();
    }
  }
  return false;
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return String(typeof address === 'object' ? address?.port : 0);
}
