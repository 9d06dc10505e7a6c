/** A crypto whose every call a test sees, or makes fail. No expectation may be in this file. */
import type { CryptoPort } from '../../core/ports.js';

/** Every method goes through `call`, which has its arguments and does it by `go`. */
export function watched(
  inner: CryptoPort,
  call: (name: string, args: unknown[], go: () => unknown) => unknown,
): CryptoPort {
  return new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function' || typeof name !== 'string') return member;
      return (...args: unknown[]) => call(name, args, () => Reflect.apply(member, target, args) as unknown);
    },
  });
}

/**
 * Runs `step` again and again, each time with a crypto of which one call more goes well before one throws, and hands each
 * failure to `after`; until nothing fails any more. Returns how many did.
 */
export function failingOnceEach(
  step: (through: (inner: CryptoPort) => CryptoPort) => void,
  after: (failure: string) => void,
): number {
  for (let at = 1; ; at++) {
    let calls = 0;
    let failure: string | undefined;
    try {
      step((inner) =>
        watched(inner, (name, _args, go) => {
          if (++calls !== at) return go();
          failure = `${name}, call ${at}`;
          throw new Error(failure);
        }),
      );
    } catch (error) {
      if (failure === undefined || !String(error).includes(failure)) throw error;
    }
    if (failure === undefined) return at - 1;
    after(failure);
  }
}
