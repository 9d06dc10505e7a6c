/** A stream that begins on the relay, moves to a direct path, and loses it twice: whole, each byte once, in order. */
import { expect, test } from 'vitest';
import { createSodiumCrypto } from '../../../adapters/crypto/sodium.js';
import type { BulkCommand, BulkEvent } from '../../../core/bulk-port.js';
import { PATH_PAUSE } from '../../../core/session/path.js';
import { runs } from '../../support/chance.js';
import { createPair, type Pair, SIDES, type Side } from '../../support/pair.js';

const PIECE = 50_000;
const MIB = 1024 * 1024;
const TOTAL = runs(8, 64, 1024) * MIB;

const cryptos = { left: await createSodiumCrypto(), right: await createSodiumCrypto() };

/** The bytes of a pipe: each place has its own. */
function fill(target: Uint8Array, from: number): Uint8Array {
  for (let i = 0; i < target.length; i++) target[i] = ((from + i) * 31 + ((from + i) >> 8)) & 255;
  return target;
}

test(`${String(TOTAL / MIB)} MiB through a pipe that moves, and loses its path twice`, () => {
  const waiting: { readonly side: Side; readonly event: BulkEvent }[] = [];
  const seen = { given: 0, received: 0, wrong: 0, whole: false };
  const expected = new Uint8Array(PIECE * 2);

  function tell(side: Side, event: BulkEvent): void {
    waiting.push({ side, event });
  }

  function give(id: number, count: number): void {
    for (let i = 0; i < count && seen.given < TOTAL; i++) {
      const data = fill(new Uint8Array(Math.min(PIECE, TOTAL - seen.given)), seen.given);
      seen.given += data.length;
      tell('left', { type: 'data', id, data, last: seen.given === TOTAL, content: data.length, sum: 'sum' });
    }
  }

  function sender(command: BulkCommand): void {
    if (command.type === 'active') tell('left', { type: 'ready', id: undefined, offer: { kind: 'pipe' } });
    if (command.type === 'want') give(command.id, command.count);
  }

  function receiver(command: BulkCommand): void {
    if (command.type === 'offered') tell('right', { type: 'accept', id: command.id });
    if (command.type === 'over') seen.whole = command.whole;
    if (command.type !== 'data') return;
    const { data, id, last } = command;
    const same = Buffer.compare(data, fill(expected.subarray(0, data.length), seen.received)) === 0;
    seen.wrong += Number(!same);
    seen.received += data.length;
    tell('right', { type: 'used', id, count: 1, content: data.length });
    if (last) tell('right', { type: 'whole', id, sum: 'sum' });
  }

  let near = false;
  const pair: Pair = createPair({
    left: { direct: true, bulk: sender, crypto: cryptos.left },
    right: { direct: true, bulk: receiver, crypto: cryptos.right },
    paths: { near: () => near },
  });
  const over = { relay: 0, direct: 0 };
  pair.relay.frame = (frame, from) => {
    over.relay += frame.length;
    pair.deliver(from === 'left' ? 'right' : 'left', frame);
  };
  const ways = (): boolean => SIDES.every((side) => pair.paths.has(side));

  function step(ms: number): void {
    for (const { side, event } of waiting.splice(0)) pair.bulk(side, event);
    pair.advance(ms);
  }

  /** Until so much has arrived. */
  function until(bytes: number): void {
    for (let i = 0; seen.received < bytes; i++) {
      if (i > 200_000) throw new Error(`only ${String(seen.received)} bytes arrive`);
      step(1);
    }
  }

  pair.start();
  until(TOTAL / 8);
  expect([ways(), over.relay > TOTAL / 8]).toEqual([false, true]);
  near = true;
  let [quarter, moves] = [1, 0];
  for (; moves < 3; moves++) {
    // It is looked for once a minute; meanwhile the pipe rests, as one does whose reader is slow.
    for (let i = 0; !ways(); i++) {
      if (i > 400) throw new Error('it does not move');
      pair.advance(PATH_PAUSE / 60);
    }
    until((TOTAL / 4) * quarter);
    // A path that lasts a minute is believed in.
    pair.advance(PATH_PAUSE);
    quarter += 1;
    if (moves < 2) pair.paths.cut();
  }
  const relayed = over.relay;
  until(TOTAL);
  for (let i = 0; i < 100 && !seen.whole; i++) step(10);
  expect(seen).toEqual({ given: TOTAL, received: TOTAL, wrong: 0, whole: true });
  expect(pair.left.paths.filter((path) => path === 'broke')).toHaveLength(2);
  // The last quarter went past the relay.
  expect([ways(), over.relay]).toEqual([true, relayed]);
});
