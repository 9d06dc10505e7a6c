/** Which native code ws masks frames with. For the programs of the relays only: the client loads none. */
import http from 'node:http';
import { createRequire } from 'node:module';

/** The library looks in the same order, and does without where there is neither. */
export function nativeMasking(): 'Node' | 'bufferutil' | undefined {
  if ('websocketMask' in http) return 'Node';
  if (process.env['WS_NO_BUFFER_UTIL'] !== undefined) return undefined;
  try {
    createRequire(import.meta.url)('bufferutil');
    return 'bufferutil';
  } catch {
    return undefined;
  }
}
