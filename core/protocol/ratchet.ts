/**
 * The ordered double ratchet (protocol.md section 5): per-frame chains, and a hybrid rekey from epoch to epoch. Frames
 * are opened strictly in order, so there are no skipped keys. No sequence number, ack or timer may be in this file
 * (session/channel.ts), and no key leaves it but as a handle.
 */
import { LocalProtocolError, RemoteProtocolError } from '../errors.js';
import type { CryptoPort, Part, Secret } from '../ports.js';
import { concat, label, lv, lvBytes } from './bytes.js';
import {
  decodePlaintext,
  encodePlaintext,
  frameAd,
  frameBody,
  frameHeader,
  other,
  type Role,
  readFrameHeader,
} from './frame.js';
import type { ProtocolRecord } from './records.js';
import { withSecrets } from './secrets.js';

const CHAIN_LENGTH = 64;
const MESSAGE_KEY = Uint8Array.of(0x01);
const NEXT_CHAIN = Uint8Array.of(0x02);
const POINT = 32;

export interface OpenedFrame {
  readonly ack: number;
  /** Views into the plaintext: used before `wipe`. */
  readonly records: readonly ProtocolRecord[];
  wipe(): void;
}

export interface Ratchet {
  /** The sending epoch. */
  readonly epoch: number;
  /** RS_e (32 bytes) for the proof of a resume (section 7), while this side holds it: it stays the ratchet's. */
  proof(epoch: number): Secret | undefined;
  /** Steps the sending chain and seals one frame. */
  seal(seq: number, ack: number, records: readonly ProtocolRecord[]): Uint8Array;
  /**
   * Opens a frame that has the next sequence number. Undefined when it does not verify: nothing has changed then. Throws
   * RemoteProtocolError for one that verifies and is malformed: nothing has changed either, and the session ends.
   */
  open(frame: Uint8Array): OpenedFrame | undefined;
  /** A only: a fresh offer for the next frame. At most one is out. */
  makeOffer(): ProtocolRecord;
  readonly offerOut: boolean;
  /** B only: the answer to an offer; the next seal must carry it and is the last one of this epoch. */
  answerOffer(offer: Uint8Array): ProtocolRecord;
  /** B only: the frame with the answer is sealed; everything from now on is in the next epoch. */
  answerSealed(): void;
  /** A only: completes the rekey; both directions are in the next epoch from now on. */
  takeAnswer(answer: Uint8Array): void;
  /** Overwrites every key. */
  wipe(): void;
}

/** The keys of one epoch: a sending and a receiving chain, NX (for the next root) and RS (resume proof). */
interface Epoch {
  readonly number: number;
  send: Secret;
  receive: Secret;
  readonly next: Secret;
  readonly proof: Secret;
}

/** From each RK_e at once: both chains, NX_e, RS_e; then RK_e is wiped. */
function openEpoch(crypto: CryptoPort, role: Role, number: number, root: Secret): Epoch {
  const chain = (sender: Role): Secret => crypto.expand(root, label(`chain ${sender}`), CHAIN_LENGTH);
  const epoch = {
    number,
    send: chain(role),
    receive: chain(other(role)),
    next: crypto.expand(root, label('next'), 64),
    proof: crypto.expand(root, label('resume proof'), 32),
  };
  root.wipe();
  return epoch;
}

/**
 * Starts epoch 0: RK_0 = HKDF-Extract(ratchet, X25519(R_A, R_B)). `ratchet` is 64 bytes, `scalar` this side's R and
 * `peerPoint` the other side's, 32 bytes each; the caller wipes them. Throws RemoteProtocolError when X25519 gives zero.
 */
export function createRatchet(
  crypto: CryptoPort,
  role: Role,
  ratchet: Secret,
  scalar: Secret,
  peerPoint: Uint8Array,
): Ratchet {
  /** The epoch of sending; for A of receiving too. */
  let epoch = withSecrets((keep) => {
    const shared = keep(crypto.x25519(scalar, peerPoint));
    return openEpoch(crypto, role, 0, crypto.extract(ratchet, [shared]));
  });
  /** B while its answer is not yet followed: the receiving chain of the epoch before. */
  let before: Epoch | undefined;
  /** B between answerOffer and answerSealed. */
  let prepared: Epoch | undefined;
  /** A while an offer is out. */
  let offer: { readonly value: Uint8Array; readonly scalar: Secret; readonly seed: Secret } | undefined;

  function wipeEpoch(old: Epoch): void {
    for (const secret of [old.send, old.receive, old.next, old.proof]) secret.wipe();
  }

  /** mk = HMAC(CK, 0x01): `use` has the frame's key (32 bytes) and nonce (12 bytes) for the one time they exist. */
  function withFrameKey<T>(chain: Secret, use: (key: Secret, nonce: Secret) => T): T {
    return withSecrets((keep) => {
      const mk = keep(crypto.hmac(chain, [MESSAGE_KEY]));
      return use(keep(crypto.slice(mk, 0, 32)), keep(crypto.slice(mk, 32, 44)));
    });
  }

  /** CK = HMAC(CK, 0x02): the old chain key is gone after this. */
  function step(chain: Secret): Secret {
    const after = crypto.hmac(chain, [NEXT_CHAIN]);
    chain.wipe();
    return after;
  }

  /** RK_{e+1} = HKDF-Extract(NX_e, lv(X25519(R'_A, R'_B), ss', H(lv(offer, answer)))); NX_e is wiped once used. */
  function nextEpoch(shared: Secret, kem: Secret, offerValue: Uint8Array, answerValue: Uint8Array): Epoch {
    const bound = crypto.digest([lvBytes(offerValue, answerValue)]);
    const root = crypto.extract(epoch.next, lv<Part>(shared, kem, bound));
    epoch.next.wipe();
    return openEpoch(crypto, role, epoch.number + 1, root);
  }

  /** The epoch whose receiving chain a frame belongs to: its own, B while its answer is out also the one before. */
  function receiving(epochByte: number): Epoch | undefined {
    return [epoch, before].find((candidate) => candidate !== undefined && candidate.number % 256 === epochByte);
  }

  return {
    get epoch() {
      return epoch.number;
    },
    get offerOut() {
      return offer !== undefined;
    },

    // B keeps the epoch before, and with it RS_e, until it has opened a frame of the next one.
    proof: (number) => [epoch, before].find((candidate) => candidate?.number === number)?.proof,

    seal(seq, ack, records) {
      const header = frameHeader(epoch.number, seq);
      const plaintext = encodePlaintext(ack, records);
      const body = withFrameKey(epoch.send, (key, nonce) => crypto.seal(key, nonce, frameAd(role, header), plaintext));
      plaintext.fill(0);
      epoch.send = step(epoch.send);
      return concat(header, body);
    },

    open(frame) {
      const header = readFrameHeader(frame);
      const from = header === undefined ? undefined : receiving(header.epochByte);
      if (from === undefined) return undefined;
      const plaintext = withFrameKey(from.receive, (key, nonce) =>
        crypto.open(key, nonce, frameAd(other(role), frame), frameBody(frame)),
      );
      if (plaintext === undefined) return undefined;
      const wipe = (): void => void plaintext.fill(0);
      try {
        const { ack, records } = decodePlaintext(plaintext);
        from.receive = step(from.receive);
        if (from === epoch && before !== undefined) {
          wipeEpoch(before);
          before = undefined;
        }
        return { ack, records, wipe };
      } catch (error) {
        wipe();
        throw error;
      }
    },

    makeOffer() {
      if (role !== 'A') throw new LocalProtocolError('only A offers a rekey');
      if (offer !== undefined) throw new LocalProtocolError('an offer is already out');
      const scalar = crypto.randomSecret(POINT);
      const seed = crypto.randomSecret(64);
      offer = { value: concat(crypto.x25519Public(scalar), crypto.kemPublic(seed)), scalar, seed };
      return { type: 'offer', value: offer.value };
    },

    answerOffer(value) {
      if (role !== 'B') throw new RemoteProtocolError('an offer came from B');
      if (prepared !== undefined || before !== undefined) {
        throw new RemoteProtocolError('an offer before the last rekey was followed');
      }
      const answer = withSecrets((keep) => {
        const scalar = keep(crypto.randomSecret(POINT));
        const shared = keep(crypto.x25519(scalar, value.slice(0, POINT)));
        const kem = crypto.kemEncapsulate(value.slice(POINT), keep(crypto.randomSecret(32)));
        const answer = concat(crypto.x25519Public(scalar), kem.ciphertext);
        prepared = nextEpoch(shared, keep(kem.shared), value, answer);
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
      const { value: offered, scalar, seed } = offer;
      const next = withSecrets((keep) => {
        const shared = keep(crypto.x25519(scalar, value.slice(0, POINT)));
        const kem = keep(crypto.kemDecapsulate(seed, value.slice(POINT)));
        return nextEpoch(shared, kem, offered, value);
      });
      scalar.wipe();
      seed.wipe();
      offer = undefined;
      wipeEpoch(epoch);
      epoch = next;
    },

    wipe() {
      for (const one of [epoch, before, prepared]) if (one !== undefined) wipeEpoch(one);
      offer?.scalar.wipe();
      offer?.seed.wipe();
      before = prepared = offer = undefined;
    },
  };
}
