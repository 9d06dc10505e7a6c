/**
 * The boundary to code that is not ours yet: it may hang, throw, and give back anything. Nothing is loaded and no adapter
 * is known in this file.
 */
import type { CryptoPort, TransportPort, UiPort } from '../../core/ports.js';
import { CRYPTO_OPERATIONS } from '../../core/checked-ports.js';
import type { AdapterKind } from './registry.js';

/** Loading a plugin, and making an adapter, may each take this long, milliseconds. */
export const MAKE_TIMEOUT_MS = 10_000;

const OPERATIONS: Readonly<Record<AdapterKind, readonly string[]>> = {
  transport: ['open'] satisfies (keyof TransportPort)[],
  crypto: CRYPTO_OPERATIONS,
  ui: ['open', 'show', 'close'] satisfies (keyof UiPort)[],
};

/** What `work` gives, or an error that says that it took too long. While it waits the process stays alive. */
export async function inTime<Result>(work: () => Result | Promise<Result>, ms = MAKE_TIMEOUT_MS): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`it is not ready after ${String(ms / 1000)} seconds`)), ms);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Throws when this is not what the port of that kind must have. */
export function checkMade(kind: AdapterKind, made: unknown): asserts made is TransportPort & CryptoPort & UiPort {
  const port = (typeof made === 'object' && made !== null ? made : {}) as Record<string, unknown>;
  const missing = OPERATIONS[kind].find((name) => typeof port[name] !== 'function');
  if (missing !== undefined) throw new TypeError(`what it made has no function ${missing}`);
  if (kind === 'crypto' && typeof port['live'] !== 'number') throw new TypeError('what it made has no number live');
}

/** The words of anything that was thrown: the first line of an error. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it threw something that is no error';
  const words = error.message.split('\n', 1)[0]?.trim() ?? '';
  return words === '' ? error.name : words;
}
