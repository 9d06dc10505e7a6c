/**
 * The heap of a process that is a relay and nothing else. V8 counts every read of the network as heap until it is collected,
 * so large frames had the whole heap of a relay looked through every 16 MiB. No limit of a relay may be in this file.
 */
import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/** Later versions of Node are not known yet; for a flag that there is not, V8 writes to stderr. */
const KNOWN = 26;
/** A heap grows to four times what is in use before it is looked through, … */
const LEAST_PERCENT = 300;
/** … and by so many bytes at least: the reads of the network that nobody holds any more are found when they are 32 MiB. */
const LEAST_GROWTH = 48 * 1024 * 1024;

export function collectLess(version = process.versions.node, set = setFlagsFromString, used = heapUsed): void {
  if (Number.parseInt(version, 10) > KNOWN) return;
  function tell(): void {
    const percent = Math.max(LEAST_PERCENT, Math.ceil((100 * LEAST_GROWTH) / used()));
    set(`--heap-growing-percent=${String(percent)}`);
  }
  tell();
  // A heap that has grown was collected in parts many times before all of it is.
  new PerformanceObserver(tell).observe({ entryTypes: ['gc'] });
}

function heapUsed(): number {
  return getHeapStatistics().used_heap_size;
}
