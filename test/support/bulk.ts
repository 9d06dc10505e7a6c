/**
 * Two sets of streams and what lies between them: frames in order and sent again after a cut, chunks that are lost with the
 * connection, an ack for each frame that arrives. Nothing waits; a test scripts what comes when.
 */
import type { BulkOffer } from '../../core/bulk-port.js';
import type { BulkRecord, StreamCloseReason } from '../../core/protocol/bulk-records.js';
import { ascii, concat } from '../../core/protocol/bytes.js';
import { asBytes, asKey, type Key } from '../../core/protocol/keys.js';
import type { Role } from '../../core/protocol/role.js';
import type { CryptoPort } from '../../core/ports.js';
import { createStreams, type OpenedKeys, type Streams } from '../../core/session/bulk/streams.js';
import { createNodeCrypto } from '../../plugins/node-crypto/index.js';
import type { Side } from './pair.js';

export const TH = asBytes<'transcript'>(new Uint8Array(64).fill(7));
const ROOM = 16_000;

interface SentFrame {
  readonly seq: number;
  readonly records: readonly BulkRecord[];
}

type Sent =
  | { readonly type: 'frame'; readonly frame: SentFrame }
  | { readonly type: 'chunk'; readonly chunk: Uint8Array }
  | { readonly type: 'ack'; readonly next: number };

/** A stream of this side that is fed from `content`, or for ever. */
export interface Source {
  readonly content: Uint8Array;
  at: number;
  readonly piece: number;
  readonly endless: boolean;
}

export interface End {
  readonly side: Side;
  readonly crypto: CryptoPort;
  readonly streams: Streams;
  /** On the way to the other side. */
  readonly link: Sent[];
  readonly offers: Map<number, BulkOffer>;
  readonly accepted: Set<number>;
  readonly received: Map<number, { readonly parts: Uint8Array[]; last: boolean; unused: number }>;
  readonly sources: Map<number, Source>;
  readonly wanted: Map<number, number>;
  readonly ended: { readonly own: boolean; readonly id: number; readonly reason: StreamCloseReason }[];
  /** Chunks that were handed over, again and again counted. */
  chunks: number;
  gaps: number;
}

export interface BulkPair {
  readonly left: End;
  readonly right: End;
  now: number;
  connected: boolean;
  /** Everything that is due on this side and may be sealed; at most `chunks` chunks. */
  work(side: Side, chunks?: number): void;
  /** Delivers the next thing to this side. False: nothing was on the way. */
  deliver(to: Side): boolean;
  cut(): void;
  resume(): void;
  /** Until nothing moves. */
  settle(): void;
}

/** S_0 as both sides have it. */
function firstKey(crypto: CryptoPort, sender: Role, seq: number, id: number): Key<'stream'> {
  return asKey<'stream'>(crypto.hash([ascii(`mk ${sender} ${String(seq)} ${String(id)}`)]));
}

export function createBulkPair(): BulkPair {
  const unacked: Record<Side, SentFrame[]> = { left: [], right: [] };
  const nextSeq: Record<Side, number> = { left: 0, right: 0 };
  const expected: Record<Side, number> = { left: 0, right: 0 };
  const ends = { left: end('left'), right: end('right') };
  const roleOf = (side: Side): Role => (side === 'left' ? 'A' : 'B');
  const otherSide = (side: Side): Side => (side === 'left' ? 'right' : 'left');

  function end(side: Side): End {
    const crypto = createNodeCrypto();
    const here: End = {
      side,
      crypto,
      streams: createStreams(crypto, side === 'left' ? 'A' : 'B', TH, {
        offered: (id, offer) => void here.offers.set(id, offer),
        accepted: (id) => void here.accepted.add(id),
        wanted: (id, count) => void here.wanted.set(id, (here.wanted.get(id) ?? 0) + count),
        data(id, data, last) {
          const stream = here.received.get(id) ?? { parts: [], last: false, unused: 0 };
          here.received.set(id, stream);
          stream.parts.push(data.slice());
          stream.last = last;
          stream.unused += 1;
        },
        ended: (own, id, reason) => void here.ended.push({ own, id, reason }),
      }),
      link: [],
      offers: new Map(),
      accepted: new Set(),
      received: new Map(),
      sources: new Map(),
      wanted: new Map(),
      ended: [],
      chunks: 0,
      gaps: 0,
    };
    return here;
  }

  function keysOf(receiver: Side, sender: Side, seq: number): OpenedKeys {
    return { take: (id) => firstKey(ends[receiver].crypto, roleOf(sender), seq, id) };
  }

  function seal(side: Side, records: readonly BulkRecord[]): number {
    const seq = nextSeq[side]++;
    const frame = { seq, records };
    unacked[side].push(frame);
    ends[side].link.push({ type: 'frame', frame });
    return seq;
  }

  function sealDue(side: Side): void {
    const { streams } = ends[side];
    for (;;) {
      const record = streams.next(ROOM) as BulkRecord | undefined;
      if (record === undefined) break;
      const seq = seal(side, [record]);
      streams.sealed(keysOf(side, side, seq));
    }
    for (const { record, always, sealed } of streams.credits(pair.now)) {
      const out = unacked[side].some(({ records }) =>
        records.some((each) => each.type === 'bulk-credit' && each.id === record.id),
      );
      if (out && !always) continue;
      seal(side, [record]);
      sealed(pair.now);
    }
  }

  function feed(side: Side): void {
    const { streams, sources, wanted } = ends[side];
    streams.ask();
    for (const [id, count] of wanted) {
      const source = sources.get(id);
      wanted.delete(id);
      for (let i = 0; i < count && source !== undefined; i++) {
        if (source.endless) {
          streams.add(id, new Uint8Array(source.piece), false);
          continue;
        }
        const data = source.content.slice(source.at, source.at + source.piece);
        source.at += data.length;
        const last = source.at === source.content.length;
        streams.add(id, data, last);
        if (!last) continue;
        sources.delete(id);
        break;
      }
    }
  }

  const pair: BulkPair = {
    ...ends,
    now: 0,
    connected: true,

    work(side, chunks = Number.POSITIVE_INFINITY) {
      feed(side);
      if (!pair.connected) return;
      sealDue(side);
      for (let i = 0; i < chunks; i++) {
        const chunk = ends[side].streams.nextChunk();
        if (chunk === undefined) return;
        ends[side].chunks += 1;
        ends[side].link.push({ type: 'chunk', chunk });
        feed(side);
      }
    },

    deliver(to) {
      const from = otherSide(to);
      const sent = ends[from].link.shift();
      if (sent === undefined) return false;
      const { streams } = ends[to];
      if (sent.type === 'ack') {
        unacked[to] = unacked[to].filter(({ seq }) => seq >= sent.next);
      } else if (sent.type === 'chunk') {
        if (streams.chunk(sent.chunk) === 'gap') {
          ends[to].gaps += 1;
          pair.cut();
        }
      } else if (sent.frame.seq === expected[to]) {
        expected[to] += 1;
        for (const record of sent.frame.records) {
          streams.record(record, sent.frame.seq, keysOf(to, from, sent.frame.seq));
        }
        ends[to].link.push({ type: 'ack', next: expected[to] });
      }
      return true;
    },

    cut() {
      pair.connected = false;
      for (const side of ['left', 'right'] as const) {
        ends[side].link.length = 0;
        ends[side].streams.interrupted();
      }
    },

    resume() {
      pair.connected = true;
      for (const side of ['left', 'right'] as const) {
        // The proof is an ack of everything that was opened before.
        unacked[side] = unacked[side].filter(({ seq }) => seq >= expected[otherSide(side)]);
        for (const frame of unacked[side]) ends[side].link.push({ type: 'frame', frame });
        ends[side].streams.resumed(nextSeq[otherSide(side)]);
      }
    },

    settle() {
      for (let moved = true; moved; ) {
        for (const side of ['left', 'right'] as const) pair.work(side);
        const delivered = [pair.deliver('left'), pair.deliver('right')];
        moved = delivered.some((each) => each);
      }
    },
  };
  return pair;
}

export function contentOf({ received }: End, id: number): Uint8Array {
  return concat(...(received.get(id)?.parts ?? []));
}

/** Uses what came, and ends what is whole. */
export function consume({ streams, received }: End, id: number): void {
  const stream = received.get(id);
  if (stream === undefined || stream.unused === 0) return;
  streams.used(id, stream.unused);
  stream.unused = 0;
  if (stream.last) streams.finish(id, 'whole');
}
