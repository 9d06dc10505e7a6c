/**
 * The heap of a process that is a relay and nothing else. V8 counts every read of the network as heap until it is collected,
 * so large frames had the whole heap of a relay marked every 16 MiB; here it grows to four times what is in use before that,
 * the most that V8 allows itself. No limit of a relay may be in this file.
 */
import { setFlagsFromString } from 'node:v8';

/** Later versions of Node are not known yet; for a flag that there is not, V8 writes to stderr. */
const KNOWN = 26;

export function collectLess(version = process.versions.node, set = setFlagsFromString): void {
  if (Number.parseInt(version, 10) <= KNOWN) set('--heap-growing-percent=300');
}
