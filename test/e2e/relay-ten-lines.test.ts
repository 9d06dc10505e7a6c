/**
 * docs/relay, "From nothing to wss:// in ten lines": the lines as they stand there, one after the other, with everything
 * under a folder of its own. What only systemd, apt and a certificate authority can do is stood in for: the unit's own
 * command line is started, and Caddy with the file that the lines have made.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { hasOpenssl, makeCertificate } from '../support/certificate.js';
import { freePort } from '../support/free-port.js';
import { ENV, killAll, ROOT, start } from '../support/program.js';

const hasCaddy = hasOpenssl && spawnSync('caddy', ['version']).status === 0;
if (!hasCaddy) console.warn('SKIPPED: no caddy here, so the ten lines of docs/relay are not tried as a sequence');

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  killAll();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** The block of the document: each command with what it prints. */
function lines(): { prompt: string; command: string; prints: string }[] {
  const document = readFileSync(path.join(ROOT, 'docs/relay/README.md'), 'utf8');
  const [, block = ''] = /in ten lines\n[^]*?```console\n([^]*?)```/.exec(document) ?? [];
  return block.split(/^(?=[#$] )/m).map((part) => {
    const [first = '', ...prints] = part.split('\n');
    return { prompt: first[0] ?? '', command: first.slice(2), prints: prints.join('\n') };
  });
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } });
  const ended = once(child, 'close');
  cleanups.push(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  return child;
}

test.runIf(hasCaddy)('every line of it', async () => {
  const place = mkdtempSync(path.join(tmpdir(), 'securechat-ten-lines-'));
  cleanups.push(() => rmSync(place, { recursive: true, force: true }));
  // What Debian has, and its package of Caddy brings along.
  for (const each of ['etc/systemd/system', 'etc/caddy', 'opt']) mkdirSync(path.join(place, each), { recursive: true });
  const [port, monitor, tls] = [await freePort(), await freePort(), await freePort()];
  const { cert, key, remove } = makeCertificate();
  cleanups.push(remove);

  const here = (text: string): string =>
    text
      .replaceAll(/\/(opt|etc)\//g, `${place}/$1/`)
      .replaceAll('8765', String(port))
      .replaceAll('8766', String(monitor));

  function startUnit(): void {
    const unit = here(readFileSync(path.join(place, 'etc/systemd/system/securechat-relay.service'), 'utf8'));
    const setting = (name: string): string => new RegExp(`^Environment="${name}=(.*)"$`, 'm').exec(unit)?.[1] ?? '';
    const command = (name: string): string[] =>
      (new RegExp(`^${name}=/usr/bin/node (.*)$`, 'm').exec(unit)?.[1] ?? '')
        .replaceAll(/\$(\w+)/g, (_, name: string) => setting(name))
        .split(' ')
        .filter((word) => word !== '');
    const { status, stdout } = spawnSync(process.execPath, command('ExecStartPre'), { cwd: '/', encoding: 'utf8' });
    expect(status).toBe(0);
    expect(stdout).toContain('native');
    run(process.execPath, command('ExecStart'));
  }

  function startCaddy(): void {
    const file = path.join(place, 'etc/caddy/Caddyfile');
    const made = here(readFileSync(file, 'utf8'));
    expect(made).toContain('\nchat.your.name {');
    // In place of what it would fetch for a real name.
    const local = made.replace('chat.your.name {', `https://localhost:${tls} {\n\ttls ${cert} ${key}`);
    writeFileSync(file, `{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n${local}`);
    const home = { HOME: place, XDG_DATA_HOME: place, XDG_CONFIG_HOME: place };
    run('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], home);
  }

  async function asked(address: string): Promise<string> {
    for (;;) {
      try {
        return await (await fetch(address)).text();
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  /** Caddy has asked the relay how it is, and passes on. */
  async function passedOn(): Promise<void> {
    const ca = readFileSync(cert);
    for (;;) {
      const status = await new Promise<number | undefined>((resolve) => {
        const asking = get({ host: 'localhost', port: tls, path: '/', ca, agent: false }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        asking.on('error', () => resolve(undefined));
      });
      if (status === 426) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async function chat(): Promise<void> {
    await passedOn();
    const flags = ['--ui', 'json', '--relay', `wss://localhost:${tls}`];
    const env = { NODE_EXTRA_CA_CERTS: cert };
    const maker = start(flags, { env });
    const { code } = await maker.event('code');
    const guest = start([...flags, '--code-stdin'], { env });
    guest.write(`${String(code)}\n`);
    await guest.event('state', ({ state }) => state === 'active');
    maker.command({ do: 'send', text: 'through the ten lines' });
    await guest.event('message', ({ text }) => text === 'through the ten lines');
    for (const each of [maker, guest]) each.command({ do: 'quit' });
    expect(await Promise.all([maker.exit, guest.exit])).toEqual([0, 0]);
  }

  const done: string[] = [];
  for (const { prompt, command, prints } of lines()) {
    done.push(command);
    if (prompt === '$') await chat();
    else if (command === 'systemctl enable --now securechat-relay') startUnit();
    else if (command === 'systemctl restart caddy') startCaddy();
    else if (command.startsWith('curl ')) expect(await asked(here(command.slice(5)))).toBe(prints);
    else if (!command.startsWith('apt-get install -y caddy')) {
      // The clone is built already: what the first line does besides is in .ci/run.
      const line = here(command).replace('./run.sh', 'dist/securechat');
      const { status, stdout, stderr } = spawnSync('bash', ['-c', line], { cwd: ROOT, env: ENV, encoding: 'utf8' });
      expect({ line, status, stdout, stderr }).toEqual({ line, status: 0, stdout: prints, stderr: '' });
    }
  }
  expect(done).toHaveLength(10);
});
