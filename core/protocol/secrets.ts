/**
 * Lifetimes of secrets: what a step needs for itself is wiped when the step ends, however it ends. No key is derived in
 * this file.
 */
import type { Secret } from '../ports.js';

/** Runs `step`; every secret it has passed to `keep` is wiped when it returns or throws. */
export function withSecrets<T>(step: (keep: <S extends Secret>(secret: S) => S) => T): T {
  const kept: Secret[] = [];
  try {
    return step((secret) => {
      kept.push(secret);
      return secret;
    });
  } finally {
    for (const secret of kept) secret.wipe();
  }
}

/** Runs `step`; every secret it has passed to `make` is wiped when it throws, and only then. */
export function unlessThrown<T>(step: (make: <S extends Secret>(secret: S) => S) => T): T {
  const made: Secret[] = [];
  try {
    return step((secret) => {
      made.push(secret);
      return secret;
    });
  } catch (error) {
    for (const secret of made) secret.wipe();
    throw error;
  }
}
