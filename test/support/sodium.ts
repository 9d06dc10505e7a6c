/** The fastest crypto of all, for sessions that begin at once. No expectation may be in this file. */
import { sodiumIn, type SodiumOptions } from '../../adapters/crypto/sodium.js';
import { loadSodium } from '../../adapters/crypto/sodium-module.js';
import type { CryptoPort } from '../../core/ports.js';

const memory = await loadSodium();

export function createSodium(options: SodiumOptions = {}): CryptoPort {
  return sodiumIn(memory, options);
}
