/**
 * What is said about files on their way: offers, progress, ends. Sizes and counts only; no name from outside may be in
 * this file.
 */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** A size for a person: three digits at most, in powers of 1000. */
export function sizeOf(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? ''}`;
}

/** A peer may send more than it said. */
const percent = (bytes: number, total: number): string => String(Math.min(100, Math.floor((bytes / total) * 100)));

/** Minutes and seconds. */
function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  return `${String(Math.floor(whole / 60))}:${String(whole % 60).padStart(2, '0')}`;
}

export interface OfferWords {
  readonly id: number;
  readonly bytes: number | undefined;
  readonly free: number | undefined;
  readonly exists: boolean;
}

/** Behind the name of the first one, where there are others. */
export const others = (count: number): string => (count > 1 ? ` and ${String(count - 1)} more` : '');
export const sizeOrUnknown = (bytes: number | undefined): string =>
  bytes === undefined ? 'files of unknown size' : sizeOf(bytes);

/** Why files cannot be sent: clauses of SC-350. */
export const FILE_FAULTS = {
  path: (fault: string): string => `its path is ${fault}`,
  tooMany: (limit: number): string => `a transfer holds at most ${String(limit)} files and folders`,
} as const;

export const FILE_WORDS = {
  /** The name follows. */
  offered: ({ id, bytes, free, exists }: OfferWords): string =>
    `Your peer offers ${sizeOrUnknown(bytes)}${free === undefined ? '' : ` (${sizeOf(free)} free)`}` +
    `${exists ? ', under a name that is taken here' : ''}: /accept ${String(id)} or /reject ${String(id)}  `,
  offering: ({ id, bytes }: OfferWords): string =>
    `Offering ${sizeOrUnknown(bytes)} (/cancel ${String(id)} takes it back)  `,
  progress: (id: number, bytes: number, total: number | undefined): string =>
    total === undefined || total === 0
      ? `Transfer ${String(id)}: ${sizeOf(bytes)}`
      : `Transfer ${String(id)}: ${percent(bytes, total)}% of ${sizeOf(total)}`,
  /** Whose eyes are on one transfer: no number. `left`: seconds; undefined: not known. */
  bar: (bytes: number, total: number | undefined, rate: number, left: number | undefined): string =>
    total === undefined || total === 0
      ? `${sizeOf(bytes)}  ${sizeOf(rate)}/s`
      : `${percent(bytes, total).padStart(3)}%  ${sizeOf(bytes)} of ${sizeOf(total)}  ` +
        `${sizeOf(rate)}/s${left === undefined ? '' : `  ${duration(left)} left`}`,
  pipe: (sent: number, received: number, up: number, down: number): string =>
    `sent ${sizeOf(sent)} (${sizeOf(up)}/s)  received ${sizeOf(received)} (${sizeOf(down)}/s)`,
  reconnecting: {
    unknown: 'Connection lost. Reconnecting; it goes on where it stopped.',
    own: 'Your connection broke. Reconnecting; it goes on where it stopped.',
    peer: "Your peer's connection broke. Reconnecting; it goes on where it stopped.",
  },
  /** Why a pipe is truncated. */
  stopped: {
    output: 'the output here takes no more',
    input: 'the input here cannot be read',
    peerOutput: "your peer's output takes no more",
    peerInput: "your peer's input cannot be read",
  },
  /** The name follows. */
  asked: ({ bytes, free }: OfferWords): string =>
    `Your peer offers ${sizeOrUnknown(bytes)}${free === undefined ? '' : ` (${sizeOf(free)} free)`}:  `,
  question: 'Receive it? (yes/no) ',
  exists: 'Something has that name here. Keep both, or leave it out? (rename/skip) ',
  otherOffer: 'The offer before was taken back. This is another one: please answer again.',
  noAnswer: 'Please answer with one of the words in parentheses.',
  sending: ({ bytes }: OfferWords): string => `Offering ${sizeOrUnknown(bytes)}:  `,
  received: (bytes: number, sum: string): string => `Complete: ${sizeOf(bytes)}, SHA-256 ${sum}`,
  done: ({ id, bytes, sum }: { readonly id: number; readonly bytes: number; readonly sum: string }): string =>
    `Transfer ${String(id)} is complete: ${sizeOf(bytes)}, SHA-256 ${sum}`,
} as const;
