/**
 * Makes the range tables of adapters/text/unicode.ts from the running Node's Unicode data. Only the tests may import it:
 * the program itself carries the tables, because compiling them at start-up costs more than a whole chat.
 */

/** The classes as Node's regular expressions name them. */
export const CLASSES = {
  hidden: /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u,
  extending: /(?!\p{Default_Ignorable_Code_Point})[\p{M}\p{Emoji_Modifier}\uff9e\uff9f]/u,
  pictograph: /(?!\p{Cn})\p{Extended_Pictographic}/u,
} as const;

/** The inclusive ranges of code points that `pattern` matches, ascending. */
export function rangesOf(pattern: RegExp): [number, number][] {
  const ranges: [number, number][] = [];
  let start = -1;
  for (let point = 0; point <= 0x110000; point++) {
    const inside = point <= 0x10ffff && pattern.test(String.fromCodePoint(point));
    if (inside && start < 0) start = point;
    if (!inside && start >= 0) {
      ranges.push([start, point - 1]);
      start = -1;
    }
  }
  return ranges;
}

/** The form of the tables: for each range its distance from the end of the last one, `,` and its further length. */
export function encodeRanges(ranges: readonly (readonly [number, number])[]): string {
  let last = 0;
  return ranges
    .map(([from, to]) => {
      const step = (from - last).toString(36);
      last = to;
      return to > from ? `${step},${(to - from).toString(36)}` : step;
    })
    .join(' ');
}
