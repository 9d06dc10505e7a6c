/** Which native code ws masks frames with. For the programs of the relays only: the client loads none. */
import http from 'node:http';
import { createRequire } from 'node:module';

/** The library looks in the same order, and does without where there is neither. */
export function nativeMasking(): 'Node' | 'bufferutil' | undefined {
  if ('websocketMask' in http) return 'Node';
  if (process.env['WS_NO_BUFFER_UTIL'] !== undefined) return undefined;
  try {
    const { mask } = createRequire(import.meta.url)('bufferutil') as { mask: unknown };
    // On a machine that it has no native part for it comes with the same in JavaScript.
    return String(mask).includes('[native code]') ? 'bufferutil' : undefined;
  } catch {
    return undefined;
  }
}
