/**
 * The command line: defaults, every flag, and every wrong value with its code.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { builtins } from '../../../adapters/cli/builtins.js';
import { describe as told } from '../../../adapters/text/describe.js';
import { FLAGS, OWN_FLAGS, RESERVED } from '../../../adapters/cli/flags.js';
import { shortHelp } from '../../../adapters/cli/help.js';
import { type Options, parseOptions } from '../../../adapters/cli/options.js';
import { ADDRESS_LIMIT, parseRelayAddress } from '../../../adapters/cli/relay-address.js';
import { VERSION } from '../../../core/version.js';
import { EXIT, SecurechatError } from '../../../core/errors.js';
import { definePlugin, PLUGIN_API } from '../../../plugins/kit/define.js';
import { createRegistry, type Registry } from '../../../plugins/kit/registry.js';

const never = (): never => {
  throw new Error('made');
};

function registry(): Registry {
  const all = createRegistry(OWN_FLAGS);
  all.register(builtins);
  all.register(
    definePlugin({
      name: 'direct-tcp',
      api: PLUGIN_API,
      transports: {
        'direct-tcp': {
          description: 'no relay at all',
          flags: {
            'bind-to': {
              description: 'where to wait',
              value: 'host:port',
              check: (value) => (value.includes(':') ? undefined : 'it needs a port'),
            },
            eager: { description: 'hurry' },
          },
          create: never,
        },
      },
    }),
  );
  return all;
}

const parse = (...argv: string[]) => parseOptions(argv, registry());

function options(...argv: string[]): Options {
  const invocation = parse(...argv);
  if (invocation.run !== 'chat') throw new Error(invocation.run);
  return invocation.options;
}

function refusal(...argv: string[]): string {
  try {
    parse(...argv);
  } catch (error) {
    if (!(error instanceof SecurechatError)) throw error;
    expect(error.exit).toBe(EXIT.usage);
    return told(error.code, error.detail);
  }
  throw new Error('it was accepted');
}

describe('options', () => {
  it('have defaults', () => {
    expect(options()).toEqual({
      source: { type: 'ask' },
      transport: 'ws',
      crypto: 'sodium',
      ui: 'line',
      flags: { transport: {}, crypto: {}, ui: {} },
      relay: undefined,
      insecureRelay: false,
      name: new Uint8Array(0),
      verify: false,
      web: false,
      cover: false,
      wipeScrollback: false,
      receipts: true,
      resumeTimeout: 600_000,
      idleTimeout: Number.POSITIVE_INFINITY,
      color: true,
      quiet: false,
    });
  });

  it('--cover asks for a frame on each beat', () => {
    expect(options('--cover').cover).toBe(true);
  });

  it.each([
    ['0', 0, Number.POSITIVE_INFINITY],
    ['250ms', 250, 250],
    ['90', 90_000, 90_000],
    ['90s', 90_000, 90_000],
    ['5m', 300_000, 300_000],
    ['24h', 86_400_000, 86_400_000],
  ])('a duration: %s', (given, resumeTimeout, idleTimeout) => {
    expect(options('--resume-timeout', given, '--idle-timeout', given)).toMatchObject({ resumeTimeout, idleTimeout });
  });

  it('the UI that is used when none is named comes from outside, a named one counts', () => {
    const ui = (...argv: string[]): unknown => {
      const invocation = parseOptions(argv, registry(), 'rich');
      return invocation.run === 'chat' ? invocation.options.ui : invocation.run;
    };
    expect([ui(), ui('--ui', 'line')]).toEqual(['rich', 'line']);
  });

  it('are all taken', () => {
    const short = options('-t', 'ws', '-c', 'tweetnacl', '-u', 'json', '-r', 'https://relay.example', 'kitchen-é');
    expect(short).toMatchObject({ transport: 'ws', crypto: 'tweetnacl', ui: 'json' });
    expect(short.source).toEqual({
      type: 'argument',
      bytes: new TextEncoder().encode('kitchen-é'),
      meant: false,
    });
    expect(options('--room', 'docter').source).toMatchObject({ type: 'argument', meant: true });
    expect(short.relay?.href).toBe('wss://relay.example/');
    const long = options(
      ...['--transport=ws', '--crypto=tweetnacl', '--ui=json', '--relay=ws://relay.example', '--insecure-relay'],
      ...['--name', ' Bo ', '--verify', '--no-receipts', '--no-color', '--quiet', '--code-fd', '3'],
    );
    expect(long).toMatchObject({ insecureRelay: true, verify: true, receipts: false, color: false, quiet: true });
    expect(long.name).toEqual(new TextEncoder().encode('Bo'));
    expect(long.source).toEqual({ type: 'fd', fd: 3 });
    expect(options('--receipts').receipts).toBe(true);
    expect(options('--code-stdin').source).toEqual({ type: 'stdin' });
    expect(options('--code-fd', '0').source).toEqual({ type: 'stdin' });
    expect(options('--', '-strange-').source).toMatchObject({ type: 'argument' });
  });

  it.each([
    [['--transport', 'pigeon'], 'SC-502', 'Available: ws, socketio, direct-tcp'],
    [['--crypto', 'rot13'], 'SC-502', 'Available: sodium, tweetnacl'],
    [['--ui', 'constructor'], 'SC-502', 'Available: rich, line, json'],
    [['--ui', ''], 'SC-502', 'Unknown ui ""'],
    [['--relay', 'relay.example'], 'SC-109', '"relay.example"'],
    [['--relay', ''], 'SC-109', 'must begin with'],
    [['--relay', '--verify'], 'SC-503', 'Cannot use --relay: it needs a value'],
    [['--relay', 'ws://relay.example'], 'SC-110', 'relay.example'],
    [['--name', ''], 'SC-503', '--name'],
    [['--name', ' \u00a0'], 'SC-503', 'must not be empty'],
    [['--name', 'x'.repeat(65)], 'SC-503', '64 bytes'],
    [['--name', 'é'.repeat(33)], 'SC-503', '64 bytes'],
    [['--name', 'a\u001bb'], 'SC-503', 'control characters'],
    [['--name', '-x'], 'SC-503', 'cannot begin with a dash'],
    [['--name'], 'SC-503', 'Cannot use --name: it needs a value'],
    [['-r'], 'SC-503', 'Cannot use --relay: it needs a value'],
    [['--code-fd', '1'], 'SC-503', '--code-fd'],
    [['--code-fd', '2'], 'SC-503', '--code-fd'],
    [['--code-fd', '-1'], 'SC-503', '--code-fd'],
    [['--code-fd', '0x3'], 'SC-503', '--code-fd'],
    [['--code-fd', '65536'], 'SC-503', '--code-fd'],
    [['--code-fd', 'stdin'], 'SC-503', '--code-fd'],
    [['--code-fd', '3', '--code-stdin'], 'SC-503', 'one place only'],
    [['--code-fd', '3', 'kitchen'], 'SC-503', 'one place only'],
    [['--code-stdin', 'kitchen'], 'SC-503', 'one place only'],
    [['--resume-timeout', '90 s'], 'SC-503', 'it must be a duration such as 90s'],
    [['--resume-timeout', '-1s'], 'SC-503', '--resume-timeout'],
    [['--resume-timeout', '1.5h'], 'SC-503', '--resume-timeout'],
    [['--resume-timeout', '25000h'], 'SC-503', 'at most 24 days'],
    [['--direct-address', 'home.example:7000'], 'SC-503', '--direct'],
    [['--direct', '--direct-address', 'home.example'], 'SC-503', 'host:port'],
    [['--direct', '--direct-address', 'home.example:80'], 'SC-503', '1024'],
    [['--direct', '--direct-address', 'home.example:70000'], 'SC-503', '65535'],
    [['--direct', '--tor'], 'SC-503', 'proxy'],
    [['--direct', '--proxy', 'http://127.0.0.1:3128'], 'SC-503', 'proxy'],
    [['--direct', '--onion'], 'SC-503', 'onion'],
    [['--idle-timeout', 'soon'], 'SC-503', '--idle-timeout'],
    [['--idle-timeout', '10d'], 'SC-503', '--idle-timeout'],
    [['--idle-timeout', '0x10s'], 'SC-503', '--idle-timeout'],
    [['--verify=yes'], 'SC-503', '--verify takes no value'],
    [['--verfy'], 'SC-503', 'unknown flag --verfy (did you mean --verify?)'],
    [['-z'], 'SC-503', 'unknown flag -z.'],
    [['-v'], 'SC-503', 'unknown flag -v (did you mean -V?)'],
    [['-vz'], 'SC-503', 'unknown flag -v'],
    [['--pas=482913-x'], 'SC-503', 'unknown flag --pas'],
    [['--bind-to', 'nowhere', '-t', 'direct-tcp'], 'SC-503', 'Cannot use --bind-to: it needs a port'],
    [['--bind-to', 'a:1'], 'SC-503', 'belongs to the transport direct-tcp'],
    [['--eager'], 'SC-503', 'belongs to the transport direct-tcp'],
  ])('%j: %s, %s', (argv, code, part) => {
    const sentence = refusal(...argv);
    expect(sentence).toContain(`(${code})`);
    expect(sentence).toContain(part);
  });

  it('more than one ROOM is refused without repeating any of it', () => {
    expect(refusal('kitchen-blue', 'horse')).not.toMatch(/horse|blue/);
  });

  it('what is like a command is told as that when the rest makes no sense as a chat', () => {
    expect(refusal('recieve', '-o', 'downloads')).toContain('There is no command "recieve".');
    expect(refusal('docter', 'kitchen')).toContain('There is no command "docter".');
    expect(refusal('kitchen', '-o', 'downloads')).toContain('unknown flag -o');
    expect(options('docter').source).toMatchObject({ type: 'argument', meant: false });
    expect(refusal('--room', 'x-y', 'kitchen')).toContain('one place only');
  });

  it('--listen takes host and port, either, or nothing', () => {
    const listen = (...argv: string[]) => options(...argv).listen;
    for (const argv of [['--listen', '8765'], ['--listen=8765'], ['--listen', ':8765'], ['--listen']])
      expect(listen(...argv)).toEqual({ type: 'network', host: '0.0.0.0', port: 8765, tls: false });
    expect(listen('--listen', '[::1]:80')).toMatchObject({ host: '::1', port: 80 });
    expect(options('--listen', '482913-tunnel-anchor-mango').source.type).toBe('argument');
    for (const wrong of ['0', '70000', 'host:0', '1:2:3']) expect(refusal('--listen', wrong)).toContain('--listen');
  });

  it('--announce is where others reach it, by the port of --listen unless it names another', () => {
    const announced = (...argv: string[]) => options('--listen', '9000', ...argv).listen;
    const at = (host: string, port: number) => ({ host: '0.0.0.0', port: 9000, announced: { host, port } });
    for (const [typed, host, port] of [
      ['chat.example', 'chat.example', 9000],
      ['198.51.100.7:443', '198.51.100.7', 443],
      ['198.51.100.7', '198.51.100.7', 9000],
      ['[2001:db8::1]', '2001:db8::1', 9000],
      ['[2001:db8::1]:443', '2001:db8::1', 443],
    ] as const)
      expect(announced('--announce', typed)).toMatchObject(at(host, port));
    for (const wrong of ['443', ':443', 'a:0', 'a:70000', 'a b', 'ws://a', '2001:db8::1', 'a/b', ''])
      expect(refusal('--listen', `--announce=${wrong}`)).toContain('Cannot use --announce');
    // No link could name them, or whoever follows it would find no address in it.
    for (const wrong of ['box.5', '999.1.1.1', '[::::]', 'xn--a', '-chat_', '_chat:80', 'chat..', 'a'.repeat(300)])
      expect(refusal('--listen', `--announce=${wrong}`)).toContain('Cannot use --announce');
    expect(refusal('--announce', 'chat.example')).toContain('it goes with --listen');
    expect(refusal('--lan', '--announce', 'chat.example')).toContain('it goes with --listen');
  });

  it.each([...RESERVED])('%s is a command, not a room', (command) => {
    expect(refusal(command)).toContain(`"${command}"`);
    expect(refusal(command, 'ws', '--port', '1')).toContain(`"${command}"`);
    expect(refusal('--quiet', command)).toContain(`"${command}"`);
    expect(options(`${command}-x`).source).toMatchObject({ type: 'argument' });
  });

  it("the chosen adapter's own flags are handed over", () => {
    const chosen = options('-t', 'direct-tcp', '--bind-to', 'a:1', '--eager');
    expect(chosen.flags).toEqual({ transport: { 'bind-to': 'a:1', eager: true }, crypto: {}, ui: {} });
  });

  it('help shows the flags of plugins; the version is the one of the package', () => {
    const help = shortHelp(registry());
    for (const part of ['-t, --transport <name>', 'ws (default), socketio, direct-tcp', 'rich, line, json'])
      expect(help).toContain(part);
    expect(help).toContain('Flags of the transport direct-tcp:');
    expect(help).toContain('--bind-to <host:port>');
    expect(help).not.toContain('undefined');
    expect([parse('-h').run, parse('--help').run]).toEqual(['help', 'help']);
    expect(parse('--version').run).toBe('version');
    expect(parse('-V').run).toBe('version');
    const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect(VERSION).toBe(manifest.version);
  });

  it('a setting of the environment stands in for a flag, and a flag wins', () => {
    const env = {
      SECURECHAT_RELAY: 'wss://one.example',
      SECURECHAT_UI: 'json',
      SECURECHAT_NAME: 'Ada',
      SECURECHAT_IDLE_TIMEOUT: '15m',
      SECURECHAT_CRYPTO: '',
    };
    const set = (...argv: string[]): Options => {
      const invocation = parseOptions(argv, registry(), 'line', env);
      if (invocation.run !== 'chat') throw new Error(invocation.run);
      return invocation.options;
    };
    expect(set()).toMatchObject({ ui: 'json', crypto: 'sodium', idleTimeout: 900_000 });
    expect(set().relay?.href).toBe('wss://one.example/');
    expect(set('-r', 'wss://two.example', '--ui', 'line', '--idle-timeout', '1')).toMatchObject({
      ui: 'line',
      idleTimeout: 1000,
      relay: new URL('wss://two.example'),
    });
    expect(FLAGS.filter(({ setting }) => setting !== undefined).map(({ long }) => long)).not.toContain('code-fd');
  });

  it.each([
    ['SECURECHAT_RELAY', 'nowhere', 'SC-512'],
    ['SECURECHAT_UI', 'hologram', 'SC-512'],
    ['SECURECHAT_IDLE_TIMEOUT', 'soon', 'SC-503'],
  ])('a wrong setting is named: %s=%s', (name, value, code) => {
    try {
      parseOptions([], registry(), 'line', { [name]: value });
    } catch (error) {
      if (!(error instanceof SecurechatError)) throw error;
      expect(error.code).toBe(code);
      expect(told(error.code, error.detail)).toContain(name);
      return;
    }
    throw new Error('it was accepted');
  });
});

describe('relay addresses', () => {
  it.each([
    ['wss://relay.example', 'wss://relay.example/'],
    ['https://relay.example:443/chat', 'wss://relay.example/chat'],
    ['http://127.0.0.1:8765', 'ws://127.0.0.1:8765/'],
    ['ws://localhost', 'ws://localhost/'],
    ['ws://localhost.:80', 'ws://localhost./'],
    ['ws://127.1:9', 'ws://127.0.0.1:9/'],
    ['ws://[::1]:9', 'ws://[::1]:9/'],
    ['ws://abcdefghij.onion', 'ws://abcdefghij.onion/'],
    ['http://192.168.0.1', 'ws://192.168.0.1/'],
    ['ws://172.31.0.1', 'ws://172.31.0.1/'],
    ['ws://[fd00::1]', 'ws://[fd00::1]/'],
  ])('%s is %s', (address, href) => {
    expect(parseRelayAddress(address, false).href).toBe(href);
  });

  it.each([
    ['ws://relay.example', 'SC-110'],
    ['http://11.0.0.1', 'SC-110'],
    ['ws://172.32.0.1', 'SC-110'],
    ['ws://10.example', 'SC-110'],
    ['wss://relay.example/?s=1', 'SC-109'],
    ['ws://128.0.0.1', 'SC-110'],
    ['ws://127.0.0.1.example', 'SC-110'],
    ['ws://localhost.example', 'SC-110'],
    ['ws://onion', 'SC-110'],
    ['ws://[::]', 'SC-110'],
    ['ftp://relay.example', 'SC-109'],
    ['relay.example:8765', 'SC-109'],
    ['wss://', 'SC-109'],
    ['wss://relay.example:0', 'SC-109'],
    ['wss://relay.example:65536', 'SC-109'],
    ['wss://relay.example/#top', 'SC-109'],
    [`wss://${'a'.repeat(ADDRESS_LIMIT)}`, 'SC-109'],
  ])('%s: %s', (address, code) => {
    expect(() => parseRelayAddress(address, false)).toThrow(code);
    if (code === 'SC-110') expect(parseRelayAddress(address, true).protocol).toBe('ws:');
  });

  it('a password is refused and not repeated', () => {
    for (const address of ['wss://bob:hunter2@relay.example', 'wss://hunter2@relay.example']) {
      expect(() => parseRelayAddress(address, true)).toThrow('SC-109');
      expect(() => parseRelayAddress(address, true)).not.toThrow('hunter2');
    }
  });
});
