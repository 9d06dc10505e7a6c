/**
 * Multicast DNS on every interface of this machine (RFC 6762), for one question and one kind of answer: who announces
 * itself as securechat. What comes in is bounded and passed on unchecked; who is dialed may not be decided in this file.
 */
import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import makeMulticast from 'multicast-dns';
import type { OwnAddress } from '../../core/path-port.js';
import { LAN_ADDRESSES, type LanAnnouncement } from '../../core/protocol/lan-record.js';
import { isAround, isUsable, parseAddress } from '../../core/session/path-candidates.js';
import { admitOnly, createAdmission } from './admission.js';
import { answerOf, type Heard, heardIn, type Packet, question } from './message.js';

export const PORT = 5353;
const GROUP = { udp4: '224.0.0.251', udp6: 'ff02::fb' } as const;
/** Interfaces that are used, at most. */
export const INTERFACES = 16;
/** How often it is looked whether the interfaces are others now, milliseconds. */
export const LOOK_EVERY = 2_000;

/** Of an interface that has an address under which others in its network reach this machine. */
export interface Interface {
  readonly name: string;
  readonly addresses: readonly OwnAddress[];
  /** For the socket of either family. */
  readonly udp4: string | undefined;
  readonly udp6: string | undefined;
}

export interface Multicast {
  /** Asks who is there. */
  ask(): void;
  /** Announces on each interface what `said` makes of its addresses; `over`: takes it back. */
  tell(said: (addresses: readonly Uint8Array[]) => LanAnnouncement, over?: boolean): void;
  /** What is told so far is sent, and nothing more is heard. */
  close(): void;
}

export interface MulticastEvents {
  /** Somebody asks. */
  asked(): void;
  /** Somebody announces this, or takes it back. `from`: its address. */
  said(said: LanAnnouncement, from: string, over: boolean): void;
  /** There are interfaces that were not there before. */
  changed(): void;
  /** Nothing can be heard on any interface; a code of the operating system. */
  failed(why: string): void;
}

/** For a message to come back to the machine that sent it, milliseconds. */
const ECHO = 1_000;

/** Undefined: what is sent to the group is heard. Or why it is not: a code of the operating system, or `silence`. */
export async function tryMulticast(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const settle = (why: string | undefined): void => {
      clearTimeout(timer);
      tried.close();
      resolve(why);
    };
    const timer = setTimeout(() => settle('silence'), ECHO);
    const ignored = (): void => undefined;
    const tried = openMulticast({ asked: () => settle(undefined), failed: settle, said: ignored, changed: ignored });
    tried.ask();
  });
}

/** Those that others can reach this machine by, now. */
export function interfaces(): readonly Interface[] {
  const found: Interface[] = [];
  for (const [name, all = []] of Object.entries(networkInterfaces())) {
    const outside = all.filter(({ internal }) => !internal);
    const addresses = outside.flatMap(({ address, cidr }) => {
      const bytes = parseAddress(address.split('%', 1)[0] ?? '');
      const prefix = Number(cidr?.split('/')[1] ?? Number.NaN);
      return bytes === undefined || Number.isNaN(prefix) || !isUsable(bytes) ? [] : [{ address: bytes, prefix }];
    });
    if (addresses.length === 0 || found.length === INTERFACES) continue;
    const four = outside.find(({ family, address }) => family === 'IPv4' && isUsable(parseAddress(address) ?? NONE));
    const six = outside.find(({ family }) => family === 'IPv6');
    const zone = process.platform === 'win32' && six?.family === 'IPv6' ? String(six.scopeid) : name;
    const usesSix = addresses.some(({ address }) => address.length === 16);
    found.push({ name, addresses, udp4: four?.address, udp6: usesSix ? `::%${zone}` : undefined });
  }
  return found;
}

const NONE = new Uint8Array(16);

/**
 * Of the network at this interface: nobody from elsewhere has a say there (RFC 6762 section 11). What is said on one comes to
 * the sockets of all, own questions among it, and must not count once for each.
 */
function isNear(from: string, { addresses, udp6 }: Interface): boolean {
  const [text = '', zone = ''] = from.split('%', 2);
  const address = parseAddress(text);
  if (address === undefined) return false;
  const linkLocal = address.length === 16 && address[0] === 0xfe && ((address[1] ?? 0) & 0xc0) === 0x80;
  return linkLocal ? udp6 === `::%${zone}` : isAround(address, addresses);
}

interface Ear {
  /** As it is now. */
  at: Interface;
  readonly send: (packet: Packet) => void;
  close(): void;
}

export function openMulticast(events: MulticastEvents): Multicast {
  const ears = new Map<string, Ear>();
  let why: string | undefined;
  let closed = false;
  // One for all interfaces: a crowd is a crowd, wherever it shouts.
  const admits = createAdmission(() => performance.now());

  function take(message: Heard, from: string): void {
    if (closed) return;
    const { asked, said } = heardIn(message);
    if (asked) events.asked();
    for (const { name, body, over } of said) events.said({ name, body }, from, over);
  }

  function open(at: Interface, type: 'udp4' | 'udp6', address: string): Ear {
    const socket = createSocket({ type, reuseAddr: true, ...(type === 'udp6' ? { ipv6Only: true } : {}) });
    const everywhere = type === 'udp6' ? '::' : '0.0.0.0';
    const made = makeMulticast({ socket, type, ip: GROUP[type], port: PORT, interface: address, bind: everywhere });
    admitOnly(socket, admits, (from) => isNear(from, ear.at));
    made.on('error', (error: NodeJS.ErrnoException) => {
      ears.delete(`${type} ${at.name} ${address}`);
      why = error.code ?? error.name;
      made.destroy();
      if (ears.size === 0 && !closed) events.failed(why);
    });
    // What is no message of DNS, and an interface that is gone: the next look finds out.
    made.on('warning', () => undefined);
    made.on('packet', (message: Heard, { address: from }: { readonly address: string }) => take(message, from));
    let [under, over] = [0, false];
    const ear: Ear = {
      at,
      send(packet) {
        under += 1;
        const sent = (): void => {
          under -= 1;
          if (over && under === 0) made.destroy();
        };
        if ('answers' in packet) made.respond(packet, sent);
        else made.query(packet, sent);
      },
      close() {
        over = true;
        if (under === 0) made.destroy();
      },
    };
    return ear;
  }

  /** Opens what is new, and closes what is gone. */
  function look(): boolean {
    const now = interfaces();
    const wanted = new Map<string, { readonly at: Interface; readonly make: () => Ear }>();
    for (const at of now) {
      for (const type of ['udp4', 'udp6'] as const) {
        const address = at[type];
        if (address === undefined) continue;
        wanted.set(`${type} ${at.name} ${address}`, { at, make: () => open(at, type, address) });
      }
    }
    for (const [key, ear] of ears) {
      if (wanted.has(key)) continue;
      ear.close();
      ears.delete(key);
    }
    let fresh = false;
    for (const [key, { at, make }] of wanted) {
      const there = ears.get(key);
      if (there !== undefined) there.at = at;
      else {
        ears.set(key, make());
        fresh = true;
      }
    }
    return fresh;
  }

  look();
  const timer = setInterval(() => {
    if (look()) events.changed();
  }, LOOK_EVERY);

  return {
    ask() {
      for (const { send } of ears.values()) send(question());
    },
    tell(said, over = false) {
      for (const { at, send } of ears.values()) {
        send(answerOf(said(at.addresses.slice(0, LAN_ADDRESSES).map(({ address }) => address)), over));
      }
    },
    close() {
      if (closed) return;
      closed = true;
      clearInterval(timer);
      for (const { close } of ears.values()) close();
      ears.clear();
    },
  };
}
