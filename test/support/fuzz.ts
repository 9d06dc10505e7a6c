/**
 * A mutation fuzzer that is the same in every run: it takes an input of the corpus, flips, cuts, repeats, joins and
 * splices it, and keeps what led somewhere new. "Somewhere new" is what the target returns: a short word for the way the
 * input took. No target may be in this file.
 */
import { sequence } from '../../plugins/testing/network.js';

export interface FuzzTarget {
  readonly corpus: readonly Uint8Array[];
  /** The longest input, bytes. */
  readonly limit: number;
  /** The way the input took. Throws for a defect. */
  readonly run: (input: Uint8Array) => string | Promise<string>;
}

export interface FuzzResult {
  readonly runs: number;
  /** How often each way was taken. */
  readonly ways: ReadonlyMap<string, number>;
}

const INTERESTING = [0, 1, 0x0a, 0x1b, 0x20, 0x22, 0x2d, 0x2e, 0x30, 0x5c, 0x7f, 0x80, 0xc0, 0xff, 0xfe, 0xed, 0xef];
/** Inputs that are kept beside the corpus. */
const KEPT = 2_000;

/** Throws what the target throws, with the input in base64 to run it again. */
export async function fuzz(target: FuzzTarget, runs: number, seed: number): Promise<FuzzResult> {
  const draw = sequence(seed);
  const below = (n: number): number => Math.floor(draw() * n);
  const kept = [...target.corpus];
  const ways = new Map<string, number>();

  function mutated(): Uint8Array {
    let bytes = [...(kept[below(kept.length)] ?? [])];
    for (let times = 1 + below(4); times > 0; times--) {
      const at = below(bytes.length + 1);
      const length = below(Math.min(32, bytes.length - at + 1));
      switch (below(8)) {
        case 0:
          if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
          break;
        case 1:
          if (at < bytes.length) bytes[at] = INTERESTING[below(INTERESTING.length)] ?? 0;
          break;
        case 2:
          bytes.splice(at, length);
          break;
        case 3:
          bytes.splice(at, 0, ...bytes.slice(at, at + length));
          break;
        case 4:
          bytes.splice(at, 0, ...Array.from({ length: below(9) }, () => below(256)));
          break;
        case 5:
          bytes.splice(at, 0, INTERESTING[below(INTERESTING.length)] ?? 0);
          break;
        case 6:
          bytes = bytes.slice(0, at);
          break;
        default: {
          const other = kept[below(kept.length)] ?? new Uint8Array(0);
          bytes = [...bytes.slice(0, at), ...other.subarray(below(other.length + 1))];
        }
      }
    }
    return Uint8Array.from(bytes.slice(0, target.limit));
  }

  for (let i = 0; i < runs; i++) {
    const input = i < target.corpus.length ? (target.corpus[i] ?? new Uint8Array(0)) : mutated();
    let way: string;
    try {
      const taken = target.run(input.slice());
      way = typeof taken === 'string' ? taken : await taken;
    } catch (error) {
      throw new Error(`input ${Buffer.from(input).toString('base64')}: ${String(error)}`, { cause: error });
    }
    const before = ways.get(way) ?? 0;
    ways.set(way, before + 1);
    if (before === 0 && kept.length < KEPT) kept.push(input);
  }
  return { runs, ways };
}
