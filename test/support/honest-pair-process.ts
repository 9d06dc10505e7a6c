/**
 * An honest pair in a process of its own, so that what an attack costs the test is not taken for what it costs the pair.
 * Started by honest-pair.ts; no expectation may be in this file.
 */
import { connectHonestPair } from './honest-pair.js';
import type { RelayProgram } from './relay.js';

const [program, url = ''] = process.argv.slice(2);
const pair = await connectHonestPair(program as RelayProgram, new URL(url));
const answer = (message: object): void => void process.send?.(message);
process.on('message', (count: number) => {
  pair.chat(count).then(
    (times) => answer({ times }),
    (error: unknown) => answer({ failed: String(error) }),
  );
});
process.on('disconnect', () => {
  pair.close();
});
answer({ room: pair.room, seats: pair.seats });
