/**
 * What the crypto adapters cost, as ratios to tweetnacl in the same interleaved run: the curve work of one side of a
 * handshake, ML-KEM, a whole handshake of two sides, and frames sealed and opened by a ratchet in step.
 */
import { performance } from 'node:perf_hooks';
import { createSodiumCrypto } from '../adapters/crypto/sodium.js';
import { createTweetnaclCrypto } from '../adapters/crypto/tweetnacl.js';
import type { CryptoPort } from '../core/ports.js';
import { type Attempt, createAttempt } from '../core/protocol/handshake.js';
import type { Established } from '../core/protocol/handshake-keys.js';
import createNodeCryptoPlugin from '../plugins/node-crypto/index.js';
import { quantile } from './figures.js';

const ROUNDS = 9;
const CAPS = { version: new Uint8Array(0), name: new Uint8Array(0), features: 0 };

/** R, Y, K and X25519(R_A, R_B): what one side does on the curve. */
function curve(crypto: CryptoPort): void {
  const [r, y, uniform] = [crypto.randomSecret(32), crypto.randomSecret(32), crypto.randomSecret(32)];
  const point = crypto.x25519Public(r);
  const share = crypto.cpaceShare(uniform, y);
  for (const secret of [crypto.x25519(y, share), crypto.x25519(r, point), r, y, uniform]) secret.wipe();
}

function kem(crypto: CryptoPort): void {
  const [seed, m] = [crypto.randomSecret(64), crypto.randomSecret(32)];
  const { ciphertext, shared } = crypto.kemEncapsulate(crypto.kemPublic(seed), m);
  for (const secret of [crypto.kemDecapsulate(seed, ciphertext), shared, seed, m]) secret.wipe();
}

function handshake(crypto: CryptoPort): [Established, Established] {
  const prs = crypto.take(new Uint8Array(20).fill(7));
  const attempt = (): Attempt => createAttempt(crypto, prs, { mode: 1, roomId: new Uint8Array(32) }, CAPS);
  const [one, two] = [attempt(), attempt()];
  const done: Established[] = [];
  // Both commitments first; what is answered to them goes out behind.
  const queue: { readonly to: typeof one; readonly message: Uint8Array }[] = [
    ...two.said.map((message) => ({ to: one, message })),
    ...one.said.map((message) => ({ to: two, message })),
  ];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const step = next.to.handle(next.message);
    if (step.type === 'established') done.push(step.result);
    const message = 'message' in step ? step.message : undefined;
    if (message !== undefined) queue.push({ to: next.to === one ? two : one, message });
  }
  prs.wipe();
  const [a, b] = done;
  if (a === undefined || b === undefined) throw new Error('the handshake did not come to its end');
  return [a, b];
}

const FRAMES = 500;

function frames([a, b]: readonly [Established, Established]): void {
  const text = new Uint8Array(128).fill(120);
  for (let i = 0; i < FRAMES; i++) {
    const { frame } = a.ratchet.seal(i, 0, [{ type: 'text', id: i, part: 0, last: true, text }]);
    const opened = b.ratchet.open(i, frame);
    if (opened === undefined) throw new Error('a frame did not open');
    opened.wipe();
  }
}

function wipe(pair: readonly Established[]): void {
  for (const side of pair) {
    side.ratchet.wipe();
    side.resume.wipe();
  }
}

function time(count: number, work: () => void): number {
  const start = performance.now();
  for (let i = 0; i < count; i++) work();
  return (performance.now() - start) / count;
}

const nodeCrypto = await createNodeCryptoPlugin.cryptos?.['node-crypto']?.create(
  {},
  { clock: { now: () => 0, wallTime: () => 0, wakeAt: () => () => undefined } },
);
if (nodeCrypto === undefined) throw new Error('the plugin has no adapter');
const adapters = { tweetnacl: createTweetnaclCrypto(), sodium: await createSodiumCrypto(), 'node-crypto': nodeCrypto };

const WORK: Readonly<Record<string, (crypto: CryptoPort) => number>> = {
  'curve work of one side, ms': (crypto) => time(40, () => curve(crypto)),
  'ML-KEM-768, all three steps, ms': (crypto) => time(40, () => kem(crypto)),
  'whole handshake, both sides, ms': (crypto) => time(20, () => wipe(handshake(crypto))),
  'frames sealed and opened, each, ms': (crypto) => {
    const pair = handshake(crypto);
    const each = time(1, () => frames(pair)) / FRAMES;
    wipe(pair);
    return each;
  },
};

console.log(`crypto adapters, medians of ${ROUNDS} interleaved rounds; × is speed relative to tweetnacl`);
for (const [name, work] of Object.entries(WORK)) {
  const figures = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [adapter, crypto] of Object.entries(adapters)) {
      figures.set(adapter, [...(figures.get(adapter) ?? []), work(crypto)]);
    }
  }
  const base = quantile(figures.get('tweetnacl') ?? [], 0.5);
  const cells = Object.keys(adapters).map((adapter) => {
    const median = quantile(figures.get(adapter) ?? [], 0.5);
    return `${adapter} ${median.toFixed(4)} (× ${(base / median).toFixed(2)})`;
  });
  console.log(`${name.padEnd(36)} ${cells.join('   ')}`);
}
