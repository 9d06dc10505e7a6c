/**
 * Clients that attack a relay where its library or its accounts could be led past: each attack with what it must not get,
 * while an honest pair keeps chatting. What it cost the relay is printed; memory and counts are asserted, no time is.
 */
import { once } from 'node:events';
import { Agent } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { ROOM_LIMITS } from '../../core/relay/limits.js';
import { repeats } from '../support/chance.js';
import { type HonestPair, honestPair } from '../support/honest-pair.js';
import { ask, framePacket, PATH, poller } from '../support/poller.js';
import { type RelayProcess, type RelayProgram, startRelayProcess } from '../support/relay.js';
import { address, type Attacker, attacker, hasManyAddresses, tcp, upgradeRequest } from '../support/relay-attacker.js';
import { randomId, randomJoin } from '../support/relay-client.js';

if (!hasManyAddresses) console.warn('SKIPPED: attacks on the relays need the many loopback addresses of Linux');

/** Far less than each attack holds where it succeeds. */
const MEMORY_BOUND = 64 * 1024 * 1024;
/** Nothing has moved while the relay has answered somebody else so often: it is not read from. */
const STILL = 200;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

let addresses = 30_000;
const elsewhere = (): string => address(addresses++);

async function besieged(program: RelayProgram, ...flags: string[]) {
  const relay = await startRelayProcess(['--port', '0', '--monitor-port', '0', ...flags], program);
  cleanups.push(() => relay.child.kill('SIGKILL'));
  const pair = await honestPair(program, relay.url);
  cleanups.push(() => pair.close());
  await pair.chat(20);
  return { relay, pair };
}

async function monitor(relay: RelayProcess, what: string): Promise<string> {
  const base = (await relay.says(/monitor on http:\/\/\S+(?=\n)/)).replace('monitor on ', '');
  return (await fetch(base + what)).text();
}

async function metric(relay: RelayProcess, name: string): Promise<number> {
  const text = await monitor(relay, 'metrics');
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
}

/** The pair chats until the attack is over; what it cost is printed, and what it held is within the bound. */
async function under(relay: RelayProcess, pair: HonestPair, attack: () => Promise<unknown>): Promise<void> {
  const held = () => metric(relay, 'process_resident_memory_bytes');
  const cpu = () => metric(relay, 'process_cpu_seconds_total');
  const before = [await held(), await cpu()] as const;
  const times: number[] = [];
  let over = false;
  const chatting = (async () => {
    while (!over || times.length < 30) times.push(...(await pair.chat(10)));
  })();
  try {
    await attack();
  } finally {
    over = true;
  }
  await chatting;
  const grown = (await held()) - before[0];
  const used = (await cpu()) - before[1];
  const p99 = times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0;
  const name = expect.getState().currentTestName ?? '';
  console.log(
    `${name}: held ${(grown / 1e6).toFixed(0)} MB, CPU ${used.toFixed(1)} s, p99 of the pair ${p99.toFixed(0)} ms`,
  );
  expect(grown).toBeLessThan(MEMORY_BOUND);
}

/** Sends until nothing moves; how many bytes were taken, at most `most`. */
async function flood(
  relay: RelayProcess,
  send: () => Promise<unknown>,
  size: number,
  most = 2 * MEMORY_BOUND,
): Promise<number> {
  for (let taken = 0; taken < most; taken += size) {
    let answer: unknown;
    let moved = false;
    const sending = send().then((given) => {
      moved = true;
      answer = given;
    });
    const others = async (): Promise<void> => {
      for (let n = 0; n < STILL && !moved; n++) await monitor(relay, 'healthz');
    };
    await Promise.race([sending, others()]);
    if (!moved || answer === undefined) return taken;
  }
  return most;
}

/** In the room, and reads nothing any more. */
async function deaf(program: RelayProgram, relay: RelayProcess, room: string): Promise<Attacker> {
  const made = await attacker(program, relay.url, elsewhere());
  cleanups.push(() => made.socket.terminate());
  made.join(randomJoin(room));
  await made.until(({ told }) => told.some((text) => text.includes('"joined"')));
  return made;
}

describe.runIf(hasManyAddresses)('relay-socketio', () => {
  const percent = (text: string): string => text.replace(/./g, (char) => `%${char.charCodeAt(0).toString(16)}`);

  const WRITINGS: readonly ((sid: string) => string)[] = [
    (sid) => `sid=${sid}`,
    (sid) => `sid=${percent(sid)}`,
    (sid) => `sid=${percent(sid.charAt(0))}${sid.slice(1)}`,
    (sid) => `sid=x&sid=${sid}`,
    (sid) => `sid=x&%73id=${sid}`,
    (sid) => `sid=${sid}#`,
  ];

  test('a poller that is held is not read from, however it writes its session', async () => {
    const { relay, pair } = await besieged('relay-socketio');
    await under(relay, pair, async () => {
      for (const query of WRITINGS) {
        const room = randomId();
        const receiver = await deaf('relay-socketio', relay, room);
        const sender = await poller(relay.url, elsewhere(), randomJoin(room));
        cleanups.push(() => sender.close());
        receiver.socket.pause();
        const packet = framePacket(new Uint8Array(65_536));
        const taken = await flood(relay, () => sender.post([packet], query(sender.sid)), 65_536);
        expect(taken).toBeLessThan(MEMORY_BOUND);
        // A second one while one waits ends the connection that brings it.
        expect([query('SID'), await sender.post([packet], query(sender.sid))]).toEqual([query('SID'), undefined]);
        receiver.socket.terminate();
      }
    });
  });

  test('an upgrade of a session is refused before the library sees it, from polling and from WebSocket', async () => {
    const { relay, pair } = await besieged('relay-socketio');
    await under(relay, pair, async () => {
      const polling = await poller(relay.url, elsewhere(), randomJoin());
      cleanups.push(() => polling.close());
      const web = await attacker('relay-socketio', relay.url, elsewhere());
      cleanups.push(() => web.socket.terminate());
      const sid = /"sid":"([^"]+)"/.exec(web.told[0] ?? '')?.[1] ?? '';
      expect(sid).not.toBe('');
      for (const each of [`sid=${polling.sid}`, `sid=${sid}`, `sid=x&sid=${percent(sid)}`, 'sid=unknown']) {
        const { socket, closed, said } = tcp(relay.url, elsewhere());
        socket.write(upgradeRequest('relay-socketio').replace('transport=websocket', `transport=websocket&${each}`));
        await closed;
        expect(said()).toMatch(/^HTTP\/1\.1 400 /);
      }
      // Both go on where they are.
      web.join(randomJoin());
      await web.until(({ told }) => told.some((text) => text.includes('"joined"')));
    });
  });

  test('handshakes by polling are bounded like connections: refused before there is a session', async () => {
    const { relay, pair } = await besieged('relay-socketio');
    await under(relay, pair, async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 16, localAddress: elsewhere() });
      cleanups.push(() => agent.destroy());
      const answers = await Promise.all(Array.from({ length: 3_000 }, () => ask(relay.url, PATH, { agent })));
      const opened = answers.filter((answer) => answer?.status === 200);
      const refused = answers.filter((answer) => answer?.status === 503);
      expect(opened.length).toBeLessThanOrEqual(ROOM_LIMITS.connectionsPerAddress + 300);
      expect(refused.length).toBeGreaterThan(2_000);
      expect(refused[0]?.text).toBe('rate-limited\n');
      // Those that are there wait for their join and are forgotten; none is more than the limit.
      expect(await metric(relay, 'securechat_relay_connections')).toBeLessThanOrEqual(
        ROOM_LIMITS.connectionsPerAddress + 2,
      );
      // Others come in.
      const other = await poller(relay.url, elsewhere(), randomJoin());
      expect(other.sid).not.toBe('');
      other.close();
    });
  });

  test('a request of many frames: once its sender is held, nothing more of it is looked at', async () => {
    const { relay, pair } = await besieged('relay-socketio');
    await under(relay, pair, async () => {
      const many = 16_500;
      const payload = Array.from({ length: many }, () => framePacket(Uint8Array.of(7)));
      const attack = async (): Promise<number> => {
        const room = randomId();
        // Both poll: what is for the receiver waits in the relay until it asks.
        const receiver = await poller(relay.url, elsewhere(), randomJoin(room));
        const sender = await poller(relay.url, elsewhere(), randomJoin(room));
        cleanups.push(() => sender.close());
        cleanups.push(() => receiver.close());
        expect(await sender.post(payload)).toMatchObject({ status: 200 });
        return (await receiver.poll()).length;
      };
      for (const seen of await Promise.all(Array.from({ length: 15 }, attack))) {
        expect(seen).toBeLessThan(10 * ROOM_LIMITS.frameBurst);
      }
    });
  });
});

describe.runIf(hasManyAddresses).each(repeats(['relay-ws', 'relay-socketio'] as const))('%s', (program) => {
  /** A raw connection in a room; what it writes is up to the test. */
  async function member(relay: RelayProcess, room: string): Promise<Attacker> {
    const made = await attacker(program, relay.url, elsewhere());
    cleanups.push(() => made.socket.terminate());
    made.join(randomJoin(room));
    await made.until(({ told }) => told.some((text) => text.includes('"joined"')));
    return made;
  }

  /** Undefined when it cannot be written any more. */
  const written = (raw: Socket, bytes: Uint8Array) =>
    new Promise<true | undefined>((resolve) =>
      raw.write(bytes, (error) => resolve(error instanceof Error ? undefined : true)),
    );

  const rawOf = (made: Attacker) => (made.socket as unknown as { _socket: Socket })._socket;

  test.each([
    ['pings', 0x89],
    ['pongs', 0x8a],
  ])('unasked-for %s are counted: who floods with them is not read from', async (_what, opcode) => {
    const { relay, pair } = await besieged(program);
    await under(relay, pair, async () => {
      const sender = await member(relay, randomId());
      const noise = Buffer.alloc(65_536 - (65_536 % 6));
      for (let at = 0; at < noise.length; at += 6) noise.set([opcode, 0x80, 0, 0, 0, 0], at);
      const raw = rawOf(sender);
      sender.socket.pause();
      // Who reads no answers to pings is cut by the library.
      expect(await flood(relay, () => written(raw, noise), noise.length)).toBeLessThan(MEMORY_BOUND);
    });
  });

  test('the same before a join ends the connection', async () => {
    const { relay, pair } = await besieged(program, '--join-timeout', '1h');
    await under(relay, pair, async () => {
      const silent = await attacker(program, relay.url, elsewhere());
      const raw = rawOf(silent);
      for (let n = 0; n < 2 * ROOM_LIMITS.frameBurst; n++) raw.write(Uint8Array.of(0x8a, 0x80, 0, 0, 0, 0));
      await silent.closed;
      expect(silent.told.at(-1)).toContain('rate-limited');
    });
  });

  test('one address that connects and drops does not use up the connections of all', async () => {
    /** What each of those was told who came at the same moment from elsewhere, behind the storm. */
    const storm = async (mine: string): Promise<string[]> => {
      const { relay, pair } = await besieged(
        program,
        ...['--connections-per-second', '10', '--arrivals-per-address', mine],
      );
      const from = elsewhere();
      let newcomers: string[] = [];
      const newcomer = async (): Promise<string> => {
        const other = await attacker(program, relay.url, elsewhere()).catch(() => undefined);
        if (other === undefined) return '';
        cleanups.push(() => other.socket.terminate());
        other.join(randomJoin());
        const answered = ({ told }: Attacker) => told.some((text) => /"(joined|error)"/.test(text));
        await other.until(answered).catch(() => undefined);
        return other.told.find((text) => /"(joined|error)"/.test(text)) ?? '';
      };
      await under(relay, pair, async () => {
        // At once: on a busy machine one after the other would be no storm.
        const connecting = async (): Promise<void> => {
          for (let n = 0; n < 60; n++) {
            const { socket } = tcp(relay.url, from);
            socket.write(upgradeRequest(program));
            await once(socket, 'data');
            socket.resetAndDestroy();
          }
        };
        await Promise.all(Array.from({ length: 5 }, connecting));
        newcomers = await Promise.all(Array.from({ length: 5 }, newcomer));
      });
      return newcomers;
    };
    // A ticket may be asked for, as at any relay that is nearly full; nobody is turned away.
    const welcome = /"joined"|"difficulty"/;
    expect((await storm('1')).filter((told) => !welcome.test(told))).toEqual([]);
    // As it was without; one or two may come in, as time goes on.
    expect((await storm('1000000')).some((told) => !welcome.test(told))).toBe(true);
  });

  test('trying rooms with a second seat of one’s own costs what trying costs', async () => {
    const { relay, pair } = await besieged(program, '--joins-per-minute', '100000');
    await under(relay, pair, async () => {
      const from = elsewhere();
      let asked = 0;
      for (let n = 0; n < 40; n++) {
        const room = randomId();
        const seats = [await attacker(program, relay.url, from), await attacker(program, relay.url, from)];
        for (const seat of seats) {
          seat.join(randomJoin(room));
          await seat.until(({ told }) => told.some((text) => /"(joined|error)"/.test(text)));
        }
        if (seats.some(({ told }) => told.some((text) => text.includes('"difficulty"')))) asked += 1;
        for (const { socket } of seats) socket.terminate();
      }
      expect(asked).toBeGreaterThan(20);
    });
  });
});
