/**
 * One attempt of the handshake (protocol.md section 4), a pure machine: messages in, steps out. What it has sent it keeps,
 * to be sent again byte for byte; every way out of a phase, a throw too, wipes what the phase held. Timers, counting over
 * attempts and the relay belong to session/attempts.ts.
 *
 *   waiting ──M0──▶ initiator ──M2──▶ established (M3)            M0  both    C_X; the smaller C is A
 *           ──M0──▶ responder ──M1──▶ sealed ──M3──▶ established  M1  A → B   ek ‖ Ya
 *   initiator and responder: another M0 chooses anew              M2  B → A   Yb ‖ ct ‖ tagB ‖ AEAD(hsB, payload_B)
 *   anything that fails: over                                     M3  A → B   tagA ‖ AEAD(hsA, payload_A)
 */
import { isRemoteProtocolError } from '../errors.js';
import type { CryptoPort, Secret } from '../ports.js';
import { compareBytes, concat, label, lvBytes, sameBytes, TAG } from './bytes.js';
import type { Caps } from './caps.js';
import { generatorHash } from './cpace.js';
import {
  checkProof,
  commit,
  deriveKeys,
  establish,
  type Established,
  type Keys,
  makeProof,
  PROOF,
  type Setting,
  wipeKeys,
} from './handshake-keys.js';
import { asKey } from './keys.js';
import type { Role } from './role.js';
import { unlessThrown, withSecrets } from './secrets.js';

/** The version in every handshake message. */
export const HANDSHAKE_VERSION = 1;

const TYPE = { m0: 0x01, m1: 0x02, m2: 0x03, m3: 0x04 } as const;
const HEAD = 2;
const SID = 16;
const COMMITMENT = 64;
const POINT = 32;
const KEM_KEY = 1184;
const KEM_CIPHERTEXT = 1088;

/** Exact lengths in bytes; a message of another length is dropped. */
export const HANDSHAKE_LENGTHS = {
  m0: HEAD + COMMITMENT,
  m1: HEAD + SID + KEM_KEY + POINT,
  m2: HEAD + SID + POINT + KEM_CIPHERTEXT + PROOF,
  m3: HEAD + SID + PROOF,
} as const;

/** Whether a message belongs to the handshake, by its first byte. */
export function isHandshake(message: Uint8Array): boolean {
  const type = message[0] ?? 0;
  return type >= TYPE.m0 && type <= TYPE.m3;
}

/** C of an M0 of this version and the right length. */
export function commitmentOf(message: Uint8Array): Uint8Array | undefined {
  const whole = message.length === HANDSHAKE_LENGTHS.m0 && message[1] === HANDSHAKE_VERSION;
  return whole && message[0] === TYPE.m0 ? message.subarray(HEAD) : undefined;
}

export type Step =
  /** Nothing happened: not for this attempt, taken before, wrong length, version or sid. */
  | { readonly type: 'dropped' }
  /** The peer's M0 is taken; A has M1 to send. */
  | { readonly type: 'met'; readonly message?: Uint8Array }
  /** B: M2 is sealed, and counts from before it goes out. */
  | { readonly type: 'sealed'; readonly message: Uint8Array }
  /** `message` is A's M3. */
  | { readonly type: 'established'; readonly result: Established; readonly message?: Uint8Array }
  /**
   * The attempt is over. `proof`: tag, payload or commitment were wrong (which is never said). `value`: K = 0 or a bad ek.
   * `replaced`: another M0 after M2 was sealed. `reflection`, `version`: only shown by an M0 to a side without a role.
   */
  | { readonly type: 'over'; readonly why: 'proof' | 'value' | 'replaced' | 'reflection' }
  | { readonly type: 'over'; readonly why: 'version'; readonly version: number };

export interface Attempt {
  /** C of this side and, once its M0 is taken, of the peer. */
  readonly commitment: Uint8Array;
  readonly peer: Uint8Array | undefined;
  /** It has sent M1 or M2: a new connection to the peer goes on with it. */
  readonly underWay: boolean;
  /** M2 is sealed. */
  readonly sealed: boolean;
  /** What it has sent, M0 first. */
  readonly said: readonly Uint8Array[];
  /** Throws only for a defect; then everything is wiped. */
  handle(message: Uint8Array): Step;
  /** Overwrites everything this attempt still holds; what `established` returned is not part of it any more. */
  wipe(): void;
}

interface Peer {
  readonly commitment: Uint8Array;
  readonly sid: Uint8Array;
}

type Phase =
  | { readonly at: 'waiting' }
  | ({ readonly at: 'initiator'; readonly y: Secret; readonly Ya: Uint8Array } & Peer & {
        readonly seed: Secret;
        readonly ek: Uint8Array;
      })
  | ({ readonly at: 'responder' } & Peer)
  | ({ readonly at: 'sealed'; readonly keys: Keys } & Peer)
  | { readonly at: 'over' };

const DROPPED: Step = { type: 'dropped' };

/** Draws everything fresh and makes M0. `prs` (PRS, protocol.md section 2) stays the caller's. */
export function createAttempt(crypto: CryptoPort, prs: Secret, setting: Setting, caps: Caps): Attempt {
  const { commitment, ...drawn } = unlessThrown((make) => {
    const nonce = make(asKey<'nonce'>(crypto.randomSecret(32)));
    const scalar = make(asKey<'scalar'>(crypto.randomSecret(POINT)));
    return { nonce, scalar, point: crypto.x25519Public(scalar), commitment: commit(crypto, nonce) };
  });
  const own = { ...drawn, caps };
  const first = concat(head(TYPE.m0), commitment);
  let said: readonly Uint8Array[] = [first];
  let phase: Phase = { at: 'waiting' };

  /** The one way from phase to phase: what the next one does not hold any more is wiped. */
  function enter(to: Phase): void {
    if (phase.at === 'initiator') for (const secret of [phase.y, phase.seed]) secret.wipe();
    if (phase.at === 'sealed') wipeKeys(phase.keys);
    phase = to;
    if (to.at === 'over') for (const secret of [own.nonce, own.scalar]) secret.wipe();
  }

  function over(why: Exclude<Extract<Step, { type: 'over' }>['why'], 'version'>): Step {
    enter({ at: 'over' });
    return { type: 'over', why };
  }

  /** y and Y = X25519(y, g) for this sid. */
  function drawShare(sid: Uint8Array): { y: Secret; Y: Uint8Array } {
    const ci = lvBytes(TAG, Uint8Array.of(setting.mode), setting.roomId);
    return unlessThrown((make) => {
      const y = make(crypto.randomSecret(POINT));
      return { y, Y: withSecrets((keep) => crypto.cpaceShare(keep(generatorHash(crypto, prs, ci, sid)), y)) };
    });
  }

  function bySide(role: Role, peer: Uint8Array): Readonly<Record<Role, Uint8Array>> {
    return role === 'A' ? { A: commitment, B: peer } : { A: peer, B: commitment };
  }

  /** Chooses the roles; until M2 or M3 is sealed a newer M0 chooses anew. */
  function takeM0(message: Uint8Array): Step {
    const theirs = message.slice(HEAD);
    const order = compareBytes(commitment, theirs);
    if (order === 0) return phase.at === 'waiting' ? over('reflection') : DROPPED;
    if (phase.at !== 'waiting' && phase.at !== 'over' && sameBytes(theirs, phase.commitment)) return DROPPED;
    if (phase.at === 'sealed') return over('replaced');
    const role: Role = order < 0 ? 'A' : 'B';
    const { A, B } = bySide(role, theirs);
    const sid = crypto.digest([lvBytes(label('sid'), A, B)]).subarray(0, 32);
    said = [first];
    if (role === 'B') {
      enter({ at: 'responder', commitment: theirs, sid });
      return { type: 'met' };
    }
    const drawn = unlessThrown((make) => {
      const seed = make(crypto.randomSecret(64));
      const { y, Y } = drawShare(sid);
      make(y);
      return { seed, y, Ya: Y, ek: crypto.kemPublic(seed) };
    });
    enter({ at: 'initiator', commitment: theirs, sid, ...drawn });
    const message1 = concat(head(TYPE.m1), sid.subarray(0, SID), drawn.ek, drawn.Ya);
    said = [first, message1];
    return { type: 'met', message: message1 };
  }

  function takeM1({ sid, commitment: theirC }: Peer, message: Uint8Array): Step {
    const [ek, Ya] = cut(message.subarray(HEAD + SID), KEM_KEY, POINT);
    const made = refusable(() =>
      withSecrets((keep) => {
        const kem = crypto.kemEncapsulate(ek, keep(crypto.randomSecret(32)));
        keep(kem.shared);
        const { y, Y } = drawShare(sid);
        keep(y);
        const cpace = { Ya, ADa: ek, Yb: Y, ADb: kem.ciphertext };
        const sides = { role: 'B', y, kem: kem.shared, sid } as const;
        return { cpace, keys: deriveKeys(crypto, setting, sides, bySide('B', theirC), cpace) };
      }),
    );
    if (made === undefined) return over('value');
    const { keys, cpace } = made;
    enter({ at: 'sealed', sid, commitment: theirC, keys });
    const proof = makeProof(crypto, 'B', keys, own);
    const message2 = concat(head(TYPE.m2), sid.subarray(0, SID), cpace.Yb, cpace.ADb, proof);
    said = [first, message2];
    return { type: 'sealed', message: message2 };
  }

  function takeM2(initiator: Extract<Phase, { at: 'initiator' }>, message: Uint8Array): Step {
    const { sid, y, Ya, seed, ek } = initiator;
    const [Yb, ct, proof] = cut(message.subarray(HEAD + SID), POINT, KEM_CIPHERTEXT, PROOF);
    const keys = refusable(() => {
      const sides = { role: 'A', y, kem: crypto.kemDecapsulate(seed, ct), sid } as const;
      const cpace = { Ya, ADa: ek, Yb, ADb: ct };
      return deriveKeys(crypto, setting, sides, bySide('A', initiator.commitment), cpace);
    });
    if (keys === undefined) return over('value');
    // From here on the keys are the phase's: whatever happens, they are wiped with it.
    enter({ at: 'sealed', sid, commitment: initiator.commitment, keys });
    const theirs = checkProof(crypto, 'B', keys, proof, initiator.commitment);
    if (theirs === undefined) return over('proof');
    return unlessThrown((make) => {
      make(theirs.nonce);
      const message3 = concat(head(TYPE.m3), sid.subarray(0, SID), makeProof(crypto, 'A', keys, own));
      said = [...said, message3];
      const result = establish(crypto, 'A', keys, own, theirs);
      enter({ at: 'over' });
      return { type: 'established', result, message: message3 };
    });
  }

  function takeM3({ keys, commitment: theirC }: Extract<Phase, { at: 'sealed' }>, message: Uint8Array): Step {
    const theirs = checkProof(crypto, 'A', keys, message.subarray(HEAD + SID), theirC);
    if (theirs === undefined) return over('proof');
    const result = establish(crypto, 'B', keys, own, theirs);
    enter({ at: 'over' });
    return { type: 'established', result };
  }

  function take(message: Uint8Array): Step {
    const [type, version] = message;
    if (phase.at === 'over' || !isHandshake(message)) return DROPPED;
    if (version !== HANDSHAKE_VERSION) {
      // Read before the length, which another version may have changed; of an M0 only, and only without a role.
      if (type !== TYPE.m0 || version === undefined || phase.at !== 'waiting') return DROPPED;
      enter({ at: 'over' });
      return { type: 'over', why: 'version', version };
    }
    if (type === TYPE.m0) return message.length === HANDSHAKE_LENGTHS.m0 ? takeM0(message) : DROPPED;
    if (phase.at === 'waiting') return DROPPED;
    if (!sameBytes(message.subarray(HEAD, HEAD + SID), phase.sid.subarray(0, SID))) return DROPPED;
    const is = (name: 'm1' | 'm2' | 'm3'): boolean => type === TYPE[name] && message.length === HANDSHAKE_LENGTHS[name];
    if (is('m1') && phase.at === 'responder') return takeM1(phase, message);
    if (is('m2') && phase.at === 'initiator') return takeM2(phase, message);
    if (is('m3') && phase.at === 'sealed') return takeM3(phase, message);
    return DROPPED;
  }

  return {
    commitment,
    get peer() {
      return phase.at === 'waiting' || phase.at === 'over' ? undefined : phase.commitment;
    },
    get underWay() {
      return phase.at === 'initiator' || phase.at === 'sealed';
    },
    get sealed() {
      return phase.at === 'sealed';
    },
    get said() {
      return said;
    },
    handle(message) {
      try {
        return take(message);
      } catch (error) {
        enter({ at: 'over' });
        throw error;
      }
    },
    wipe: () => enter({ at: 'over' }),
  };
}

function head(type: number): Uint8Array {
  return Uint8Array.of(type, HANDSHAKE_VERSION);
}

/** Consecutive pieces of the given lengths, copied. */
function cut<const L extends readonly number[]>(bytes: Uint8Array, ...lengths: L): { [K in keyof L]: Uint8Array } {
  let at = 0;
  return lengths.map((length) => bytes.slice(at, (at += length))) as unknown as { [K in keyof L]: Uint8Array };
}

/** Undefined where the peer's value is refused (K = 0, a bad ek): that ends the attempt and counts nothing. */
function refusable<T>(compute: () => T): T | undefined {
  try {
    return compute();
  } catch (error) {
    if (isRemoteProtocolError(error)) return undefined;
    throw error;
  }
}
