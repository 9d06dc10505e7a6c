/**
 * Lines of which only the newest counts: a reader that does not keep up misses the ones between, and none of them is worth
 * an end. Nothing about their content may be in this file.
 */
import type { Outlet } from 'securechat/plugin';

/** Lines that an outlet may hold; of further ones only the newest is kept. */
export const LINES_HELD = 128;

export function createNewest(outlet: Outlet): { write(line: Uint8Array): void; flush(): Promise<void> } {
  let held = 0;
  let newest: Uint8Array | undefined;

  function put(line: Uint8Array): void {
    held += 1;
    outlet.write(line, () => {
      held -= 1;
      const next = newest;
      if (held > 0 || next === undefined) return;
      newest = undefined;
      put(next);
    });
  }

  return {
    /** Takes the line over. */
    write(line) {
      if (held < LINES_HELD) return put(line);
      newest?.fill(0);
      newest = line;
    },
    async flush() {
      await outlet.flush();
      // What nobody has read by now is not left in memory.
      newest?.fill(0);
      newest = undefined;
    },
  };
}
