/**
 * What each side was started for, as its caps say it (protocol.md section 4), and which two have something to do with each
 * other. No key and no sentence may be in this file.
 */

/** In the order of their numbers in the feature bits. `files`: a chat that takes and sends files. */
export const PURPOSES = ['chat', 'files', 'pipe', 'send', 'receive'] as const;
export type Purpose = (typeof PURPOSES)[number];

/** Feature bits 3 to 5. */
const SHIFT = 3;
const MASK = 7;

const FITS: Readonly<Record<Purpose, readonly Purpose[]>> = {
  chat: ['chat', 'files'],
  files: ['chat', 'files', 'send', 'receive'],
  pipe: ['pipe'],
  send: ['files', 'receive'],
  receive: ['files', 'send'],
};

export function featuresOf(purpose: Purpose): number {
  return PURPOSES.indexOf(purpose) << SHIFT;
}

/** What the peer was started for, where the two have nothing to do with each other. A number of a later version fits all. */
export function misfit(own: Purpose, features: number): Purpose | undefined {
  const peer = PURPOSES[(features >> SHIFT) & MASK];
  return peer === undefined || FITS[own].includes(peer) ? undefined : peer;
}
