/**
 * Abuse of both relays, the built programs with their own limits: each attack ends within them while an honest pair keeps
 * chatting, and nothing that identifies anybody is written or counted. The pair's p99 is printed, not asserted.
 */
import { once } from 'node:events';
import { request } from 'node:http';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { HEADER_LIMIT } from '../../adapters/relay/listener.js';
import { ROOM_LIMITS } from '../../core/relay/limits.js';
import { CONTROL_LIMIT, FRAME_LIMIT, type Join, joinMessage } from '../../core/wire/control.js';
import { DEPTH, repeats, runs, seededBytes } from '../support/chance.js';
import { hasOpenssl, makeCertificate } from '../support/certificate.js';
import { type HonestPair, honestPair } from '../support/honest-pair.js';
import { type RelayProcess, startRelayProcess } from '../support/relay.js';
import {
  address,
  type Attacker,
  attacker,
  hasManyAddresses,
  PATHS,
  tcp,
  upgraded,
  upgradeRequest,
} from '../support/relay-attacker.js';
import { randomId, randomJoin } from '../support/relay-client.js';

if (!hasManyAddresses) console.warn('SKIPPED: abuse of the relays needs the many loopback addresses of Linux');

/** Within the limit on connections of one address. */
const MANY = 50;
/** Opened and reset. */
const RESETS = runs(500, 10_000);
/** More than the kernel and one connection's buffers; far less than what is sent. */
const MEMORY_BOUND = 64 * 1024 * 1024;
/** Sizes that nothing else has. */
const ODD_SIZES = [12_347, 31_337, 54_321];
const anyBytes = seededBytes('abuse');

describe.runIf(hasManyAddresses).each(repeats(['relay-ws', 'relay-socketio'] as const))('%s', (program) => {
  let relay: RelayProcess;
  let pair: HonestPair;
  let usual: number;
  /** What may never be written: rooms, seats, addresses. */
  const secrets = new Set<string>();
  let attackers: Attacker[] = [];
  let addresses = 0;

  const p99 = (times: readonly number[]): number =>
    [...times].sort((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0;

  async function metric(name: string): Promise<number> {
    const found = new RegExp(`^${name} (\\S+)$`, 'm').exec(await metrics());
    return Number(found?.[1] ?? Number.NaN);
  }

  async function metrics(): Promise<string> {
    const base = (await relay.says(/monitor on http:\/\/\S+(?=\n)/)).replace('monitor on ', '');
    return (await fetch(`${base}metrics`)).text();
  }

  /** A fresh address of the attacker. */
  function elsewhere(): string {
    const fresh = address(addresses++);
    secrets.add(fresh);
    return fresh;
  }

  function anyJoin(room?: string, mode?: Join['mode']): Join {
    const join = randomJoin(room, mode);
    secrets.add(join.room).add(join.seat);
    return join;
  }

  async function attack(from = elsewhere()): Promise<Attacker> {
    const made = await attacker(program, relay.url, from);
    attackers.push(made);
    return made;
  }

  /** Two of them in one room. */
  async function attackingPair(): Promise<readonly [Attacker, Attacker]> {
    const [one, two] = [await attack(), await attack()];
    const room = randomId();
    one.join(anyJoin(room));
    await one.until(({ told }) => told.some((text) => text.includes('"joined"')));
    two.join(anyJoin(room));
    await two.until(({ told }) => told.some((text) => text.includes('"peer":true')));
    return [one, two];
  }

  /** The pair chats until the attack is over, and for a while anyway. At night the attack goes on. */
  async function meanwhile(attacking: () => Promise<unknown>): Promise<void> {
    const until = performance.now() + (DEPTH === 'nightly' ? 60_000 : 0);
    let over = false;
    const times: number[] = [];
    const chatting = (async () => {
      while (!over || times.length < 50) times.push(...(await pair.chat(10)));
    })();
    try {
      do await attacking();
      while (performance.now() < until);
    } finally {
      over = true;
    }
    await chatting;
    const name = expect.getState().currentTestName?.split(' > ').at(-1) ?? '';
    const found = p99(times);
    console.log(
      `${program}, ${name}: p99 of the pair ${found.toFixed(1)} ms, ${(found / usual).toFixed(2)} × its usual`,
    );
  }

  beforeAll(async () => {
    // The crowd has tests of its own (ticket.test.ts): here everybody is judged by what he does.
    // And whoever joins does so in time, however slow this machine is.
    const args = ['--port', '0', '--monitor-port', '0', '--join-timeout', '8', '--connections-per-second', '1000000'];
    // The loudest that can be asked for.
    relay = await startRelayProcess(args, program, { env: { DEBUG: '*', NODE_ENV: 'development' } });
    pair = await honestPair(program, relay.url);
    for (const each of [pair.room, ...pair.seats]) secrets.add(each);
    await pair.chat(50);
    usual = p99(await pair.chat(300));
  });

  afterEach(async () => {
    for (const { socket } of attackers) socket.terminate();
    attackers = [];
    // Everything of the attack is forgotten but the pair.
    while ((await metric('securechat_relay_connections')) !== 2);
    expect(await metric('securechat_relay_rooms')).toBe(1);
    expect(relay.child.exitCode).toBeNull();
  });

  afterAll(async () => {
    pair.close();
    const figures = await metrics();
    expect(await relay.stop()).toBe(0);
    // What everything above has left behind, with the relay's own address taken away.
    const own = relay.url.href;
    const said = relay.output().replaceAll(own, '');
    expect(said).toMatch(
      new RegExp(
        `^securechat-${program}: monitor on http://127\\.0\\.0\\.1:\\d+/\nsecurechat-${program}: listening on \n$`,
      ),
    );
    for (const place of [said.replace(/monitor on \S+/, ''), figures]) {
      for (const secret of secrets) expect(place).not.toContain(secret);
      for (const size of ODD_SIZES) expect(place).not.toMatch(new RegExp(`\\b${size}\\b`));
      expect(place).not.toMatch(/\b127\.\d+\.\d+\.\d+\b/);
    }
    expect(secrets.size).toBeGreaterThan(10);
  });

  test('slow joiners: who says nothing, half a request, or upgrades and does not join', async () => {
    await meanwhile(async () => {
      const from = [elsewhere(), elsewhere(), elsewhere()] as const;
      const silent = Array.from({ length: MANY }, () => tcp(relay.url, from[0]));
      const halves = Array.from({ length: MANY }, () => tcp(relay.url, from[1]));
      const trickle = setInterval(() => {
        for (const { socket } of halves) socket.write('x');
      }, 100);
      for (const { socket } of halves) socket.write('GET / HTTP/1.1\r\nHost: ');
      const lazy = await Promise.all(Array.from({ length: MANY }, () => upgraded(program, relay.url, from[2])));
      await Promise.all([...silent, ...halves, ...lazy].map(({ closed }) => closed));
      clearInterval(trickle);
    });
  });

  test('header floods', async () => {
    const flood = async (): Promise<string> => {
      const { socket, closed, said } = tcp(relay.url, elsewhere());
      socket.write('GET / HTTP/1.1\r\nHost: relay\r\n');
      while (!socket.destroyed && socket.writable) {
        await new Promise((resolve) => socket.write(`X-${'a'.repeat(100)}: ${'b'.repeat(1_000)}\r\n`, resolve));
      }
      await closed;
      return said();
    };
    await meanwhile(async () => {
      const floods = await Promise.all(Array.from({ length: MANY }, flood));
      expect(floods.every((said) => said === '' || said.startsWith('HTTP/1.1 431 '))).toBe(true);
    });
    const { socket, closed, said } = tcp(relay.url, elsewhere());
    socket.write(upgradeRequest(program, `X: ${'a'.repeat(HEADER_LIMIT)}\r\n`));
    await closed;
    expect(said()).toMatch(/^HTTP\/1\.1 431 /);
  });

  test('control floods: the second message ends the connection, and so does one that is too long', async () => {
    const flooding = async (): Promise<void> => {
      const each = await attack();
      const join = anyJoin();
      each.join(join);
      for (let n = 0; n < 1_000; n++) each.join(join);
      await each.closed;
      expect(each.told.filter((text) => text.includes('bad-request'))).toHaveLength(1);
    };
    const talking = async (): Promise<void> => {
      const each = await attack();
      each.control({ v: 1, type: 'join', pad: 'x'.repeat(CONTROL_LIMIT) });
      await each.closed;
      expect(each.told.at(-1)).toMatch(/too-large|bad-request/);
    };
    await meanwhile(() => Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? flooding() : talking()))));
  });

  test('frames: too large, declared too large, half, before the join', async () => {
    const [one, two] = await attackingPair();
    for (const size of ODD_SIZES) one.socket.send(anyBytes(size));
    await two.until(({ frames }) => frames.length === ODD_SIZES.length);
    expect(two.frames.map(({ length }) => length)).toEqual(ODD_SIZES);

    const over = async (): Promise<void> => {
      const each = await attack();
      each.join(anyJoin());
      await each.until(({ told }) => told.some((text) => text.includes('joined')));
      // With what base64 adds for polling on the other relay.
      each.socket.send(Buffer.alloc(2 * FRAME_LIMIT));
      await each.closed;
    };
    const early = async (): Promise<void> => {
      const each = await attack();
      each.socket.send(Buffer.alloc(256));
      await each.closed;
    };
    const declared = async (): Promise<void> => {
      const { socket, closed } = await upgraded(program, relay.url, elsewhere());
      const header = Buffer.alloc(14);
      header.set([0x82, 0xff]);
      header.writeBigUInt64BE(2n ** 40n, 2);
      socket.write(header);
      await closed;
    };
    const half = async (): Promise<void> => {
      const { socket, closed } = await upgraded(program, relay.url, elsewhere());
      socket.write(Uint8Array.of(0x82, 0xff, 0, 0, 0, 0, 0, 0, 0x80, 0, 1, 2, 3, 4, 5));
      await closed;
    };
    await meanwhile(() => Promise.all(Array.from({ length: 10 }, () => [over(), early(), declared(), half()]).flat()));
  });

  test('a join storm from one address: tickets, then nothing', async () => {
    const storm = async (): Promise<void> => {
      const from = elsewhere();
      let free = 0;
      let asked = 0;
      for (let n = 0; n < 100; n++) {
        const each = await attack(from);
        each.join(anyJoin());
        await each.until(({ told }) => told.some((text) => /"(joined|error)"/.test(text)));
        if (each.told.some((text) => text.includes('"joined"'))) free += 1;
        if (each.told.some((text) => text.includes('"difficulty"'))) asked += 1;
        each.socket.terminate();
      }
      expect(free).toBeGreaterThanOrEqual(ROOM_LIMITS.joinsPerMinute);
      expect(free).toBeLessThan(ROOM_LIMITS.joinsPerMinute + 20);
      expect(asked).toBe(100 - free);
    };
    await meanwhile(storm);
  });

  test('a join storm from many addresses', async () => {
    const storm = async (): Promise<void> => {
      const from = elsewhere();
      for (let n = 0; n < 10; n++) {
        const each = await attack(from);
        each.join(anyJoin());
        await each.until(({ told }) => told.some((text) => text.includes('"joined"')));
        each.socket.terminate();
      }
    };
    await meanwhile(() => Promise.all(Array.from({ length: 60 }, storm)));
  });

  test('seat theft: whoever knows the room gets neither seat nor frame', async () => {
    const steal = async (mode: Join['mode'], seat?: string): Promise<void> => {
      const each = await attack();
      each.join({ ...anyJoin(pair.room, mode), ...(seat === undefined ? {} : { seat }) });
      await each.closed;
      expect(each.told.at(-1)).toContain(mode === 'create' ? 'room-taken' : 'room-full');
      expect(each.frames).toEqual([]);
    };
    // A seat that is nearly the right one, too.
    const near = `${(pair.seats[0]?.startsWith('A') ?? false) ? 'B' : 'A'}${pair.seats[0]?.slice(1) ?? ''}`;
    secrets.add(near);
    const thieves = () => Array.from({ length: 20 }, () => [steal('join'), steal('create'), steal('join', near)]);
    await meanwhile(() => Promise.all(thieves().flat()));
  });

  test('room scanning: the fruitless joins of an address make it work, whatever they find', async () => {
    const scan = async (): Promise<void> => {
      const from = elsewhere();
      let asked = 0;
      for (let n = 0; n < 60; n++) {
        const each = await attack(from);
        each.join(anyJoin(n % 10 === 0 ? pair.room : undefined));
        await each.until(({ told }) => told.some((text) => /"(joined|error)"/.test(text)));
        if (each.told.at(-1)?.includes('"difficulty"') === true) asked += 1;
        each.socket.terminate();
      }
      expect(asked).toBeGreaterThan(20);
    };
    await meanwhile(scan);
    expect(await metrics()).toMatch(/joins_total\{outcome="ticket"\} /);
  });

  /** A flood until nothing moves any more; how many bytes it took. */
  async function flood(sender: Attacker): Promise<number> {
    const frame = Buffer.alloc(65_536, 1);
    let written = 0;
    for (let moving = true; moving && written < 4 * MEMORY_BOUND; written += frame.length) {
      moving = await Promise.race([
        new Promise<true>((resolve) => sender.socket.send(frame, () => resolve(true))),
        // Nothing has moved for so long: it is not read from.
        new Promise<false>((resolve) => setTimeout(resolve, 500, false)),
      ]);
    }
    return written;
  }

  test('a receiver that never reads while its sender floods: the sender is stopped, memory is bounded', async () => {
    const before = await metric('process_resident_memory_bytes');
    await meanwhile(async () => {
      const [sender, deaf] = await attackingPair();
      deaf.socket.pause();
      expect(await flood(sender)).toBeLessThan(MEMORY_BOUND);
      expect((await metric('process_resident_memory_bytes')) - before).toBeLessThan(MEMORY_BOUND);
      for (const { socket } of [sender, deaf]) socket.terminate();
    });
  });

  test.runIf(program === 'relay-socketio')('the same with a receiver that polls once and never again', async () => {
    const before = await metric('process_resident_memory_bytes');
    await meanwhile(async () => {
      const sender = await attack();
      const room = randomId();
      sender.join(anyJoin(room));
      const base = new URL('/socket.io/?EIO=4&transport=polling', relay.url.href.replace('ws', 'http')).href;
      const sid = /"sid":"([^"]+)"/.exec(await (await fetch(base)).text())?.[1] ?? '';
      const post = (body: string): Promise<Response> => fetch(`${base}&sid=${sid}`, { method: 'POST', body });
      await post('40');
      await post(`42${JSON.stringify(['control', joinMessage(anyJoin(room))])}`);
      await sender.until(({ told }) => told.some((text) => text.includes('peer-joined')));
      expect(await flood(sender)).toBeLessThan(MEMORY_BOUND);
      expect((await metric('process_resident_memory_bytes')) - before).toBeLessThan(MEMORY_BOUND);
      sender.socket.terminate();
      await post('1');
    });
  });

  test('garbage after the upgrade', async () => {
    const garbage = async (bytes: Uint8Array): Promise<void> => {
      const { socket, closed } = await upgraded(program, relay.url, elsewhere());
      socket.write(bytes);
      await closed;
    };
    const chosen = [
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      // Not masked; reserved bits; an unknown opcode; text that is not UTF-8; a control frame that is too long.
      Uint8Array.of(0x82, 0x01, 0x00),
      Uint8Array.of(0xf2, 0x81, 0, 0, 0, 0, 0),
      Uint8Array.of(0x83, 0x81, 0, 0, 0, 0, 0),
      Uint8Array.of(0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28),
      Uint8Array.of(0x89, 0xfe, 0x01, 0, 0, 0, 0, 0),
    ];
    const random = Array.from({ length: 40 }, () => anyBytes(4_096));
    await meanwhile(() => Promise.all([...chosen, ...random].map(garbage)));
  });

  test('many connections opened and reset, at every stage', async () => {
    const files = await metric('process_open_fds');
    const reset = async (n: number): Promise<void> => {
      const from = address(10_000 + n);
      const connection = n % 3 === 0 ? tcp(relay.url, from) : undefined;
      const { socket } = connection ?? (await upgraded(program, relay.url, from));
      if (connection !== undefined) await once(socket, 'connect');
      else if (n % 3 === 1) socket.write(Uint8Array.of(0x82, 0xff, 0, 0));
      socket.resetAndDestroy();
    };
    const resets = async (): Promise<void> => {
      for (let n = 0; n < RESETS; n += MANY) await Promise.all(Array.from({ length: MANY }, (_, m) => reset(n + m)));
    };
    await meanwhile(resets);
    while ((await metric('securechat_relay_connections')) !== 2);
    // The pair, the monitor and what Node opens for itself: nothing of two thousand.
    expect(await metric('process_open_fds')).toBeLessThan(files + 16);
  });

  test('compression that is offered is not taken, and compressed frames end the connection', async () => {
    const offer = async (): Promise<void> => {
      const { socket, said, closed } = tcp(relay.url, elsewhere());
      socket.write(upgradeRequest(program, 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n'));
      await once(socket, 'data');
      expect(said()).toMatch(/^HTTP\/1\.1 101 /);
      expect(said().toLowerCase()).not.toContain('deflate');
      // A small bomb: RSV1 set, as if compression had been agreed upon.
      socket.write(Uint8Array.of(0xc2, 0x84, 0, 0, 0, 0, 0x4b, 0x4c, 0x04, 0x00));
      await closed;
    };
    await meanwhile(() => Promise.all(Array.from({ length: 20 }, offer)));
  });

  test('HTTP on the port: short answers, and no connection is kept', async () => {
    const ask = (method: string, path: string, body = ''): Promise<number | undefined> =>
      new Promise((resolve) => {
        const asked = request({ port: relay.url.port, host: '127.0.0.1', localAddress: elsewhere(), method, path });
        asked.on('response', (response) => {
          response.resume().on('end', () => resolve(response.statusCode));
        });
        asked.on('error', () => resolve(undefined));
        asked.end(body);
      });
    const paths = ['/', '/metrics', '/healthz', '/../../etc/passwd', `/${'a'.repeat(4_000)}`, '/%00', '/?a=1'];
    const engine = ['EIO=3&transport=polling', 'EIO=4&transport=nothing', 'EIO=4&transport=polling&sid=x', 'EIO=4'];
    await meanwhile(async () => {
      const asked = paths.flatMap((path) => ['GET', 'POST', 'PUT', 'OPTIONS'].map((method) => ask(method, path)));
      const answers = engine.map((query) => ask('GET', `/socket.io/?${query}`));
      for (const status of await Promise.all(asked)) expect([426, undefined]).toContain(status);
      for (const status of await Promise.all(answers)) expect(status).toBe(program === 'relay-ws' ? 426 : 400);
    });
    expect(await ask('POST', '/', 'x'.repeat(1_000_000))).not.toBe(200);
    const wrong = new WebSocket(new URL(PATHS[program === 'relay-ws' ? 'relay-socketio' : 'relay-ws'], relay.url));
    const [error] = (await once(wrong, 'error')) as [Error];
    expect(error.message).toContain('404');
  });

  test('TLS on a port without it', async () => {
    const hello = async (): Promise<void> => {
      const socket = connectTls({ port: Number(relay.url.port), host: '127.0.0.1', rejectUnauthorized: false });
      const [error] = (await once(socket, 'error')) as [Error];
      expect(error.message).not.toBe('');
    };
    await meanwhile(() => Promise.all(Array.from({ length: 20 }, hello)));
  });

  test.runIf(hasOpenssl)('wrong TLS on a port with it: plain words, old versions, a handshake that stops', async () => {
    const { cert, key, remove } = makeCertificate();
    const flags = ['--port', '0', '--tls-cert', cert, '--tls-key', key, '--join-timeout', '3'];
    const secure = await startRelayProcess(flags, program);
    remove();
    const { port } = secure.url;
    await meanwhile(async () => {
      const plain = tcp(secure.url, elsewhere());
      plain.socket.write(upgradeRequest(program));
      const stopped = tcp(secure.url, elsewhere());
      stopped.socket.write(Uint8Array.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01));
      const old = { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', rejectUnauthorized: false } as const;
      const refused = once(connectTls({ port: Number(port), host: '127.0.0.1', ...old }), 'secureConnect');
      await Promise.all([plain.closed, stopped.closed, expect(refused).rejects.toThrow()]);
      expect(plain.said()).not.toContain('101');
    });
    expect(await secure.stop()).toBe(0);
    expect(secure.output()).toBe(`securechat-${program}: listening on ${secure.url.href}\n`);
  });
});
