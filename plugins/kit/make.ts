/**
 * The boundary to code that is not ours yet: it may hang, and throw anything. What it made is checked in made.ts; nothing is
 * loaded and no adapter is known in this file.
 */
/** Loading a plugin, and making an adapter, may each take this long, milliseconds. */
export const MAKE_TIMEOUT_MS = 10_000;

/** What `work` gives, or an error that says that it took too long. While it waits the process stays alive. */
export async function inTime<Result>(work: () => Result | Promise<Result>, ms = MAKE_TIMEOUT_MS): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`it is not ready after ${String(ms / 1000)} seconds`)), ms);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The words of anything that was thrown: the first line of an error. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it threw something that is no error';
  const words = error.message.split('\n', 1)[0]?.trim() ?? '';
  return words === '' ? error.name : words;
}
