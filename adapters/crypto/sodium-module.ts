/**
 * The raw libsodium module: the functions that are used, by pointer into WebAssembly memory, and scratch space there
 * that is zero when it is given back. No handle of the crypto port and no primitive may be in this file.
 */
import createLibsodium from 'libsodium-sumo';
import { LocalProtocolError } from '../../core/errors.js';
import { binary } from './sodium-binary.js';

interface Platform {
  readonly WebAssembly: {
    instantiate(bytes: Uint8Array, imports: object): Promise<{ readonly instance: object }>;
  };
}
const { WebAssembly: platform } = globalThis as unknown as Platform;

/** An address in WebAssembly memory. */
export type Pointer = number;

/** What is used of the module. A 64-bit length is two arguments, the low 32 bits first. 0 means success. */
interface SodiumModule {
  /** The whole memory. Replaced whenever the memory grows, which any `_malloc` may cause: never keep it. */
  readonly HEAPU8: Uint8Array<ArrayBuffer>;
  /** 0, or 1 when it was called before. */
  _sodium_init(): number;
  _malloc(length: number): Pointer;
  _free(at: Pointer): void;
  _crypto_hash_sha512_statebytes(): number;
  _crypto_hash_sha512_init(state: Pointer): number;
  _crypto_hash_sha512_update(state: Pointer, part: Pointer, low: number, high: number): number;
  _crypto_hash_sha512_final(state: Pointer, out: Pointer): number;
  _crypto_auth_hmacsha512_statebytes(): number;
  _crypto_auth_hmacsha512_init(state: Pointer, key: Pointer, length: number): number;
  _crypto_auth_hmacsha512_update(state: Pointer, part: Pointer, low: number, high: number): number;
  _crypto_auth_hmacsha512_final(state: Pointer, out: Pointer): number;
  _crypto_scalarmult(out: Pointer, scalar: Pointer, point: Pointer): number;
  _crypto_scalarmult_base(out: Pointer, scalar: Pointer): number;
  _crypto_core_ed25519_from_uniform(out: Pointer, uniform: Pointer): number;
  _crypto_scalarmult_ed25519_noclamp(out: Pointer, scalar: Pointer, point: Pointer): number;
  _crypto_kem_mlkem768_secretkeybytes(): number;
  _crypto_kem_mlkem768_seed_keypair(publicKey: Pointer, secretKey: Pointer, seed: Pointer): number;
  _crypto_kem_mlkem768_enc_deterministic(out: Pointer, shared: Pointer, publicKey: Pointer, seed: Pointer): number;
  _crypto_kem_mlkem768_dec(shared: Pointer, ciphertext: Pointer, secretKey: Pointer): number;
  _crypto_aead_chacha20poly1305_ietf_encrypt(
    out: Pointer,
    outLength: Pointer,
    plaintext: Pointer,
    low: number,
    high: number,
    ad: Pointer,
    adLow: number,
    adHigh: number,
    unused: Pointer,
    nonce: Pointer,
    key: Pointer,
  ): number;
  _crypto_aead_chacha20poly1305_ietf_decrypt(
    out: Pointer,
    outLength: Pointer,
    unused: Pointer,
    box: Pointer,
    low: number,
    high: number,
    ad: Pointer,
    adLow: number,
    adHigh: number,
    nonce: Pointer,
    key: Pointer,
  ): number;
}

export interface SodiumMemory {
  readonly raw: SodiumModule;
  /** Zeroed memory. Throws LocalProtocolError when there is none left. */
  allocate(length: number): Pointer;
  /** Overwrites with zeros and gives back. */
  release(at: Pointer, length: number): void;
  /** The bytes at `at`, valid until the next allocation. */
  view(at: Pointer, length: number): Uint8Array<ArrayBuffer>;
  /** Runs `step`; what it allocates through `scratch` is overwritten and given back when it returns or throws. */
  withScratch<T>(step: (scratch: Scratch) => T): T;
}

export interface Scratch {
  /** Zeroed bytes. */
  zeros(length: number): Pointer;
  /** A copy of public bytes, or of plaintext. */
  copy(bytes: Uint8Array): Pointer;
}

/**
 * Bytes of the place where scratch space is taken from, all zeros in between: what a frame of the usual size needs. Asking
 * malloc for each piece takes longer than the work on it.
 */
const ARENA = 8_192;
/** What every type of C may lie at. */
const ALIGNMENT = 16;

/** One for the process: it is compiled and started when it is first asked for. */
let memory: Promise<SodiumMemory> | undefined;

/** It asks when it starts; nothing that is used here draws from it. */
const getRandomValue = (): number => globalThis.crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;

async function start(): Promise<SodiumModule> {
  const bytes = binary();
  const raw = await new Promise<SodiumModule>((resolve, reject) => {
    // Its own way to read the binary does not tell when that fails.
    const instantiateWasm = (imports: object, done: (instance: object) => void): void => {
      if (bytes !== undefined) platform.instantiate(bytes, imports).then(({ instance }) => done(instance), reject);
    };
    createLibsodium<SodiumModule>({ getRandomValue, ...(bytes === undefined ? {} : { instantiateWasm }) }).then(
      resolve,
      reject,
    );
  });
  if (raw._sodium_init() < 0) throw new LocalProtocolError('libsodium does not start');
  return raw;
}

export function loadSodium(): Promise<SodiumMemory> {
  return (memory ??= start().then(memoryOf));
}

function memoryOf(raw: SodiumModule): SodiumMemory {
  const arena = allocate(ARENA);
  let used = 0;
  /** What did not fit there, the last ones at the end. */
  const large: (readonly [Pointer, number])[] = [];
  const scratch: Scratch = {
    zeros(length) {
      const size = Math.ceil(length / ALIGNMENT) * ALIGNMENT;
      if (used + size > ARENA) {
        const at = allocate(length);
        large.push([at, length]);
        return at;
      }
      used += size;
      return arena + used - size;
    },
    copy(bytes) {
      const at = scratch.zeros(bytes.length);
      raw.HEAPU8.set(bytes, at);
      return at;
    },
  };

  function view(at: Pointer, length: number): Uint8Array<ArrayBuffer> {
    return raw.HEAPU8.subarray(at, at + length);
  }

  function allocate(length: number): Pointer {
    const at = raw._malloc(Math.max(1, length));
    if (at === 0) throw new LocalProtocolError('no WebAssembly memory left');
    raw.HEAPU8.fill(0, at, at + length);
    return at;
  }

  function release(at: Pointer, length: number): void {
    raw.HEAPU8.fill(0, at, at + length);
    raw._free(at);
  }

  function withScratch<T>(step: (scratch: Scratch) => T): T {
    const before = used;
    const kept = large.length;
    try {
      return step(scratch);
    } finally {
      raw.HEAPU8.fill(0, arena + before, arena + used);
      used = before;
      if (large.length > kept) for (const [at, length] of large.splice(kept)) release(at, length);
    }
  }

  return { raw, allocate, release, view, withScratch };
}
