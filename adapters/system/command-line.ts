/**
 * The words of a command line into flags, what is no flag, and what is wrong with both, by Node's own parser: of the client
 * and of the relays. What a flag means, its value and every sentence are elsewhere.
 */
import { parseArgs } from 'node:util';
import { editDistance } from '../../core/room/words.js';

export interface KnownFlag {
  /** Without dashes. */
  readonly long: string;
  readonly short?: string | undefined;
  readonly takesValue: boolean;
}

export interface GivenFlag {
  readonly long: string;
  /** True for a switch. */
  readonly value: string | true;
}

export type Fault =
  /** `near`: the flag that was probably meant. */
  | { readonly type: 'unknown'; readonly flag: string; readonly near: string | undefined }
  | { readonly type: 'no value' | 'needs none'; readonly flag: string };

export interface CommandLine {
  /** In order. */
  readonly flags: readonly GivenFlag[];
  readonly words: readonly string[];
  readonly faults: readonly Fault[];
}

/** Of a short name one letter may be wrong, of a longer one two. */
const SHORT = 4;

export function readCommandLine(argv: readonly string[], known: readonly KnownFlag[]): CommandLine {
  const options = Object.fromEntries(
    known.map(({ long, short, takesValue }) => [
      long,
      { type: takesValue ? ('string' as const) : ('boolean' as const), ...(short === undefined ? {} : { short }) },
    ]),
  );
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  const flags: GivenFlag[] = [];
  const words: string[] = [];
  const faults: Fault[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const { name: long, rawName, value, inlineValue } = token;
    const flag = known.find((each) => each.long === long);
    if (flag === undefined) faults.push({ type: 'unknown', flag: rawName, near: nearest(rawName, known) });
    else if (flag.takesValue && (value === undefined || (!inlineValue && isFlag(value, known))))
      faults.push({ type: 'no value', flag: `--${long}` });
    else if (!flag.takesValue && value !== undefined) faults.push({ type: 'needs none', flag: `--${long}` });
    else flags.push({ long, value: value ?? true });
  }
  return { flags, words, faults };
}

/** The value was forgotten, and the next flag stands in its place. */
function isFlag(value: string, known: readonly KnownFlag[]): boolean {
  return value.startsWith('--') && known.some(({ long }) => long === value.slice(2));
}

/** The name that was probably meant. */
export function nearestOf(typed: string, names: readonly string[]): string | undefined {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const distances = names.map((name) => [name, editDistance(bytes(name), bytes(typed))] as const);
  const [near] = distances.filter(([name, far]) => far <= (name.length > SHORT ? 2 : 1)).sort((a, b) => a[1] - b[1]);
  return near?.[0];
}

/** The flag that was probably meant. */
function nearest(raw: string, known: readonly KnownFlag[]): string | undefined {
  if (!raw.startsWith('--')) {
    const letter = raw.slice(1).toUpperCase();
    return known.some(({ short }) => short === letter) ? `-${letter}` : undefined;
  }
  const near = nearestOf(
    raw.slice(2),
    known.map(({ long }) => long),
  );
  return near === undefined ? undefined : `--${near}`;
}
