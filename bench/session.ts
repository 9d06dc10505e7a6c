/**
 * What the core costs alone: two sessions in one process without a socket between them, messages a second one way and
 * back with their receipts, and one frame sealed and opened, for each crypto adapter.
 */
import { performance } from 'node:perf_hooks';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { createSodiumCrypto } from '../adapters/crypto/sodium.js';
import { createTweetnaclCrypto } from '../adapters/crypto/tweetnacl.js';
import type { CryptoPort } from '../core/ports.js';
import type { Nameplate } from '../core/room/code.js';
import type { SessionEvent } from '../core/session/events.js';
import { createSession, type Session } from '../core/session/session.js';
import { quantile } from './figures.js';

const ROUNDS = 5;
const MESSAGES = 20_000;
/** Messages that one turn of a program's event loop brings. */
const BURST = 500;
const TEXT = 128;

interface Side {
  readonly session: Session;
  readonly out: Uint8Array[];
  shown: number;
  delivered: number;
}

function side(crypto: CryptoPort): Side {
  const secret = new TextEncoder().encode('tunnel-anchor-mango');
  const session = createSession({
    crypto,
    nameplate: '482913' as Nameplate,
    form: 'generated',
    prs: crypto.take(secret),
    verify: false,
    name: new Uint8Array(0),
    receipts: true,
    resumeTimeout: 0,
    idleTimeout: Number.POSITIVE_INFINITY,
    pace: false,
    version: new Uint8Array(0),
    words: wordlist,
  });
  return { session, out: [], shown: 0, delivered: 0 };
}

/** Everything happens at once: there is no network, and time stands still. */
function pairOf(one: CryptoPort, two: CryptoPort): { left: Side; say: (count: number) => void; right: Side } {
  const [left, right] = [side(one), side(two)];

  function handle(who: Side, event: SessionEvent): void {
    for (const effect of who.session.handle(event, 0)) {
      if (effect.type === 'transmit') who.out.push(effect.frame);
      if (effect.type !== 'show') continue;
      if (effect.view.type === 'message') {
        who.shown += 1;
        handle(who, { type: 'ui', event: { type: 'shown', id: effect.view.id } });
      }
      if (effect.view.type === 'status' && effect.view.status === 'delivered') who.delivered += 1;
    }
  }

  function pass(from: Side, to: Side): boolean {
    const frames = from.out.splice(0);
    for (const frame of frames) handle(to, { type: 'transport', event: { type: 'frame', frame } });
    return frames.length > 0;
  }

  function settle(): void {
    for (;;) {
      if (pass(left, right) || pass(right, left)) continue;
      const due = [left, right].filter(({ session }) => session.wakeAt <= 0);
      if (due.length === 0) return;
      for (const who of due) handle(who, { type: 'wake' });
    }
  }

  for (const who of [left, right]) {
    handle(who, { type: 'start' });
    handle(who, { type: 'transport', event: { type: 'open' } });
  }
  for (const who of [left, right]) {
    handle(who, { type: 'transport', event: { type: 'control', message: { type: 'joined', peer: true } } });
  }
  settle();
  return {
    left,
    right,
    say(count) {
      for (let i = 0; i < count; i++) {
        handle(left, { type: 'ui', event: { type: 'send', text: new Uint8Array(TEXT).fill(120) } });
      }
      settle();
    },
  };
}

/** Messages a second when `burst` of them come in one turn. */
function rate(one: CryptoPort, two: CryptoPort, burst: number, count: number): number {
  const { left, right, say } = pairOf(one, two);
  const start = performance.now();
  for (let sent = 0; sent < count; sent += burst) say(burst);
  const seconds = (performance.now() - start) / 1000;
  if (right.shown !== count || left.delivered !== count) throw new Error('messages are missing');
  return count / seconds;
}

const cryptos: Readonly<Record<string, () => Promise<CryptoPort>>> = {
  tweetnacl: () => Promise.resolve(createTweetnaclCrypto()),
  sodium: () => createSodiumCrypto(),
};
console.log(`two sessions in one process, no sockets; medians of ${ROUNDS} rounds, messages of ${TEXT} bytes`);
for (const [name, create] of Object.entries(cryptos)) {
  const [one, two] = [await create(), await create()];
  const many: number[] = [];
  const single: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    many.push(rate(one, two, BURST, MESSAGES));
    single.push(rate(one, two, 1, MESSAGES / 10));
  }
  const figure = (rates: number[]): string => quantile(rates, 0.5).toFixed(0).padStart(8);
  console.log(
    `${name.padEnd(12)} ${figure(many)}/s in bursts of ${BURST}   ${figure(single)}/s one by one, with its receipt each`,
  );
}
