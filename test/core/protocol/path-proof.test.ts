/** The proof of a path, message by message: who may say what, when, and what is no proof (protocol.md section 8a). */
import { describe, expect, it } from 'vitest';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import { asKey } from '../../../core/protocol/keys.js';
import { createPathProof, PATH_LENGTHS, pathKey, type PathProof } from '../../../core/protocol/path-proof.js';

const crypto = createTweetnaclCrypto();
const token = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const resume = () => asKey<'resume'>(crypto.take(token(9)));
const key = pathKey(crypto, resume(), token(1), token(2));

function proof(role: 'A' | 'B', dialled: boolean, of = key): PathProof {
  return createPathProof(crypto, role, of, dialled);
}

/** What `from` sends is given to `to`: all its answers. */
function give(to: PathProof, messages: readonly (Uint8Array | undefined)[]) {
  return messages.map((message) => (message === undefined ? undefined : to.handle(message)));
}

function sent(steps: ReturnType<typeof give>): readonly Uint8Array[] {
  return steps.flatMap((step) => (step?.type === 'send' ? step.messages : []));
}

describe.each([
  ['A dials', true, false],
  ['B dials', false, true],
  ['both dial at once', true, true],
])('%s', (_name, dialA, dialB) => {
  it('is proven, chosen by A, and by nobody else', () => {
    const [a, b] = [proof('A', dialA), proof('B', dialB)];
    let [toB, toA]: (readonly (Uint8Array | undefined)[])[] = [[a.first], [b.first]];
    const seen = { a: [] as string[], b: [] as string[] };
    for (let i = 0; i < 4; i++) {
      const [atB, atA] = [give(b, toB ?? []), give(a, toA ?? [])];
      seen.b.push(...atB.flatMap((step) => step?.type ?? []));
      seen.a.push(...atA.flatMap((step) => step?.type ?? []));
      [toB, toA] = [sent(atA), sent(atB)];
    }
    expect(seen).toEqual({ a: ['send', 'verified'], b: ['send', 'verified'] });
    expect(b.handle(a.choose())).toEqual({ type: 'chosen' });
    expect(a.handle(b.choose())).toEqual({ type: 'failed' });
  });
});

describe('no proof', () => {
  it('is said first by who accepted', () => {
    expect(proof('A', false).first).toBeUndefined();
    expect(proof('B', false).first).toBeUndefined();
  });

  it('is a reflection, of any message', () => {
    for (const role of ['A', 'B'] as const) {
      for (const dialled of [true, false]) {
        const [own, mirror] = [proof(role, true), proof(role, dialled)];
        expect(mirror.handle(own.first ?? token(0))).toEqual({ type: 'failed' });
      }
    }
  });

  it('is one under another key: of other tokens, in another order, of another session', () => {
    const others = [
      pathKey(crypto, resume(), token(2), token(1)),
      pathKey(crypto, resume(), token(1), token(1)),
      pathKey(crypto, asKey(crypto.take(token(8))), token(1), token(2)),
    ];
    for (const of of others) {
      expect(proof('A', false).handle(proof('B', true, of).first ?? token(0))).toEqual({ type: 'failed' });
    }
    expect(proof('A', false).handle(proof('B', true).first ?? token(0)).type).toBe('send');
  });

  it('is a message twice, too early, or of the wrong length', () => {
    const [a, b] = [proof('A', false), proof('B', true)];
    const first = b.first ?? token(0);
    const [own, second] = sent(give(a, [first]));
    expect(a.handle(first)).toEqual({ type: 'failed' });
    // path-2 before path-1.
    expect(proof('B', true).handle(second ?? token(0))).toEqual({ type: 'failed' });
    const steps = give(b, [own, second]);
    expect(steps.map((step) => step?.type)).toEqual(['send', 'verified']);
    expect(b.handle(second ?? token(0))).toEqual({ type: 'failed' });
    // The choice before path-2.
    const early = proof('B', true);
    const chooser = proof('A', false);
    give(early, sent(give(chooser, [early.first])).slice(0, 1));
    expect(early.handle(chooser.choose())).toEqual({ type: 'failed' });
    for (const [type, length] of Object.entries(PATH_LENGTHS)) {
      for (const wrong of [1, length - 1, length + 1]) {
        expect(proof('B', true).handle(new Uint8Array(wrong).fill(Number(type), 0, 1))).toEqual({ type: 'failed' });
      }
    }
    for (const bytes of [new Uint8Array(0), new Uint8Array(33), token(0x10)])
      expect(proof('A', true).handle(bytes)).toEqual({ type: 'failed' });
  });

  it('has any bit changed', () => {
    const [a, b] = [proof('A', true), proof('B', false)];
    const messages: (Uint8Array | undefined)[] = [a.first];
    messages.push(...sent(give(a, sent(give(b, [a.first])))));
    for (const [i, message] of messages.entries()) {
      for (let bit = 8; bit < (message?.length ?? 0) * 8; bit += 7) {
        const changed = message?.slice() ?? token(0);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const fresh = proof('B', false);
        const steps = give(fresh, [...messages.slice(0, i), changed]);
        expect(steps.at(-1)).toEqual({ type: 'failed' });
      }
    }
  });

  it('leaves secrets behind', () => {
    const own = createTweetnaclCrypto();
    const of = pathKey(own, asKey(own.take(token(3))), token(1), token(2));
    const [a, b] = [createPathProof(own, 'A', of, true), createPathProof(own, 'B', of, false)];
    give(a, sent(give(b, [a.first])));
    expect(own.live).toBe(2);
  });
});
