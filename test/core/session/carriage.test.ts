/** How chunks get onto the connection, with the streams of one side and nothing around them (protocol.md section 8). */
import { expect, it } from 'vitest';
import { ascii } from '../../../core/protocol/bytes.js';
import { CHUNK_TYPE } from '../../../core/protocol/frame.js';
import { asKey } from '../../../core/protocol/keys.js';
import type { Role } from '../../../core/protocol/role.js';
import { createCarriage } from '../../../core/session/carriage.js';
import { CREDIT_EVERY } from '../../../core/session/bulk/incoming.js';
import type { Streams } from '../../../core/session/bulk/streams.js';
import type { Transfers } from '../../../core/session/transfers.js';
import { NEVER } from '../../../core/timers.js';
import { createNodeCrypto } from '../../../plugins/node-crypto/index.js';
import { TH } from '../../support/bulk.js';

const PIPE = { kind: 'pipe' } as const;
const WINDOW = 8;

function carrying(role: Role = 'A') {
  const crypto = createNodeCrypto();
  const keys = { take: () => asKey<'stream'>(crypto.hash([ascii('any')])), wipe: () => undefined };
  const sent: Uint8Array[] = [];
  const may = { open: true, room: Number.POSITIVE_INFINITY, allowed: 0 };
  let streams: Streams | undefined;
  const ignored = (): undefined => undefined;
  const carriage = createCarriage({
    crypto,
    established: { role, transcript: TH },
    transfers: {
      sink: { offered: ignored, accepted: ignored, wanted: ignored, data: ignored, ended: ignored },
      attach: (made: Streams) => void (streams = made),
      allow: () => void (may.allowed += 1),
    } as unknown as Transfers,
    transmit(chunk) {
      sent.push(chunk);
      may.room -= 1;
    },
    room: () => may.room > 0,
    cover: false,
    open: () => may.open,
  });
  if (streams === undefined) throw new Error('nobody was given the streams');
  return { carriage, streams, crypto, keys, sent, may };
}

/** A stream of this side that the peer has granted, with so many pieces to send. */
function granted(pieces: number) {
  const all = carrying();
  const { carriage, streams, keys } = all;
  streams.open(PIPE);
  carriage.source.next(1_000, 0);
  carriage.source.sealed(0, keys);
  carriage.take({ type: 'bulk-credit', id: 0, counter: 0, window: WINDOW }, 0, keys);
  carriage.carry();
  for (let i = 0; i < pieces; i++) streams.add(0, Uint8Array.of(i), false);
  return all;
}

it('opens and closes are said at once; a stream is busy until it has ended', () => {
  const { carriage, streams, crypto, keys } = carrying();
  expect([carriage.source.wakeAt(7), carriage.unsaid, carriage.busy, carriage.more]).toEqual([
    NEVER,
    false,
    false,
    false,
  ]);
  streams.open(PIPE);
  expect([carriage.source.wakeAt(7), carriage.unsaid, carriage.busy]).toEqual([7, true, true]);
  expect(carriage.source.next(1_000, 0)).toMatchObject({ type: 'bulk-open', id: 0 });
  carriage.source.sealed(0, keys);
  expect([carriage.unsaid, crypto.live]).toEqual([false, 1]);
  streams.abort(0, 'cancelled');
  expect([carriage.unsaid, carriage.busy, crypto.live]).toEqual([true, false, 0]);
  expect(carriage.source.next(1_000, 0)).toMatchObject({ type: 'bulk-close', reason: 'cancelled' });
  expect(carriage.unsaid).toBe(false);
});

it('hands over what is granted while there is room; the rest as soon as what waits is known anew', () => {
  const { carriage, sent, may } = granted(3);
  may.room = 2;
  carriage.carry();
  expect([sent.length, carriage.more]).toEqual([2, true]);
  expect(sent.every(([type]) => type === CHUNK_TYPE)).toBe(true);
  carriage.carry();
  expect([sent.length, carriage.more]).toEqual([2, false]);
  may.room = 20;
  carriage.carry();
  expect([sent.length, carriage.more]).toEqual([3, false]);
});

it('hands nothing over while nothing may be said, and lets nothing begin', () => {
  const { carriage, sent, may } = granted(1);
  may.open = false;
  const { allowed } = may;
  carriage.carry();
  expect([sent.length, may.allowed, carriage.more]).toEqual([0, allowed, false]);
  may.open = true;
  carriage.carry();
  expect([sent.length, may.allowed]).toEqual([1, allowed + 1]);
});

it('a record of the peer asks for a turn', () => {
  const { carriage, keys } = carrying();
  carriage.take({ type: 'bulk-open', id: 0, offer: PIPE }, 0, keys);
  expect([carriage.more, carriage.busy]).toEqual([true, true]);
  carriage.carry();
  expect(carriage.more).toBe(false);
});

it('what was on its way in a connection that is lost goes again, from where the peer is', () => {
  const { carriage, sent, keys } = granted(3);
  carriage.carry();
  expect(sent).toHaveLength(3);
  carriage.interrupted();
  carriage.resumed(4);
  carriage.carry();
  expect(sent).toHaveLength(3);
  carriage.take({ type: 'bulk-credit', id: 0, counter: 1, window: WINDOW }, 4, keys);
  carriage.carry();
  expect(sent.slice(3)).toEqual(sent.slice(1, 3));
});

it('a stream of the peer is granted at once, after what it brought in time, and anew when the connection is back', () => {
  const { carriage, streams, crypto, keys } = carrying('B');
  const grant = (now: number): number => {
    const due = carriage.credits.due(now);
    for (const { sealed } of due) sealed(now);
    return due.length;
  };
  carriage.take({ type: 'bulk-open', id: 0, offer: PIPE }, 0, keys);
  expect([grant(0), carriage.credits.at()]).toEqual([0, NEVER]);
  streams.accept(0);
  expect([grant(10), grant(10), carriage.credits.at()]).toEqual([1, 0, NEVER]);
  const peer = granted(1);
  peer.carriage.carry();
  expect(carriage.chunk(peer.sent[0] ?? new Uint8Array(0))).toBe('taken');
  expect(carriage.credits.at()).toBe(10 + CREDIT_EVERY);
  expect([grant(9 + CREDIT_EVERY), grant(10 + CREDIT_EVERY), grant(10 + CREDIT_EVERY)]).toEqual([0, 1, 0]);
  carriage.resumed(1);
  expect(grant(20 + CREDIT_EVERY)).toBe(1);
  expect(crypto.live).toBeGreaterThan(0);
  carriage.wipe();
  expect([crypto.live, carriage.busy]).toEqual([0, false]);
});
