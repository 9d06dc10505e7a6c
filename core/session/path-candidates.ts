/**
 * Where a side may be reached without the relay, and what of that the other one dials (protocol.md section 8a). Everything
 * here comes from outside: what the peer names, what the relay says it sees. Tables and arithmetic only: no socket, no name
 * that would have to be looked up, may be in this file.
 */
import { LOWEST_PORT } from '../limits.js';
import type { Endpoint, OwnAddress, PathEvent } from '../path-port.js';
import { sameBytes } from '../protocol/bytes.js';
import { CANDIDATES_LIMIT, type PathCandidate, PORTS_LIMIT } from '../protocol/path-records.js';

/** What is known about this machine in one try. */
export type Surroundings = Omit<Extract<PathEvent, { type: 'gathered' }>, 'type' | 'attempt'>;

type Kind = 'never' | 'loopback' | 'private' | 'global';
type Range = readonly [prefix: readonly number[], bits: number, kind: Kind];

/** The first that fits. */
const RANGES_4: readonly Range[] = [
  [[0], 8, 'never'],
  [[10], 8, 'private'],
  [[100, 64], 10, 'private'],
  [[127], 8, 'loopback'],
  [[169, 254], 16, 'never'],
  [[172, 16], 12, 'private'],
  [[192, 168], 16, 'private'],
  [[224], 3, 'never'],
  [[], 0, 'global'],
];
const RANGES_6: readonly Range[] = [
  [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 128, 'loopback'],
  // Among them ::ffff:0:0/96.
  [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 80, 'never'],
  [[0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0], 96, 'never'],
  [[0xfc], 7, 'private'],
  [[0x20], 3, 'global'],
  [[], 0, 'never'],
];

function kindOf(address: Uint8Array): Kind {
  const ranges = address.length === 4 ? RANGES_4 : RANGES_6;
  return ranges.find(([prefix, bits]) => startsWith(address, prefix, bits))?.[2] ?? 'never';
}

/** Whether the first `bits` of both are the same; what `prefix` leaves out is zero. */
function startsWith(address: Uint8Array, prefix: ArrayLike<number>, bits: number): boolean {
  for (let i = 0; i < address.length && i * 8 < bits; i++) {
    const mask = 0xff << Math.max(0, 8 * (i + 1) - bits);
    if ((((address[i] ?? 0) ^ (prefix[i] ?? 0)) & mask & 0xff) !== 0) return false;
  }
  return true;
}

function isNear(address: Uint8Array, own: readonly OwnAddress[]): boolean {
  return own.some((each) => each.address.length === address.length && startsWith(address, each.address, each.prefix));
}

function isOwn(address: Uint8Array, own: readonly OwnAddress[]): boolean {
  return own.some((each) => sameBytes(each.address, address));
}

function sameEnd(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && sameBytes(a.address, b.address);
}

/** The relay is on this machine, as both peers may be. */
function relayIsHere({ relay }: Surroundings): boolean {
  return relay !== undefined && kindOf(relay.address) === 'loopback';
}

/** Whether a candidate of the peer is dialled. */
function mayDial({ address, port }: PathCandidate, around: Surroundings): boolean {
  const { own, relay } = around;
  if (relay !== undefined && sameEnd(relay, { address, port })) return false;
  if (port === around.port && (isOwn(address, own) || kindOf(address) === 'loopback')) return false;
  switch (kindOf(address)) {
    case 'never':
      return false;
    case 'loopback':
      return relayIsHere(around);
    case 'private':
      return isNear(address, own);
    case 'global':
      return true;
  }
}

/** Whether an address can be somebody's in a network of this machine: none of the whole world, none of a link alone. */
export function isAround(address: Uint8Array, own: readonly OwnAddress[]): boolean {
  return isUsable(address) && isNear(address, own);
}

/** Whether an address of this machine can be told to others in its network. */
export function isUsable(address: Uint8Array): boolean {
  const kind = kindOf(address);
  return kind === 'private' || kind === 'global';
}

/** Those of the peer that are dialled, each once. */
export function dialled(candidates: readonly PathCandidate[], around: Surroundings): readonly PathCandidate[] {
  const taken: PathCandidate[] = [];
  for (const each of candidates) {
    if (mayDial(each, around) && !taken.some((other) => sameEnd(other, each))) taken.push(each);
  }
  return taken;
}

/** What this side tells the peer: first what the relay saw and what was named, then its own addresses. */
export function offered(around: Surroundings, observed: string | undefined): readonly PathCandidate[] {
  const seen = observed === undefined ? undefined : observedEnd(observed, around);
  const candidates: PathCandidate[] = seen === undefined ? [] : [{ observed: true, ...seen }];
  const own = around.own.filter(({ address }) => {
    const kind = kindOf(address);
    return kind === 'global' || kind === 'private' || (kind === 'loopback' && relayIsHere(around));
  });
  const ends = [...around.named, ...own.map(({ address }) => ({ address, port: around.port }))];
  for (const { address, port } of ends) {
    const ports = new Set([...candidates.map((each) => each.port), port]);
    if (port < LOWEST_PORT || ports.size > PORTS_LIMIT || candidates.length === CANDIDATES_LIMIT) continue;
    candidates.push({ observed: false, address, port });
  }
  return candidates;
}

/** What the relay says it sees, where that can be: it may say anything. */
function observedEnd(text: string, around: Surroundings): Endpoint | undefined {
  const end = parseEnd(text);
  if (end === undefined || end.port < LOWEST_PORT) return undefined;
  const kind = kindOf(end.address);
  const relay = around.relay === undefined ? 'global' : kindOf(around.relay.address);
  return kind === 'global' || (kind !== 'never' && kind === relay) ? end : undefined;
}

/** `203.0.113.7:51234` or `[2001:db8::1]:51234`, as bytes; undefined where it is none. */
export function parseEnd(text: string): Endpoint | undefined {
  const [, host6, host4, digits] = /^(?:\[([0-9a-f:.]+)\]|([\d.]+)):(\d{1,5})$/i.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) return undefined;
  const address = host6 === undefined ? parse4(host4 ?? '') : parse6(host6);
  return address === undefined ? undefined : { address, port };
}

/** An address of either family, as bytes. */
export function parseAddress(text: string): Uint8Array | undefined {
  return text.includes(':') ? parse6(text) : parse4(text);
}

/** As URLs and sockets take it. */
export function addressText(address: Uint8Array): string {
  if (address.length === 4) return address.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => (address[2 * i] ?? 0) * 256 + (address[2 * i + 1] ?? 0));
  return groups.map((group) => group.toString(16)).join(':');
}

function parse4(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  const good = parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
  return good ? Uint8Array.from(parts, Number) : undefined;
}

function parse6(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [front, back] = halves.map((half, i) => groupsOf(half, i === halves.length - 1));
  if (front === undefined || (halves.length === 2 && back === undefined)) return undefined;
  const missing = 8 - front.length - (back?.length ?? 0);
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...front, ...Array.from({ length: missing }, () => 0), ...(back ?? [])];
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

/** Groups of 16 bits; an IPv4 address at the end of it all is two of them. */
function groupsOf(text: string, last: boolean): readonly number[] | undefined {
  const groups: number[] = [];
  const parts = text === '' ? [] : text.split(':');
  for (const [i, part] of parts.entries()) {
    const four = last && i === parts.length - 1 && part.includes('.') ? parse4(part) : undefined;
    if (four !== undefined) {
      const [a = 0, b = 0, c = 0, d = 0] = four;
      groups.push(a * 256 + b, c * 256 + d);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}
