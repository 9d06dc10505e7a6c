/**
 * A stand-in for the host's sanitiser, for the tests of a UI: whatever could give an order to a terminal becomes U+FFFD.
 * The host's own is stricter and says what it replaced; a UI gets it as `context.sanitize`. Nothing of it may be here.
 */
import type { Sanitize } from '../kit/define.js';

const HARMFUL = /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;

export const fakeSanitize: Sanitize = (text, { lines = false } = {}) => {
  const harmless = new TextDecoder()
    .decode(text)
    .replaceAll(HARMFUL, (found) => (lines && found === '\n' ? found : '\ufffd'));
  return Uint8Array.from(new TextEncoder().encode(harmless));
};
