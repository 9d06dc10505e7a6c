/**
 * The code of a session (protocol.md section 2): its nameplate, form and secret, another nameplate where the relay has given
 * this one away, and the question for the code after a wrong guess. No connection and no attempt may be in this file.
 */
import { isSecurechatError } from '../errors.js';
import type { CryptoPort, Secret } from '../ports.js';
import type { CodeForm, Nameplate, RoomCode } from '../room/code.js';
import { roomId } from '../room/room-id.js';
import type { Host } from './events.js';

/** Nameplates tried before giving up. */
export const NAMEPLATES = 8;

export interface CodeOptions {
  readonly crypto: CryptoPort;
  readonly nameplate: Nameplate;
  /**
   * Another nameplate, when the relay says that this one is taken. Given by the side that made the code, and by no other:
   * after a wrong guess that side waits, who typed the code is asked.
   */
  readonly reroll?: (() => Nameplate) | undefined;
  readonly form: CodeForm;
  /** PRS (protocol.md section 2). It is wiped here. */
  readonly prs: Secret;
  /**
   * Reads a code that was typed again after a wrong one; throws SecurechatError SC-301 and SC-302. Absent where nobody can
   * be asked.
   */
  readonly retype?: ((typed: Uint8Array) => RoomCode) | undefined;
}

export interface TypedCode {
  readonly nameplate: Nameplate;
  readonly form: CodeForm;
  readonly prs: Secret;
  readonly roomId: Uint8Array;
  /** Takes another nameplate. False: there is none to be had. */
  reroll(): boolean;
  /** The person is being asked. */
  readonly asking: boolean;
  /** Somebody can be asked. */
  readonly askable: boolean;
  ask(): void;
  /**
   * What was typed; the bytes are wiped. `none`: nothing was asked, or it was no code and is asked for again. `same`: the
   * code of before goes on.
   */
  typed(bytes: Uint8Array): 'none' | 'same' | 'another';
  /** Nobody can be asked any more. */
  inputEnded(): void;
  wipe(): void;
}

export function createTypedCode(host: Host, options: CodeOptions): TypedCode {
  const { crypto, reroll, retype } = options;
  let { nameplate, form, prs } = options;
  let room = roomId(crypto, nameplate);
  let nameplates = 1;
  let asking = false;
  let askable = retype !== undefined;

  /** Nothing typed stands for the same code, where that is of the generated form. */
  const same = (): boolean => form === 'generated';

  function ask(): void {
    asking = true;
    host.emit({ type: 'show', view: { type: 'code-wanted', same: same() } });
  }

  function use(read: RoomCode): 'same' | 'another' {
    const secret = crypto.take(read.secret);
    if (read.nameplate === nameplate && read.form === form && equal(secret)) {
      secret.wipe();
      return 'same';
    }
    prs.wipe();
    ({ nameplate, form } = read);
    prs = secret;
    room = roomId(crypto, nameplate);
    return 'another';
  }

  function equal(other: Secret): boolean {
    const bytes = crypto.reveal(other);
    try {
      return crypto.equal(prs, bytes);
    } finally {
      bytes.fill(0);
    }
  }

  return {
    get nameplate() {
      return nameplate;
    },
    get form() {
      return form;
    },
    get prs() {
      return prs;
    },
    get roomId() {
      return room;
    },
    get asking() {
      return asking;
    },
    get askable() {
      return askable;
    },

    reroll() {
      if (reroll === undefined || nameplates >= NAMEPLATES) return false;
      nameplates += 1;
      nameplate = reroll();
      room = roomId(crypto, nameplate);
      return true;
    },

    ask,

    typed(bytes) {
      try {
        if (!asking || retype === undefined) {
          host.notice('SC-312');
          return 'none';
        }
        const what = bytes.length === 0 && same() ? 'same' : use(retype(bytes));
        asking = false;
        return what;
      } catch (error) {
        if (!isSecurechatError(error)) throw error;
        host.notice(error.code, error.detail);
        ask();
        return 'none';
      } finally {
        bytes.fill(0);
      }
    },

    inputEnded() {
      askable = false;
    },

    wipe: () => prs.wipe(),
  };
}
