/**
 * The place where several relays write down their rooms: Redis 7 or Valkey. Two connections, one to ask and one to listen;
 * a relay has a name, and its lease, for as long as both last and its own renewals come back to it. Loaded only with
 * --cluster. It is given what a relay knows, room ids, hashes of seats and ciphertext; nothing of that may be written
 * anywhere else from this file, and no rule of a room may be in it.
 */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import type { Claim, ClusterNews, ClusterPort, ConnectCluster, Holding } from '../../core/relay/cluster-port.js';
import { RELAY_ERRORS } from '../../core/wire/control.js';
import { RELAY_WORDS } from '../words/relay.js';
import { CHANNEL, CLAIM, HELLO, RELAYS, RELEASE, RENEW, ROOM } from './scripts.js';

/** How long a relay that is not heard of still holds its seats, milliseconds. */
export const LEASE_MS = 10_000;
const RENEW_MS = LEASE_MS / 4;
/** Without its own renewal for so long a relay takes its line for broken: before others can. */
const SILENCE_MS = (LEASE_MS * 3) / 4;
/** An answer that takes longer is none, milliseconds. */
const COMMAND_MS = 3_000;
/** A room of which nobody is heard for so long is forgotten; seats that are held are claimed again in time. */
const ROOM_MS = 2 * 3_600_000;
const REFRESH_MS = ROOM_MS / 4;
const RETRY_MS = [50, 2_000] as const;

/** `tell` gets a line for the operator when the line comes and when it goes. */
export function shareRooms(address: string, tell: (line: string) => void = ignore): ConnectCluster {
  return (machine) => connect(address, machine, tell);
}

function connect(address: string, machine: ClusterNews, tell: (line: string) => void): ClusterPort {
  const options = {
    enableOfflineQueue: false,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_MS,
    connectTimeout: COMMAND_MS,
    retryStrategy: (times: number) => Math.min(RETRY_MS[0] * 2 ** times, RETRY_MS[1]) * (0.5 + Math.random() / 2),
  };
  const asking = new Redis(address, options);
  const listening = new Redis(address, options);
  asking.defineCommand('securechatClaim', { numberOfKeys: 2, lua: CLAIM });
  const lines = [asking, listening];
  /** The name; undefined while the line is down. */
  let name: string | undefined;
  let before = '';
  let naming = false;
  let closing = false;
  let heardAt = 0;
  const ready = new Set<Redis>();
  /** The last thing told; a fault that lasts is told once. */
  let told = '';

  function say(line: string): void {
    if (line !== told && !closing) tell(line);
    told = line;
  }

  function down(): void {
    if (name === undefined) return;
    before = name;
    name = undefined;
    say(RELAY_WORDS.redisLost);
    machine.down();
  }

  /** Both connections anew, under another name. */
  function restart(): void {
    down();
    for (const line of lines) line.disconnect(true);
  }

  async function up(): Promise<void> {
    if (naming || closing || ready.size < lines.length) return;
    naming = true;
    const fresh = randomBytes(16).toString('base64url');
    try {
      await listening.subscribe(CHANNEL + fresh);
      await asking.eval(HELLO, 1, RELAYS, fresh, LEASE_MS, before);
      if (ready.size === lines.length) {
        name = fresh;
        heardAt = performance.now();
        say(RELAY_WORDS.redisShared);
        machine.up(fresh);
      }
    } catch {
      restart();
    } finally {
      naming = false;
    }
    if (name === undefined) void up();
  }

  for (const line of lines) {
    line.on('ready', () => {
      ready.add(line);
      void up();
    });
    line.on('close', () => {
      ready.delete(line);
      down();
      // The other one goes too: what it still brings belongs to the old name.
      for (const other of ready) other.disconnect(true);
    });
    line.on('error', (error: Error & { code?: unknown }) => {
      // Its whole text may hold an address.
      const why =
        typeof error.code === 'string' ? error.code : (/^[A-Z]+(?= )/.exec(error.message)?.[0] ?? RELAY_WORDS.noReason);
      if (name === undefined && told !== RELAY_WORDS.redisLost) say(RELAY_WORDS.redisUnusable(why));
    });
  }

  listening.on('messageBuffer', (channel: Buffer, message: Buffer) => {
    if (name === undefined || channel.toString() !== CHANNEL + name) return;
    if (message[0] !== 0x7b) machine.message(message);
    else news(JSON.parse(message.toString()) as News);
  });

  interface News {
    readonly room?: string;
    /** No seat at all is an empty object in the scripts' JSON. */
    readonly seats?: Iterable<readonly [string, string, string]> | Record<string, never>;
    readonly relays?: readonly string[];
  }

  function news({ room, seats, relays }: News): void {
    if (relays !== undefined) {
      heardAt = performance.now();
      if (relays.includes(name ?? '')) machine.live(relays);
      else restart();
    } else if (room !== undefined) {
      const list: Holding[] = [];
      if (seats !== undefined && Symbol.iterator in seats) {
        for (const [hash, instance, number] of seats) list.push({ hash, instance, number: Number(number) });
      }
      machine.state(room, list);
    }
  }

  const renewing = setInterval(() => {
    if (name === undefined) return;
    if (performance.now() - heardAt > SILENCE_MS) restart();
    else asking.eval(RENEW, 1, RELAYS, name, LEASE_MS).catch(ignore);
  }, RENEW_MS);
  const refreshing = setInterval(() => machine.refresh(), REFRESH_MS);
  for (const timer of [renewing, refreshing]) timer.unref();

  async function claim(one: Claim, as: string): Promise<void> {
    let answer: unknown = 'busy';
    try {
      const { room, hash, mode, number } = one;
      const keys = [ROOM + room, RELAYS];
      answer = await (asking as unknown as Scripted).securechatClaim(...keys, room, hash, mode, as, number, ROOM_MS);
    } catch {
      // No answer: busy.
    }
    if (name !== as || answer === 'ok') return;
    machine.refused(one, answer === 'replaced' ? answer : (RELAY_ERRORS.find((code) => code === answer) ?? 'busy'));
  }

  return {
    claim(claims) {
      for (const one of claims) if (name !== undefined) void claim(one, name);
    },
    release({ room, hash, number }) {
      if (name === undefined) return;
      asking.eval(RELEASE, 2, ROOM + room, RELAYS, room, hash, name, number).catch(ignore);
    },
    publish(instance, message) {
      const as = name;
      const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
      asking.publish(CHANNEL + instance, bytes).then((heard) => {
        if (heard === 0 && name === as) machine.unheard(instance);
      }, ignore);
    },
    defer: () => void setImmediate(() => machine.flush()),
    async close() {
      closing = true;
      clearInterval(renewing);
      clearInterval(refreshing);
      const last = name;
      if (last !== undefined) await asking.zrem(RELAYS, last).catch(ignore);
      name = undefined;
      for (const line of lines) line.disconnect();
    },
  };
}

interface Scripted {
  securechatClaim(...given: (string | number)[]): Promise<unknown>;
}

function ignore(): void {
  // The line is down, or the answer is of no interest.
}
