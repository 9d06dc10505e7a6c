/**
 * Compare again (protocol.md section 5): safety words of the present, from the keys of an epoch that begins after they
 * were asked for. A pure machine of both roles: records and time in, records and what the person must know out. It
 * neither seals nor opens a frame, and no word and no sentence may be in this file.
 *
 *   B   words-wanted                          only where B's person asks; A's commit is its request
 *   A   an offer of a fresh rekey, then       words-commit{e, H(lv("words commit", n_A))[0..32]}
 *   B   words-nonce{e, n_B}
 *   A   words-reveal{e, n_A}                  both: HKDF-Expand(WK_e, lv("safety words", n_A, n_B), 32)
 */
import { LocalProtocolError, RemoteProtocolError } from '../errors.js';
import type { CryptoPort, Part } from '../ports.js';
import { label, lv, plainCopy, sameBytes } from '../protocol/bytes.js';
import { asKey, copyKey, type Key } from '../protocol/keys.js';
import type { ProtocolRecord, WordsRecord } from '../protocol/records.js';
import type { Role } from '../protocol/role.js';
import { safetyWords } from '../protocol/safety-words.js';
import { withSecrets } from '../protocol/secrets.js';
import { NEVER } from '../timers.js';

/** A person who waits for words over a line that is up is told after this many milliseconds that none came. */
export const COMPARE_TIMEOUT = 30_000;
/** Most comparisons that begin in COMPARE_MINUTE milliseconds. */
export const COMPARES_A_MINUTE = 10;
export const COMPARE_MINUTE = 60_000;

const NONCE = 32;
const COMMITMENT = 32;

/** What the person must know. */
export type Comparison =
  /** From now on older words say nothing, and are shown nowhere. */
  | { readonly type: 'begun' }
  /** Four indices into the list of words. */
  | { readonly type: 'words'; readonly words: readonly number[] }
  /** None came in time: what was shown before says nothing about now. They may still come. */
  | { readonly type: 'starved' };

/** What the keys are asked for. */
export interface ComparedKeys {
  /** The sending epoch. */
  readonly epoch: number;
  wordsKey(epoch: number): Key<'words key'> | undefined;
}

export interface CompareOptions {
  readonly crypto: CryptoPort;
  readonly role: Role;
  readonly keys: ComparedKeys;
  /** A: another rekey is to be made; returns the epoch that begins with it. */
  readonly fresh: () => number;
  /** Whether this side's person has confirmed, where that is due: the peer may not ask before. */
  readonly askable: () => boolean;
  readonly tell: (what: Comparison) => void;
}

export interface Compare {
  /** The person asks. One during a comparison waits for the same words. */
  ask(now: number): void;
  /** Which record is to be sealed now, in a frame of the present epoch. */
  due(): WordsRecord['type'] | 'words-wanted' | undefined;
  /** That record, for the frame that is about to be sealed. */
  record(): ProtocolRecord;
  /** What `record` gave is sealed. */
  sealed(): void;
  /** A record of the peer, in a frame of this epoch. Throws RemoteProtocolError where it may not come. */
  take(record: WordsRecord | { readonly type: 'words-wanted' }, epoch: number, now: number): void;
  /** The line is up or down: the person's 30 seconds pass only while it is up. */
  line(up: boolean, now: number): void;
  tick(now: number): void;
  wakeAt(): number;
  wipe(): void;
}

type Phase =
  | { readonly type: 'idle' }
  /** B: words-wanted is to be sealed, then A's commit is waited for. */
  | { readonly type: 'asking' | 'asked' }
  /** A: the epoch that begins with the fresh rekey is waited for, and what the minute still allows. */
  | { readonly type: 'refreshing'; readonly epoch: number }
  /** A: the commit is out. */
  | { readonly type: 'committed'; readonly epoch: number; readonly key: Key<'words key'>; readonly nonce: Key<'nonce'> }
  /** B: the nonce is to be sealed, then A's is waited for. */
  | {
      readonly type: 'answering' | 'answered';
      readonly epoch: number;
      readonly key: Key<'words key'>;
      readonly nonce: Uint8Array;
      readonly commitment: Uint8Array;
    }
  /** A: the nonce is to be revealed. */
  | {
      readonly type: 'revealing';
      readonly epoch: number;
      readonly nonce: Key<'nonce'>;
      readonly words: readonly number[];
    };

const IDLE: Phase = { type: 'idle' };

export function createCompare({ crypto, role, keys, fresh, askable, tell }: CompareOptions): Compare {
  let phase: Phase = IDLE;
  /** A's nonce of the commit that is to be sealed. */
  let drawn: Key<'nonce'> | undefined;
  /** When the last comparisons began. */
  let begun: number[] = [];
  /** Milliseconds that the person still waits, and since when they pass. */
  let patience: number | undefined;
  let up = true;
  let since = 0;

  function enter(next: Phase): void {
    phase = next;
  }

  /** Whoever asked: older words say nothing from now on. */
  function begin(now: number): void {
    patience = COMPARE_TIMEOUT;
    since = now;
    tell({ type: 'begun' });
  }

  function show(words: readonly number[]): void {
    patience = undefined;
    enter(IDLE);
    tell({ type: 'words', words });
  }

  function request(now: number): boolean {
    const full = recent(now) >= COMPARES_A_MINUTE;
    if (role === 'A' && full) return false;
    enter(role === 'A' ? { type: 'refreshing', epoch: fresh() } : { type: 'asking' });
    return true;
  }

  function recent(now: number): number {
    begun = begun.filter((at) => at > now - COMPARE_MINUTE);
    return begun.length;
  }

  /** H(lv("words commit", n_A))[0..32] */
  function commitmentOf(nonce: Key<'nonce'>): Uint8Array {
    return withSecrets((keep) => {
      const full = keep(crypto.hash(lv<Part>(label('words commit'), nonce)));
      return crypto.reveal(keep(crypto.slice(full, 0, COMMITMENT)));
    });
  }

  function setAside(epoch: number): Key<'words key'> {
    const key = keys.wordsKey(epoch);
    if (key === undefined) throw new RemoteProtocolError('words of an epoch that is over');
    return copyKey(crypto, key);
  }

  function words(key: Key<'words key'>, nonceA: Uint8Array, nonceB: Uint8Array): readonly number[] {
    try {
      return safetyWords(crypto, key, nonceA, nonceB);
    } finally {
      key.wipe();
    }
  }

  function takeCommit({ epoch, value }: WordsRecord, frameEpoch: number, now: number): void {
    const free = phase.type === 'idle' || phase.type === 'asking' || phase.type === 'asked';
    if (role !== 'B' || !free || !askable() || epoch !== frameEpoch)
      throw new RemoteProtocolError('a commitment out of its turn');
    if (recent(now) >= COMPARES_A_MINUTE) throw new RemoteProtocolError('too many comparisons in a minute');
    begun.push(now);
    const asked = phase.type !== 'idle';
    const nonce = crypto.random(NONCE);
    // Set aside now and not later: else somebody in the middle could try 2^44 rekeys while it waits.
    const key = setAside(epoch);
    enter({ type: 'answering', epoch, key, commitment: plainCopy(value), nonce });
    if (!asked) begin(now);
  }

  function takeNonce({ epoch, value }: WordsRecord, now: number): void {
    if (phase.type !== 'committed' || epoch !== phase.epoch) throw new RemoteProtocolError('a nonce out of its turn');
    const { key, nonce } = phase;
    const mine = crypto.reveal(nonce);
    try {
      // Counted when B has surely seen the commit: then eleven of ours in a minute are never eleven in a minute of B's.
      begun.push(now);
      enter({ type: 'revealing', epoch, nonce, words: words(key, mine, value) });
    } finally {
      mine.fill(0);
    }
  }

  function takeReveal({ epoch, value }: WordsRecord): void {
    if (phase.type !== 'answered' || epoch !== phase.epoch) throw new RemoteProtocolError('a reveal out of its turn');
    const { key, nonce, commitment } = phase;
    const opened = withSecrets((keep) => commitmentOf(keep(asKey<'nonce'>(crypto.take(plainCopy(value))))));
    if (!sameBytes(opened, commitment)) throw new RemoteProtocolError('a commitment that does not open');
    show(words(key, value, nonce));
  }

  function wantedByPeer(now: number): void {
    if (role !== 'A' || !askable()) throw new RemoteProtocolError('words were wanted out of turn');
    // One during a comparison, and an eleventh in a minute, is ignored.
    if (phase.type === 'idle' && request(now)) begin(now);
  }

  function starvedAt(): number {
    return patience === undefined || !up ? NEVER : since + patience;
  }

  return {
    ask(now) {
      // The eleventh in a minute: nothing will come, and the person is told so in time.
      if (phase.type === 'idle') request(now);
      // The peer ignored it, and the person was told.
      else if (phase.type === 'asked' && patience === undefined) enter({ type: 'asking' });
      begin(now);
    },

    due() {
      switch (phase.type) {
        case 'asking':
          return 'words-wanted';
        case 'refreshing':
          return keys.epoch < phase.epoch ? undefined : 'words-commit';
        case 'answering':
          return 'words-nonce';
        case 'revealing':
          return 'words-reveal';
        default:
          return undefined;
      }
    },

    record() {
      switch (phase.type) {
        case 'asking':
          return { type: 'words-wanted' };
        case 'refreshing':
          drawn ??= asKey<'nonce'>(crypto.randomSecret(NONCE));
          return { type: 'words-commit', epoch: keys.epoch, value: commitmentOf(drawn) };
        case 'answering':
          return { type: 'words-nonce', epoch: phase.epoch, value: phase.nonce };
        case 'revealing':
          return { type: 'words-reveal', epoch: phase.epoch, value: crypto.reveal(phase.nonce) };
        default:
          throw new LocalProtocolError('nothing is to be compared');
      }
    },

    sealed() {
      switch (phase.type) {
        case 'asking':
          return enter({ type: 'asked' });
        case 'refreshing':
          if (drawn === undefined) return;
          enter({ type: 'committed', epoch: keys.epoch, key: setAside(keys.epoch), nonce: drawn });
          drawn = undefined;
          return;
        case 'answering':
          return enter({ ...phase, type: 'answered' });
        case 'revealing':
          phase.nonce.wipe();
          return show(phase.words);
        default:
          return;
      }
    },

    take(record, epoch, now) {
      switch (record.type) {
        case 'words-wanted':
          return wantedByPeer(now);
        case 'words-commit':
          return takeCommit(record, epoch, now);
        case 'words-nonce':
          return takeNonce(record, now);
        case 'words-reveal':
          return takeReveal(record);
      }
    },

    line(isUp, now) {
      if (isUp === up) return;
      if (patience !== undefined && up) patience = Math.max(0, since + patience - now);
      up = isUp;
      since = now;
    },

    tick(now) {
      if (now < starvedAt()) return;
      patience = undefined;
      tell({ type: 'starved' });
    },

    wakeAt: starvedAt,

    wipe() {
      drawn?.wipe();
      if ('key' in phase) phase.key.wipe();
      if (phase.type === 'committed' || phase.type === 'revealing') phase.nonce.wipe();
      enter(IDLE);
    },
  };
}
