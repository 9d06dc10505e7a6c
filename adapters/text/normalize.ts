/**
 * The one form of a code that is written in other characters than ASCII. Only such codes get here, as strings; no other text
 * may pass through this file.
 */
import type { Normalize } from '../../core/room/code.js';
import { utf8 } from './utf8.js';

/** NFKC; throws TypeError for what is not UTF-8. */
export const normalize: Normalize = (bytes) =>
  utf8(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes).normalize('NFKC'));
