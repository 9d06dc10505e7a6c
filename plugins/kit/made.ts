/**
 * What code that is not ours gives back may be anything: here it is looked at before it is used as a port. No call of it may
 * be in this file.
 */
import type { CryptoPort, TransportPort, UiPort } from '../../core/ports.js';
import { CRYPTO_OPERATIONS } from '../../core/checked-ports.js';
import type { AdapterKind } from './registry.js';

const OPERATIONS: Readonly<Record<AdapterKind, readonly string[]>> = {
  transport: ['open'] satisfies (keyof TransportPort)[],
  crypto: CRYPTO_OPERATIONS,
  ui: ['open', 'show', 'close'] satisfies (keyof UiPort)[],
};

/** Throws when this is not what the port of that kind must have. */
export function checkMade(kind: AdapterKind, made: unknown): asserts made is TransportPort & CryptoPort & UiPort {
  const port = (typeof made === 'object' && made !== null ? made : {}) as Record<string, unknown>;
  const missing = OPERATIONS[kind].find((name) => typeof port[name] !== 'function');
  if (missing !== undefined) throw new TypeError(`what it made has no function ${missing}`);
  if (kind === 'crypto' && typeof port['live'] !== 'number') throw new TypeError('what it made has no number live');
}
