/**
 * Somebody who has stolen every key of an epoch from both sides and sits between them since: two ratchets of his own, one
 * towards each side, and a rekey of his own with each. What is said he passes on, sealed anew. No expectation may be in
 * this file.
 */
import type { CryptoPort } from '../../core/ports.js';
import { asKey } from '../../core/protocol/keys.js';
import { createRatchet } from '../../core/protocol/ratchet.js';
import type { ProtocolRecord } from '../../core/protocol/records.js';
import { type ChannelEnd, channelOf } from './channels.js';
import { type End, type Ends, end } from './ratchets.js';
import { createSodium } from './sodium.js';

export interface Theft {
  readonly crypto: CryptoPort;
  readonly a: ChannelEnd;
  readonly b: ChannelEnd;
  now: number;
  /** What the thief does not pass on. */
  withheld: ReadonlySet<ProtocolRecord['type']>;
  /** While he only listens frames go by unchanged. */
  active: boolean;
  /** Frames that he could open while he only listened. */
  overheard: number;
  advance(ms: number): void;
}

export function theft(): Theft {
  const crypto = createSodium();
  const root = crypto.random(64);
  const scalars = { A: asKey<'scalar'>(crypto.randomSecret(32)), B: asKey<'scalar'>(crypto.randomSecret(32)) };
  const points = { A: crypto.x25519Public(scalars.A), B: crypto.x25519Public(scalars.B) };
  const start = () => asKey<'ratchet'>(crypto.take(root.slice()));
  const asA = (): End => end(createRatchet(crypto, 'A', start(), scalars.A, points.B));
  const asB = (): End => end(createRatchet(crypto, 'B', start(), scalars.B, points.A));
  const honest: Ends = { crypto, a: asA(), b: asB() };
  /** The stolen keys: as A towards B, as B towards A. */
  const toB = asA();
  const toA = asB();
  const clock = { now: 0 };
  const [a, b] = [channelOf(honest, 'A', {}, () => clock.now), channelOf(honest, 'B', {}, () => clock.now)];
  b.channel.send([{ type: 'ping' }], 0);

  function hand(from: End, to: ChannelEnd, records: readonly ProtocolRecord[]): void {
    const { frame } = from.ratchet.seal(from.sealed++, from.opened, records);
    const received = to.channel.receive(frame, clock.now);
    if (received.type === 'gap') throw new Error('the thief has lost his place');
    if (received.type !== 'opened') return;
    to.got.push(...received.records.map(({ type }) => type));
    received.wipe();
  }

  /** The thief's side of a rekey, and what he passes on, with his own number of the epoch in it. */
  function passOn(record: ProtocolRecord, epoch: number): ProtocolRecord[] {
    if (self.withheld.has(record.type)) return [];
    switch (record.type) {
      case 'offer':
      case 'answer':
      case 'rekey-wanted':
        return [];
      case 'words-commit':
      case 'words-nonce':
      case 'words-reveal':
        return [{ ...record, value: record.value.slice(), epoch }];
      default:
        return [structuredClone(record)];
    }
  }

  function fromA(frame: Uint8Array): void {
    const opened = toA.open(frame);
    if (opened === undefined) throw new Error('the thief is locked out');
    for (const record of opened.records) {
      if (record.type !== 'offer') continue;
      const answer = toA.ratchet.answerOffer(record.value);
      hand(toA, a, [answer]);
      toA.ratchet.answerSealed();
      hand(toB, b, [toB.ratchet.makeOffer()]);
      b.channel.tick(clock.now);
      pumpB();
    }
    const records = opened.records.flatMap((record) => passOn(record, toB.ratchet.epoch));
    if (records.length < opened.records.length) hand(toA, a, []);
    opened.wipe();
    hand(toB, b, records);
  }

  function fromB(frame: Uint8Array): void {
    const opened = toB.open(frame);
    if (opened === undefined) throw new Error('the thief is locked out');
    let answered = false;
    for (const record of opened.records) {
      if (record.type !== 'answer') continue;
      toB.ratchet.takeAnswer(record.value);
      answered = true;
    }
    // B waits for a frame of the new epoch.
    if (answered) hand(toB, b, []);
    const records = opened.records.flatMap((record) => passOn(record, toA.ratchet.epoch));
    // What he keeps he acknowledges himself.
    if (records.length < opened.records.length) hand(toB, b, []);
    opened.wipe();
    hand(toA, a, records);
  }

  function pumpB(): boolean {
    const frame = b.out.shift();
    if (frame !== undefined) fromB(frame);
    return frame !== undefined;
  }

  function listen(frame: Uint8Array, stolen: End, to: ChannelEnd): void {
    if (stolen.open(frame) !== undefined) self.overheard += 1;
    const received = to.channel.receive(frame, clock.now);
    if (received.type === 'opened') received.wipe();
  }

  function step(): boolean {
    const frame = a.out.shift();
    if (frame !== undefined) {
      if (self.active) fromA(frame);
      else listen(frame, toA, b);
      return true;
    }
    if (self.active) return pumpB();
    const other = b.out.shift();
    if (other !== undefined) listen(other, toB, a);
    return other !== undefined;
  }

  function settle(): void {
    for (let steps = 0; ; steps++) {
      if (steps > 100_000) throw new Error('it does not come to rest');
      if (step()) continue;
      const due = [a, b].filter(({ channel }) => channel.wakeAt(clock.now) <= clock.now);
      if (due.length === 0) return;
      for (const { channel } of due) channel.tick(clock.now);
    }
  }

  const self: Theft = {
    crypto,
    a,
    b,
    withheld: new Set(),
    active: true,
    overheard: 0,
    get now() {
      return clock.now;
    },
    set now(at) {
      clock.now = at;
    },
    advance(ms) {
      const until = clock.now + ms;
      for (;;) {
        settle();
        const at = Math.min(a.channel.wakeAt(clock.now), b.channel.wakeAt(clock.now));
        if (at > until) break;
        clock.now = at;
      }
      clock.now = until;
      settle();
    },
  };
  return self;
}
