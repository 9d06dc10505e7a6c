/**
 * Who may be the peer in a local network (protocol.md section 8a): what was heard that fits the room, in bounds, and which of
 * it is dialed next. Everything here comes from whoever is in the network. No socket and no timer may be in this file.
 */
import type { OwnAddress } from '../../core/path-port.js';
import type { CryptoPort } from '../../core/ports.js';
import { sameBytes } from '../../core/protocol/bytes.js';
import { type LanAnnouncement, recognized } from '../../core/protocol/lan-record.js';
import { isAround } from '../../core/session/path-candidates.js';

/** Of those that fit: at most so many are kept, … */
export const CANDIDATES = 16;
/** … so many of one sender, … */
export const CANDIDATES_OF_ONE = 4;
/** … with so many places each. */
export const PLACES = 8;
/** Senders whose dials are counted, at most; how many each has before it must wait ever longer. */
const SENDERS = 64;
export const FREELY = 4;
/** One that is not heard of for this long is forgotten, milliseconds. */
export const CANDIDATE_AGE = 75_000;
/** Dials a minute, of the whole session. */
export const DIALS_A_MINUTE = 20;
const MINUTE = 60_000;
/** From one dial of the same candidate to the next at first, and at most, milliseconds. */
const [AGAIN, AGAIN_LIMIT] = [1_000, 30_000];

interface Place {
  readonly address: Uint8Array;
  readonly port: number;
}

export interface Candidate {
  /** Hexadecimal: who has the lowest is joined by the others. */
  readonly nonce: string;
  /** When it was heard of first. */
  readonly since: number;
  readonly dials: number;
  /** It has no seat for this side. */
  full: boolean;
}

export interface Candidates {
  /** What somebody at `from` announces; `over`: that it does so no more. */
  heard(said: LanAnnouncement, from: string, over: boolean, now: number): void;
  /** Where to dial now, if anywhere: one of those that `may` be. It counts as dialed. */
  next(may: (candidate: Candidate) => boolean, now: number): (Place & { readonly candidate: Candidate }) | undefined;
  /** When `next` may have another answer; infinity: not by time alone. */
  wakeAt(may: (candidate: Candidate) => boolean, now: number): number;
  readonly all: readonly Candidate[];
}

export interface CandidatesOptions {
  readonly crypto: CryptoPort;
  readonly room: string;
  /** The own one is none. */
  readonly nonce: string;
  /** Where this side listens. */
  readonly port: number;
  readonly own: () => readonly OwnAddress[];
  readonly allowance: Allowance;
}

/** How often may be dialed: shared by everything that one session looks for. */
export interface Allowance {
  take(now: number): void;
  /** When the next is allowed. */
  from(now: number): number;
}

export function createAllowance(): Allowance {
  let dials: number[] = [];
  return {
    take(now) {
      dials = [...dials.filter((at) => now - at < MINUTE), now];
    },
    from(now) {
      const recent = dials.filter((at) => now - at < MINUTE);
      return recent.length < DIALS_A_MINUTE ? now : (recent[0] ?? now) + MINUTE;
    },
  };
}

interface Known extends Candidate {
  readonly from: string;
  readonly places: Place[];
  heardAt: number;
  dials: number;
  due: number;
}

function pauseAfter(times: number): number {
  return Math.min(AGAIN * 2 ** times, AGAIN_LIMIT);
}

export function createCandidates({ crypto, room, nonce: mine, port, own, allowance }: CandidatesOptions): Candidates {
  const known = new Map<string, Known>();
  /** Dials of each sender, so that one with many names is dialed no more than one with a single name, and when it may be again. */
  const senders = new Map<string, { readonly dials: number; readonly due: number }>();

  function forget(now: number): void {
    for (const [nonce, { heardAt }] of known) if (now - heardAt >= CANDIDATE_AGE) known.delete(nonce);
  }

  /** The one that was dialed most, of these the oldest, makes room. */
  function makeRoom(from: string): void {
    const all = [...known.values()];
    const same = all.filter((each) => each.from === from);
    const crowd = same.length >= CANDIDATES_OF_ONE ? same : all.length >= CANDIDATES ? all : [];
    const [least] = crowd.toSorted((a, b) => b.dials - a.dials || a.since - b.since);
    if (least !== undefined) known.delete(least.nonce);
  }

  /** Nobody is dialed who cannot be near, nor this program itself. */
  function dialable(places: readonly Place[]): readonly Place[] {
    const around = own();
    return places.filter(
      (place) =>
        isAround(place.address, around) &&
        (place.port !== port || !around.some(({ address }) => sameBytes(address, place.address))),
    );
  }

  function ofSender({ from }: Known): { readonly dials: number; readonly due: number } {
    return senders.get(from) ?? { dials: 0, due: 0 };
  }

  function dueOf(each: Known): number {
    return Math.max(each.due, ofSender(each).due);
  }

  function ready(may: (candidate: Candidate) => boolean): readonly Known[] {
    return [...known.values()].filter((each) => may(each) && dialable(each.places).length > 0);
  }

  return {
    heard(said, from, over, now) {
      forget(now);
      const place = recognized(crypto, room, said);
      if (place === undefined || place.nonce === mine) return;
      const { nonce, addresses } = place;
      if (over) {
        // Only who has announced it takes it back.
        if (known.get(nonce)?.from === from) known.delete(nonce);
        return;
      }
      let entry = known.get(nonce);
      if (entry === undefined) {
        makeRoom(from);
        entry = { nonce, from, since: now, heardAt: now, places: [], dials: 0, due: now, full: false };
        known.set(nonce, entry);
      }
      entry.heardAt = now;
      for (const address of addresses) {
        const there = entry.places.some((each) => each.port === place.port && sameBytes(each.address, address));
        if (!there && entry.places.length < PLACES) entry.places.push({ address, port: place.port });
      }
    },

    next(may, now) {
      forget(now);
      if (allowance.from(now) > now) return undefined;
      const [first] = ready(may)
        .filter((each) => dueOf(each) <= now)
        .toSorted((a, b) => ofSender(a).dials - ofSender(b).dials || a.dials - b.dials || (a.nonce < b.nonce ? -1 : 1));
      if (first === undefined) return undefined;
      const places = dialable(first.places);
      const place = places[first.dials % places.length];
      if (place === undefined) return undefined;
      allowance.take(now);
      first.dials += 1;
      const dials = ofSender(first).dials + 1;
      if (senders.size >= SENDERS) senders.clear();
      senders.set(first.from, { dials, due: dials < FREELY ? now : now + pauseAfter(dials - FREELY) });
      // All places of one come quickly the first time, and the whole of it ever more slowly.
      const rounds = Math.floor(first.dials / places.length);
      first.due = rounds === 0 ? now : now + pauseAfter(rounds - 1);
      return { ...place, candidate: first };
    },

    wakeAt(may, now) {
      const due = Math.min(...ready(may).map(dueOf));
      return due === Number.POSITIVE_INFINITY ? due : Math.max(due, allowance.from(now));
    },

    get all() {
      return [...known.values()];
    },
  };
}
