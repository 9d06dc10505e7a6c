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
