/**
 * Fairness between those who come and those who are there: of what is costly, a few in each turn of the event loop, so that
 * frames are passed on in between. Nothing that identifies a client may be written from this file.
 */

/** New connections in one turn: each costs as much as some ten frames. */
export const CONNECTIONS_PER_TURN = 4;

/** `perform` calls at once while the turn has room, else in one of the next turns, in order. */
export function createTurns(limit = CONNECTIONS_PER_TURN): { perform(work: () => void): void } {
  const waiting: (() => void)[] = [];
  let room = limit;
  let armed = false;

  function arm(): void {
    if (armed) return;
    armed = true;
    setImmediate(turn);
  }

  function turn(): void {
    armed = false;
    room = limit;
    const now = waiting.splice(0, limit);
    room -= now.length;
    for (const work of now) work();
    if (now.length > 0) arm();
  }

  return {
    perform(work) {
      arm();
      if (room === 0 || waiting.length > 0) {
        waiting.push(work);
        return;
      }
      room -= 1;
      work();
    },
  };
}
