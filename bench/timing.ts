/**
 * Whether time tells a secret, as dudect asks it: two kinds of input in random order, and Welch's t of how long each took.
 * For `equal`, `open` and `x25519` of each crypto adapter. Both kinds lie in the same memory: two arrays can be told apart by
 * where they are, whatever is in them. Two controls are in the table: a comparison that stops at the first difference must
 * be seen, the same bytes as both kinds must not. Above 10 the two kinds can be told apart by whoever measures this often on
 * this machine; what JavaScript compiles to is nobody's promise, so this reports and does not judge.
 */
import { createSodiumCrypto } from '../adapters/crypto/sodium.js';
import { createTweetnaclCrypto } from '../adapters/crypto/tweetnacl.js';
import type { CryptoPort } from '../core/ports.js';
import { createNodeCrypto } from '../plugins/node-crypto/index.js';

const MEASUREMENTS = Number(process.argv[2] ?? 20_000);
/** Of each hundred measurements the slowest are the machine's. */
const KEPT = 0.9;
/** So much has to be between the kinds of the planted comparison. */
const SEEN = 10;
const SIZE = 32;

/** Does it `times` times with what `prepare` put there for one of the two kinds, which is not measured. */
interface Operation {
  readonly name: string;
  readonly times: number;
  prepare(kind: 0 | 1): void;
  act(): unknown;
}

const changed = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));

/** `kinds` one after the other in the same array. */
function inPlace(kinds: readonly [Uint8Array, Uint8Array]): { readonly bytes: Uint8Array; put(kind: 0 | 1): void } {
  const bytes = new Uint8Array(kinds[0].length);
  return { bytes, put: (kind) => bytes.set(kinds[kind]) };
}

function operations(crypto: CryptoPort): Operation[] {
  const bytes = crypto.random(SIZE);
  const secret = crypto.take(bytes.slice());
  const compared = inPlace([changed(bytes, 0), changed(bytes, SIZE - 1)]);
  const same = inPlace([changed(bytes, 0), changed(bytes, 0)]);

  const key = crypto.randomSecret(32);
  const [nonce, ad] = [new Uint8Array(12), new Uint8Array(8)];
  const sealed = crypto.seal(key, nonce, ad, [new Uint8Array(1263)]);
  const forged = inPlace([changed(sealed, sealed.length - 16), changed(sealed, sealed.length - 1)]);

  const point = crypto.x25519Public(crypto.randomSecret(32));
  let scalar = crypto.randomSecret(32);
  return [
    {
      name: 'equal: the first byte differs, or the last',
      times: 50,
      prepare: compared.put,
      act: () => crypto.equal(secret, compared.bytes),
    },
    {
      name: 'control: equal, the same bytes as both kinds',
      times: 50,
      prepare: same.put,
      act: () => crypto.equal(secret, same.bytes),
    },
    {
      name: 'open: the first byte of the tag is wrong, or the last',
      times: 2,
      prepare: forged.put,
      act: () => crypto.open(key, nonce, ad, forged.bytes),
    },
    {
      name: 'x25519: a scalar of zeros but two bits, or a random one',
      times: 1,
      prepare(kind) {
        scalar.wipe();
        const random = crypto.random(32);
        scalar = crypto.take(kind === 0 ? Uint8Array.of(8, ...new Uint8Array(30), 64) : random);
      },
      act: () => crypto.x25519(scalar, point).wipe(),
    },
  ];
}

function planted(): Operation {
  const long = 4096;
  const secret = new Uint8Array(long);
  const compared = inPlace([changed(secret, 0), changed(secret, long - 1)]);
  return {
    name: 'control: a comparison that stops at the first difference',
    times: 1,
    prepare: compared.put,
    act: () => secret.findIndex((byte, i) => byte !== compared.bytes[i]),
  };
}

/** Welch's t of the two kinds; 0 where nothing differs. */
function difference({ prepare, act, times }: Operation): number {
  const found: { readonly kind: 0 | 1; readonly took: number }[] = [];
  for (let i = -Math.ceil(MEASUREMENTS / 10); i < MEASUREMENTS; i++) {
    const kind = Math.random() < 0.5 ? 0 : 1;
    prepare(kind);
    const before = process.hrtime.bigint();
    for (let n = 0; n < times; n++) act();
    const took = Number(process.hrtime.bigint() - before);
    if (i >= 0) found.push({ kind, took });
  }
  const most = found.map(({ took }) => took).toSorted((a, b) => a - b)[Math.floor(found.length * KEPT)] ?? 0;
  const [one, two] = ([0, 1] as const).map((kind) => {
    const took = found.filter((each) => each.kind === kind && each.took <= most).map((each) => each.took);
    const mean = took.reduce((sum, each) => sum + each, 0) / took.length;
    const spread = took.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (took.length - 1);
    return { mean, error: spread / took.length };
  });
  if (one === undefined || two === undefined) return 0;
  return Math.abs(one.mean - two.mean) / Math.sqrt(one.error + two.error || 1);
}

const adapters: readonly (readonly [string, CryptoPort])[] = [
  ['tweetnacl', createTweetnaclCrypto()],
  ['sodium', await createSodiumCrypto()],
  ['node-crypto', createNodeCrypto()],
];

console.log(`| of ${String(MEASUREMENTS)} measurements | adapter | t |\n|---|---|---|`);
const control = difference(planted());
console.log(`| ${planted().name} | none | ${control.toFixed(1)} |`);
for (const [name, crypto] of adapters) {
  for (const operation of operations(crypto)) {
    const t = difference(operation);
    console.log(`| ${operation.name} | ${name} | ${t.toFixed(1)}${t > SEEN ? ' to be told apart' : ''} |`);
  }
  crypto.wipeAll();
}
if (control <= SEEN) {
  console.log('the planted comparison was not seen: these figures say nothing');
  process.exit(1);
}
