/**
 * A promise that is settled from outside, and stops nobody who does not look at it. Nothing else may be in this file.
 */

export interface Settled<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

export function createSettled<T>(): Settled<T> {
  let settle: Pick<Settled<T>, 'resolve' | 'reject'> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  promise.catch(() => undefined);
  return {
    promise,
    resolve: (value) => settle?.resolve(value),
    reject: (error) => settle?.reject(error),
  };
}
