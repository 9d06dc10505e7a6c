/**
 * An adapter by its name. No adapter may be known to this file.
 */
import { SecurechatError } from '../../core/errors.js';

/** Throws SecurechatError SC-502. */
export function find<T>(kind: 'crypto' | 'transport', known: Readonly<Record<string, T>>, name: string): T {
  const found = Object.hasOwn(known, name) ? known[name] : undefined;
  if (found === undefined) throw new SecurechatError('SC-502', { kind, name, known: Object.keys(known).join(', ') });
  return found;
}
