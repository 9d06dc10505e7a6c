/**
 * The connections of one try for a direct path (protocol.md section 8a): what is dialled and how often, who has come in, and
 * which of them has proven to be the peer. When there is a try, and what becomes of the one that is taken, is path.ts.
 */
import type { PathEvent } from '../path-port.js';
import type { CryptoPort } from '../ports.js';
import type { Key } from '../protocol/keys.js';
import { createPathProof, type PathProof } from '../protocol/path-proof.js';
import type { PathCandidate } from '../protocol/path-records.js';
import type { Role } from '../protocol/role.js';
import { fraction } from './backoff.js';
import type { Host } from './events.js';
import { NEVER } from '../timers.js';
import { quick } from '../quick.js';

/** From a connection to the proof of the peer, milliseconds. */
export const PATH_PROOF = 5_000;
/** Connections that came in and have proven nothing: the oldest makes room. */
export const UNPROVEN_LIMIT = 16;
/** What the relay saw is dialled so often at most, … */
export const PUNCHES = 20;
/** … from one dial to the next, milliseconds. */
export const PUNCH_EVERY = 250;

export interface Chosen {
  readonly id: number;
  /** Of the other end. */
  readonly address: string;
}

export interface PathLinks {
  /** The peer is at the other end of one. */
  readonly verified: boolean;
  /** Somebody may come in, although the peer's candidates have not: those go by the relay. */
  listen(): void;
  /**
   * Both sides have told their candidates. The key is taken over. What the relay saw is dialled up to `late` milliseconds
   * later each time: a knock passes two routers when both sides knock within the time that one takes.
   */
  begin(key: Key<'path'>, candidates: readonly PathCandidate[], now: number, late: number): void;
  /** The connection that is to be used from now on. */
  handle(event: Exclude<PathEvent, { type: 'gathered' }>, now: number): Chosen | undefined;
  tick(now: number): void;
  /** The try is over, and its key is wiped. */
  forget(): void;
  wakeAt(): number;
}

interface Link {
  readonly dialled: PathCandidate | undefined;
  /** Dials of the same address so far. */
  readonly tries: number;
  /** When it is closed, or dialled again. */
  due: number;
  state: 'dialling' | 'refused' | 'up' | 'verified';
  /** Of the other end, once it is up. */
  address: string;
  proof: PathProof | undefined;
  /** Its first message, which came before the peer's candidates did. */
  early: Uint8Array | undefined;
}

const FRESH = { state: 'dialling', address: '', proof: undefined, early: undefined } as const;

export function createPathLinks(host: Host, crypto: CryptoPort, role: Role): PathLinks {
  const links = new Map<number, Link>();
  let open = false;
  let key: Key<'path'> | undefined;
  let dials = 0;
  let [begun, late] = [0, 0];

  /** When what the relay saw is dialled for the `tries`-th time, from 0. */
  function knockAt(tries: number): number {
    return begun + tries * PUNCH_EVERY + late * fraction(crypto);
  }

  /** `tries`: how often it was dialled before. */
  function dial(candidate: PathCandidate, tries: number): void {
    dials += 1;
    const { address, port, observed } = candidate;
    links.set(dials, { ...FRESH, dialled: candidate, tries: tries + 1, due: observed ? knockAt(tries + 1) : NEVER });
    host.emit({ type: 'path', command: { type: 'dial', id: dials, address, port, punch: observed } });
  }

  function close(id: number): void {
    links.delete(id);
    host.emit({ type: 'path', command: { type: 'drop', id } });
  }

  function say(id: number, messages: readonly Uint8Array[]): void {
    for (const bytes of messages) host.emit({ type: 'path', command: { type: 'send', id, bytes } });
  }

  function proofOf(link: Link): PathProof | undefined {
    if (key === undefined) return undefined;
    return (link.proof ??= createPathProof(crypto, role, key, link.dialled !== undefined));
  }

  function connected(id: number, address: string, now: number): void {
    const accepted = { ...FRESH, dialled: undefined, tries: 0, due: NEVER };
    const link = id < 0 && open ? accepted : links.get(id);
    if (link === undefined) {
      // Nobody may come in yet, or any more: it would take up room until the try is over.
      if (id < 0) close(id);
      return;
    }
    links.set(id, link);
    link.state = 'up';
    link.address = address;
    link.due = now + PATH_PROOF;
    if (link.dialled === undefined) makeRoom();
    const { first } = proofOf(link) ?? {};
    if (first !== undefined) say(id, [first]);
  }

  function makeRoom(): void {
    const unproven = [...links].filter(([, link]) => link.dialled === undefined && link.state === 'up');
    if (unproven.length > UNPROVEN_LIMIT && unproven[0] !== undefined) close(unproven[0][0]);
  }

  function message(id: number, bytes: Uint8Array): Chosen | undefined {
    const link = links.get(id);
    if (link === undefined) return undefined;
    const proof = proofOf(link);
    if (proof === undefined && link.early === undefined) {
      link.early = bytes;
      return undefined;
    }
    const step = proof?.handle(bytes);
    switch (step?.type) {
      case 'send':
        say(id, step.messages);
        return undefined;
      case 'verified':
        link.state = 'verified';
        link.due = NEVER;
        if (role === 'B' || proof === undefined) return undefined;
        say(id, [proof.choose()]);
        return { id, address: link.address };
      case 'chosen':
        return { id, address: link.address };
      case 'failed':
      case undefined:
        close(id);
        return undefined;
    }
  }

  /** What was never up may be refused now and be taken in a moment: both sides knock until both have. */
  function down(id: number, now: number): void {
    const link = links.get(id);
    if (link?.dialled?.observed === true && link.state === 'dialling') {
      link.state = 'refused';
      link.due = link.due === NEVER ? now : link.due;
    } else links.delete(id);
  }

  function again(id: number, candidate: PathCandidate, tries: number): void {
    links.delete(id);
    if (tries < PUNCHES) dial(candidate, tries);
  }

  return quick({
    get verified() {
      return [...links.values()].some(({ state }) => state === 'verified');
    },

    listen() {
      open = true;
    },

    begin(taken, candidates, now, upTo) {
      key = taken;
      [begun, late] = [now, upTo];
      for (const candidate of candidates) {
        if (!candidate.observed || late === 0) dial(candidate, 0);
        else {
          dials += 1;
          links.set(dials, { ...FRESH, state: 'refused', dialled: candidate, tries: 0, due: knockAt(0) });
        }
      }
      for (const [id, { early }] of links) if (early !== undefined) message(id, early);
    },

    handle(event, now) {
      if (event.type === 'message') return message(event.id, event.bytes);
      if (event.type === 'up') connected(event.id, event.address, now);
      else down(event.id, now);
      return undefined;
    },

    tick(now) {
      for (const [id, link] of links) {
        if (now < link.due) continue;
        if (link.state === 'up') close(id);
        else if (link.state === 'refused' && link.dialled !== undefined) again(id, link.dialled, link.tries);
        else link.due = NEVER;
      }
    },

    forget() {
      open = false;
      key?.wipe();
      key = undefined;
      links.clear();
    },

    wakeAt() {
      let earliest = NEVER;
      for (const { due } of links.values()) earliest = Math.min(earliest, due);
      return earliest;
    },
  });
}
