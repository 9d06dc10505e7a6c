/**
 * The part of the crypto contract that is about secret memory and handles: moving in, copying out, wiping, refusing what
 * is not ours. No known answer may be in this file.
 */
import { LocalProtocolError } from '../../core/errors.js';
import type { CryptoPort, Secret } from '../../core/ports.js';
import { concat, hex } from '../../core/protocol/bytes.js';
import { ensure, equal, refuses, same } from './assert.js';
import { type Check, flatten, type Operation, runOn, seededDraw } from './crypto-operations.js';

export function secretsContract(check: Check): void {
  check('random bytes: lengths, never twice the same', (crypto) => {
    for (const n of [1, 32, 65536]) {
      equal(crypto.random(n).length, n, 'length');
      const secret = crypto.randomSecret(n);
      equal(secret.length, n, 'length of a secret');
      equal(crypto.reveal(secret).length, n, 'bytes of a secret');
    }
    const drawn = [
      crypto.random(32),
      crypto.random(32),
      crypto.reveal(crypto.randomSecret(32)),
      crypto.reveal(crypto.randomSecret(32)),
    ];
    equal(new Set(drawn.map(hex)).size, 4, 'different draws');
    for (const n of [0, -1, 65537, 1.5, Number.NaN]) {
      refuses(() => crypto.random(n), RangeError, `random ${String(n)}`);
      refuses(() => crypto.randomSecret(n), RangeError, `randomSecret ${String(n)}`);
    }
    refuses(() => crypto.random('1' as unknown as number), TypeError, 'random of text');
    refuses(() => crypto.randomSecret(undefined as unknown as number), TypeError, 'randomSecret of nothing');
    ownsBuffer(crypto.random(16), 'random bytes');
  });

  check('take moves: the argument is zero afterwards, and only the argument', (crypto) => {
    const whole = seededDraw(5)(64);
    const before = whole.slice();
    const secret = crypto.take(whole.subarray(16, 48));
    same(whole, concat(before.slice(0, 16), new Uint8Array(32), before.slice(48)), 'what is left');
    same(crypto.reveal(secret), before.subarray(16, 48), 'content');
    equal(crypto.take(new Uint8Array(0)).length, 0, 'length of an empty secret');
    const tooLong = new Uint8Array(65537).fill(1);
    refuses(() => crypto.take(tooLong), RangeError, '65537 bytes');
    ensure(
      tooLong.every((byte) => byte === 1),
      'refused, but overwritten',
    );
    refuses(() => crypto.take([1] as unknown as Uint8Array), TypeError, 'an array');
  });

  check('slice copies: it outlives its origin', (crypto) => {
    const bytes = seededDraw(6)(64);
    const secret = crypto.take(bytes.slice());
    const [part, empty, whole] = [
      crypto.slice(secret, 12, 44),
      crypto.slice(secret, 64, 64),
      crypto.slice(secret, 0, 64),
    ];
    secret.wipe();
    same(crypto.reveal(part), bytes.subarray(12, 44), 'part');
    same(crypto.reveal(empty), new Uint8Array(0), 'empty part');
    part.wipe();
    same(crypto.reveal(whole), bytes, 'all of it');
    for (const [start, end] of [
      [-1, 3],
      [3, 2],
      [0, 65],
      [0.5, 2],
      [Number.NaN, 2],
      [0, Number.NaN],
    ] as const) {
      refuses(() => crypto.slice(whole, start, end), RangeError, `${String(start)} to ${String(end)}`);
    }
    refuses(() => crypto.slice(whole, '0' as unknown as number, 1), TypeError, 'text as start');
    refuses(() => crypto.slice(whole, 0, undefined as unknown as number), TypeError, 'nothing as end');
  });

  check('reveal copies: changing the copy changes nothing', (crypto) => {
    const bytes = seededDraw(7)(32);
    const secret = crypto.take(bytes.slice());
    crypto.reveal(secret).fill(0);
    same(crypto.reveal(secret), bytes, 'content');
  });

  check('equal: every bit and the length count', (crypto) => {
    const bytes = seededDraw(8)(33);
    const secret = crypto.take(bytes.slice());
    equal(crypto.equal(secret, bytes), true, 'the same');
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const changed = bytes.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      equal(crypto.equal(secret, changed), false, `bit ${String(bit)}`);
    }
    equal(crypto.equal(secret, bytes.subarray(1)), false, 'shorter');
    equal(crypto.equal(secret, concat(bytes, Uint8Array.of(0))), false, 'longer');
    equal(crypto.equal(crypto.take(new Uint8Array(0)), new Uint8Array(0)), true, 'both empty');
  });

  check('live counts; wipe may be called again; wipeAll leaves an adapter that works', (crypto) => {
    const secrets = [crypto.randomSecret(8), crypto.take(new Uint8Array(8)), crypto.hash([])];
    equal(crypto.live, 3, 'alive');
    for (const left of [2, 2]) {
      secrets[0]?.wipe();
      equal(crypto.live, left, 'alive after a wipe');
    }
    equal(secrets[0]?.length, 8, 'length after the wipe');
    crypto.wipeAll();
    crypto.wipeAll();
    for (const secret of secrets) {
      refuses(() => crypto.reveal(secret), LocalProtocolError, 'a secret after wipeAll');
      secret.wipe();
    }
    equal(crypto.live, 0, 'alive after wipeAll');
    same(crypto.reveal(crypto.take(Uint8Array.of(1, 2))), Uint8Array.of(1, 2), 'a secret of afterwards');
    equal(crypto.live, 1, 'alive afterwards');
  });

  check('many secrets at once keep their content', (crypto) => {
    const secrets = Array.from({ length: 400 }, (_, i) => crypto.take(new Uint8Array(65536).fill(i)));
    equal(crypto.live, 400, 'alive');
    for (const [i, secret] of secrets.entries()) {
      same(crypto.reveal(secret), new Uint8Array(65536).fill(i), `content of secret ${String(i)}`);
    }
  });
}

/** Rules that hold for every operation. */
export function operationContract(
  check: Check,
  create: () => CryptoPort | Promise<CryptoPort>,
  operation: Operation,
): void {
  const draw = seededDraw(9);

  check(`${operation.name}: inputs stay as they are, results are fresh`, (crypto) => {
    const inputs = operation.draw(draw, crypto);
    const secrets = inputs.secrets.map((bytes) => crypto.take(bytes.slice()));
    const publics = inputs.publics.map((bytes) => concat(Uint8Array.of(1), bytes, Uint8Array.of(2)));
    const views = publics.map((bytes) => bytes.subarray(1, -1));
    const run = () => runOn(crypto, operation, secrets, views);
    const results = [run(), run()];
    for (const [i, bytes] of inputs.publics.entries()) {
      same(publics[i], concat(Uint8Array.of(1), bytes, Uint8Array.of(2)), 'public input and its surroundings');
    }
    for (const [i, bytes] of inputs.secrets.entries()) same(crypto.reveal(secrets[i] as Secret), bytes, 'secret input');
    const flat = results.map((result) => flatten(crypto, result).slice());
    same(flat[0], flat[1] ?? new Uint8Array(0), 'second result');
    for (const result of results) {
      for (const one of [result].flat()) if (one instanceof Uint8Array) ownsBuffer(one, operation.name);
    }
    if (results[0] instanceof Uint8Array && results[1] instanceof Uint8Array) {
      results[0].fill(0);
      same(results[1], flat[1] ?? new Uint8Array(0), 'second result after the first was overwritten');
    }
    equal(crypto.live, secrets.length, 'secrets alive');
  });

  check(`${operation.name}: wiped, foreign and made-up handles are refused`, async (crypto) => {
    const foreign = await create();
    const inputs = operation.draw(draw, crypto);
    for (let i = 0; i < inputs.secrets.length; i++) {
      const secrets = inputs.secrets.map((bytes) => crypto.take(bytes.slice()));
      const [original] = secrets.splice(i, 1, foreign.take(inputs.secrets[i]?.slice() ?? new Uint8Array(0)));
      const before = crypto.live;
      const run = () => runOn(crypto, operation, secrets, inputs.publics);
      refuses(run, LocalProtocolError, `a foreign secret ${String(i)}`);
      secrets[i] = { length: original?.length ?? 0, wipe: () => undefined };
      refuses(run, LocalProtocolError, `a made-up secret ${String(i)}`);
      secrets[i] = original as Secret;
      original?.wipe();
      refuses(run, LocalProtocolError, `a wiped secret ${String(i)}`);
      for (const wrong of [undefined, null, 7, 'text']) {
        secrets[i] = wrong as unknown as Secret;
        refuses(run, TypeError, `${String(wrong)} as secret ${String(i)}`);
      }
      equal(crypto.live, before - 1, 'secrets alive');
    }
    foreign.wipeAll();
  });

  check(`${operation.name}: wrong lengths and types are refused`, (crypto) => {
    const inputs = operation.draw(draw, crypto);
    const attempt = (secretAt: number, publicAt: number, change: (bytes: Uint8Array) => unknown) => () => {
      const secrets = inputs.secrets.map((bytes, i) =>
        crypto.take((i === secretAt ? (change(bytes) as Uint8Array) : bytes).slice()),
      );
      const publics = inputs.publics.map((bytes, i) => (i === publicAt ? change(bytes) : bytes)) as Uint8Array[];
      const before = crypto.live;
      try {
        runOn(crypto, operation, secrets, publics);
      } finally {
        equal(crypto.live, before, 'secrets alive');
        crypto.wipeAll();
      }
    };
    const lengths: ((bytes: Uint8Array) => Uint8Array)[] = [
      (bytes) => bytes.subarray(1),
      (bytes) => concat(bytes, Uint8Array.of(0)),
      () => new Uint8Array(0),
    ];
    for (const change of lengths) {
      for (const [i, kind] of operation.secrets.entries()) {
        if (kind !== undefined) refuses(attempt(i, -1, change), kind, `length of secret ${String(i)}`);
      }
      for (const [i, kind] of operation.publics.entries()) {
        if (kind !== undefined) refuses(attempt(-1, i, change), kind, `length of bytes ${String(i)}`);
      }
    }
    for (let i = 0; i < inputs.publics.length; i++) {
      for (const wrong of [undefined, null, 7, 'text']) {
        refuses(
          attempt(-1, i, () => wrong),
          TypeError,
          `${String(wrong)} as bytes ${String(i)}`,
        );
      }
    }
  });
}

function ownsBuffer(bytes: Uint8Array, what: string): void {
  ensure(bytes.byteOffset === 0 && bytes.buffer.byteLength === bytes.length, `${what}: a view of a larger buffer`);
}
