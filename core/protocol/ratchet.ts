/**
 * The ordered double ratchet (protocol.md section 5): per-frame chains, and a hybrid rekey from epoch to epoch. Frames
 * are opened strictly in order, so there are no skipped keys, and no number is on the wire. No ack or timer may be in
 * this file (session/channel.ts), and no key leaves it but as a handle.
 */
import { LocalProtocolError, RemoteProtocolError } from '../errors.js';
import type { CryptoPort, Part, Secret } from '../ports.js';
import { concat, label, lv, lvBytes, plainBuffer } from './bytes.js';
import { type Chain, createChain } from './chain.js';
import { decodePlaintext, encodePlaintext, frameAd, FRAME_HEAD, PLAINTEXT_LIMIT } from './frame.js';
import { asKey, derive, type Key } from './keys.js';
import type { ProtocolRecord } from './records.js';
import { other, type Role } from './role.js';
import { unlessThrown, withSecrets } from './secrets.js';
import { type StreamKeys, streamKeys } from './stream-keys.js';
import { quick } from '../quick.js';

const CHAIN_LENGTH = 64;
const POINT = 32;

export interface SealedFrame {
  readonly frame: Uint8Array;
  /** S_0 of the streams that it opens. */
  readonly streams: StreamKeys;
}

export interface OpenedFrame {
  /** The epoch whose key opened it. */
  readonly epoch: number;
  readonly ack: number;
  /** Views into the plaintext: used before `wipe`. */
  readonly records: readonly ProtocolRecord[];
  readonly streams: StreamKeys;
  wipe(): void;
}

export interface Ratchet {
  /** The sending epoch. */
  readonly epoch: number;
  /** RS_e (32 bytes) for the proof of a resume (section 7), while this side holds it: it stays the ratchet's. */
  proof(epoch: number): Key<'resume proof'> | undefined;
  /** WK_e (32 bytes) for comparing again (section 5), while this side holds it: it stays the ratchet's. */
  wordsKey(epoch: number): Key<'words key'> | undefined;
  /** Whether the keys of the next frame of either side are made. */
  readonly prepared: boolean;
  /** Makes them, while nobody waits for a frame. */
  prepare(): void;
  /** Steps the sending chain and seals one frame. */
  seal(seq: number, ack: number, records: readonly ProtocolRecord[]): SealedFrame;
  /**
   * Opens a frame as number `seq`. Undefined when it does not verify: nothing has changed then. Throws
   * RemoteProtocolError for one that verifies and is malformed: nothing has changed either, and the session ends.
   */
  open(seq: number, frame: Uint8Array): OpenedFrame | undefined;
  /** A only: a fresh offer for the next frame. At most one is out. */
  makeOffer(): ProtocolRecord;
  readonly offerOut: boolean;
  /** B only: an answer is sealed, and no frame of the epoch after it has been opened. */
  readonly answerOut: boolean;
  /** B only: the answer to an offer; the next seal must carry it and is the last one of this epoch. */
  answerOffer(offer: Uint8Array): ProtocolRecord;
  /** B only: the frame with the answer is sealed; everything from now on is in the next epoch. */
  answerSealed(): void;
  /** A only: completes the rekey; both directions are in the next epoch from now on. */
  takeAnswer(answer: Uint8Array): void;
  /** Overwrites every key. */
  wipe(): void;
}

/** The keys of one epoch: a sending and a receiving chain, NX (for the next root), RS (resume proof), WK (words). */
interface Epoch {
  readonly number: number;
  readonly send: Chain;
  readonly receive: Chain;
  readonly next: Key<'next'>;
  readonly proof: Key<'resume proof'>;
  readonly words: Key<'words key'>;
}

interface Offer {
  readonly value: Uint8Array;
  readonly scalar: Key<'scalar'>;
  readonly seed: Key<'kem seed'>;
}

/** From each RK_e at once: both chains, NX_e, RS_e, WK_e; then RK_e is wiped. */
function openEpoch(crypto: CryptoPort, role: Role, number: number, root: Key<'epoch root'>): Epoch {
  try {
    return unlessThrown((make) => {
      const chain = (sender: Role): Chain =>
        createChain(crypto, make(derive(crypto, root, 'chain', label(`chain ${sender}`), CHAIN_LENGTH)));
      return {
        number,
        send: chain(role),
        receive: chain(other(role)),
        next: make(derive(crypto, root, 'next', label('next'), 64)),
        proof: make(derive(crypto, root, 'resume proof', label('resume proof'), 32)),
        words: make(derive(crypto, root, 'words key', label('words key'), 32)),
      };
    });
  } finally {
    root.wipe();
  }
}

function wipeEpoch({ send, receive, next, proof, words }: Epoch): void {
  for (const secret of [send, receive, next, proof, words]) secret.wipe();
}

function wipeOffer(offer: Offer | undefined): void {
  offer?.scalar.wipe();
  offer?.seed.wipe();
}

/**
 * Starts epoch 0: RK_0 = HKDF-Extract(ratchet, X25519(R_A, R_B)). `ratchet` is 64 bytes, `scalar` this side's R and
 * `peerPoint` the other side's, 32 bytes each; the caller wipes them. Throws RemoteProtocolError when X25519 gives zero.
 */
export function createRatchet(
  crypto: CryptoPort,
  role: Role,
  ratchet: Key<'ratchet'>,
  scalar: Key<'scalar'>,
  peerPoint: Uint8Array,
): Ratchet {
  /** What is about to be sealed: all zeros in between. */
  const scratch = plainBuffer(PLAINTEXT_LIMIT);
  const ad = { own: frameAd(role), peer: frameAd(other(role)) };
  /** The epoch of sending; for A of receiving too. */
  let epoch = withSecrets((keep) => {
    const shared = keep(crypto.x25519(scalar, peerPoint));
    return openEpoch(crypto, role, 0, asKey<'epoch root'>(crypto.extract(ratchet, [shared])));
  });
  /** B while its answer is not yet followed: the receiving chain of the epoch before. */
  let before: Epoch | undefined;
  /** B between answerOffer and answerSealed. */
  let prepared: Epoch | undefined;
  /** A while an offer is out. */
  let offer: Offer | undefined;

  /** RK_{e+1} = HKDF-Extract(NX_e, lv(X25519(R'_A, R'_B), ss', H(lv(offer, answer)))); NX_e is wiped once used. */
  function nextEpoch(shared: Secret, kem: Secret, offerValue: Uint8Array, answerValue: Uint8Array): Epoch {
    const bound = crypto.digest([lvBytes(offerValue, answerValue)]);
    const root = asKey<'epoch root'>(crypto.extract(epoch.next, lv<Part>(shared, kem, bound)));
    epoch.next.wipe();
    return openEpoch(crypto, role, epoch.number + 1, root);
  }

  /** Undefined when the frame is not number `seq` of this epoch. */
  function openIn({ number, receive }: Epoch, seq: number, frame: Uint8Array): OpenedFrame | undefined {
    const { mk, key, nonce } = receive.key();
    const plaintext = crypto.open(key, nonce, ad.peer(number, seq), frame.subarray(FRAME_HEAD.length));
    if (plaintext === undefined) return undefined;
    let streams: StreamKeys | undefined;
    const wipe = (): void => {
      plaintext.fill(0);
      streams?.wipe();
    };
    try {
      const { ack, records } = decodePlaintext(plaintext);
      streams = streamKeys(crypto, mk, other(role), records);
      receive.spend();
      return { epoch: number, ack, records, streams, wipe };
    } catch (error) {
      wipe();
      throw error;
    }
  }

  return quick({
    get epoch() {
      return epoch.number;
    },
    get offerOut() {
      return offer !== undefined;
    },
    get answerOut() {
      return before !== undefined;
    },
    get prepared() {
      return epoch.send.prepared && epoch.receive.prepared;
    },

    prepare() {
      epoch.send.prepare();
      epoch.receive.prepare();
    },

    // B keeps the epoch before, and with it RS_e and WK_e, until it has opened a frame of the next one.
    proof: (number) => [epoch, before].find((candidate) => candidate?.number === number)?.proof,
    wordsKey: (number) => [epoch, before].find((candidate) => candidate?.number === number)?.words,

    seal(seq, ack, records) {
      const { send, number } = epoch;
      try {
        const plaintext = encodePlaintext(ack, records, scratch);
        const { mk, key, nonce } = send.key();
        try {
          const frame = crypto.seal(key, nonce, ad.own(number, seq), [plaintext], FRAME_HEAD);
          return { frame, streams: streamKeys(crypto, mk, role, records) };
        } finally {
          // Whatever has failed, no second frame is ever made with this key.
          send.spend();
        }
      } finally {
        scratch.fill(0);
      }
    },

    open(seq, frame) {
      const old = before === undefined ? undefined : openIn(before, seq, frame);
      if (old !== undefined) return old;
      const opened = openIn(epoch, seq, frame);
      if (opened !== undefined && before !== undefined) {
        wipeEpoch(before);
        before = undefined;
      }
      return opened;
    },

    makeOffer() {
      if (role !== 'A') throw new LocalProtocolError('only A offers a rekey');
      if (offer !== undefined) throw new LocalProtocolError('an offer is already out');
      offer = unlessThrown((make) => {
        const scalar = make(asKey<'scalar'>(crypto.randomSecret(POINT)));
        const seed = make(asKey<'kem seed'>(crypto.randomSecret(64)));
        return { value: concat(crypto.x25519Public(scalar), crypto.kemPublic(seed)), scalar, seed };
      });
      return { type: 'offer', value: offer.value };
    },

    answerOffer(value) {
      if (role !== 'B') throw new RemoteProtocolError('an offer came from B');
      if (prepared !== undefined || before !== undefined) {
        throw new RemoteProtocolError('an offer before the last rekey was followed');
      }
      const answer = withSecrets((keep) => {
        const scalar = keep(asKey<'scalar'>(crypto.randomSecret(POINT)));
        const shared = keep(crypto.x25519(scalar, value.subarray(0, POINT)));
        const kem = crypto.kemEncapsulate(value.subarray(POINT), keep(crypto.randomSecret(32)));
        keep(kem.shared);
        const answer = concat(crypto.x25519Public(scalar), kem.ciphertext);
        prepared = nextEpoch(shared, kem.shared, value, answer);
        return answer;
      });
      return { type: 'answer', value: answer };
    },

    answerSealed() {
      if (prepared === undefined) throw new LocalProtocolError('no answer was made');
      epoch.send.wipe();
      before = epoch;
      epoch = prepared;
      prepared = undefined;
    },

    takeAnswer(value) {
      if (offer === undefined) throw new RemoteProtocolError('an answer without an offer');
      const used = offer;
      try {
        const next = withSecrets((keep) => {
          const shared = keep(crypto.x25519(used.scalar, value.subarray(0, POINT)));
          const kem = keep(crypto.kemDecapsulate(used.seed, value.subarray(POINT)));
          return nextEpoch(shared, kem, used.value, value);
        });
        wipeEpoch(epoch);
        epoch = next;
      } finally {
        wipeOffer(used);
        offer = undefined;
      }
    },

    wipe() {
      for (const one of [epoch, before, prepared]) if (one !== undefined) wipeEpoch(one);
      wipeOffer(offer);
      before = prepared = offer = undefined;
    },
  });
}
