/**
 * Whether the peer is who it should be, as far as people can say (protocol.md section 4, "Confirming", and section 5,
 * "Compare again"): the safety words that are shown, the person's answer, and the peer's. How words come about is protocol/
 * and compare.ts; no frame and no text may be in this file.
 */
import type { Comparison } from './compare.js';
import type { Host } from './events.js';
import { quick } from '../quick.js';

export interface TrustOptions {
  /** The list of 2048 words. */
  readonly list: readonly string[];
  /** Of the handshake: four indices into the list. */
  readonly words: readonly number[];
  /** The person compares them before anything is shown or sent. */
  readonly compares: boolean;
  /** The peer's person compares them because it wants to. */
  readonly peerVerifies: boolean;
  /** Both compare, because there is no secret. */
  readonly secretless: boolean;
}

export interface Trust {
  /** The person has accepted the words, or need not. */
  readonly given: boolean;
  /** The person has answered about the words that are shown. */
  readonly answered: boolean;
  /** The person may ask for words of the present: not before the peer has confirmed its own, where that is due. */
  readonly renewable: boolean;
  /** Shows the words of the handshake, and what they lead to. */
  open(): void;
  /** The answer, once: when it is asked for, and also when it is not. */
  answer(match: boolean): void;
  /** The peer's person has confirmed the words, as the peer says. */
  confirmed(): void;
  /** The person says something: who does not see it yet is told, once. */
  said(): void;
  /** How comparing again goes on. */
  compared(what: Comparison): void;
}

export function createTrust(host: Host, options: TrustOptions): Trust {
  const { compares, peerVerifies, secretless } = options;
  let given = !compares;
  let answered = false;
  let refused = false;
  let peerConfirmed = false;
  let unseenTold = false;

  function show(indices: readonly number[], required: boolean): void {
    answered = false;
    const words = indices.map((index) => options.list[index] ?? '');
    host.emit({ type: 'show', view: { type: 'safety-words', words, required } });
  }

  /** The peer's person compares, and has not said yes. */
  const unseen = (): boolean => !peerConfirmed && (secretless || peerVerifies);

  return quick({
    get given() {
      return given;
    },
    get answered() {
      return answered;
    },
    get renewable() {
      return given && !unseen();
    },

    open() {
      show(options.words, compares);
      host.move(compares ? 'keysUnverified' : 'keysConfirmed');
      if (given && peerVerifies) host.notice('SC-321');
    },

    answer(match) {
      answered = true;
      given = match;
      refused ||= !match;
      host.move(match ? 'wordsMatch' : 'wordsDiffer');
    },

    confirmed() {
      // Said once; and to whoever was refused nobody listens.
      if (!peerConfirmed && !refused) host.emit({ type: 'show', view: { type: 'peer-confirmed' } });
      peerConfirmed = true;
    },

    said() {
      if (given && unseen() && !unseenTold) host.notice('SC-321', { unseen: 1 });
      unseenTold ||= given && unseen();
    },

    compared(what) {
      if (what.type === 'words') return show(what.words, false);
      host.emit({ type: 'show', view: { type: 'comparing', late: what.type === 'starved' } });
      if (what.type === 'starved') host.notice('SC-329');
    },
  });
}
