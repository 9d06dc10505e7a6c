/**
 * Meeting in a local network without a relay (protocol.md section 8a): every side is a relay for its own rooms, announces
 * itself, and looks for the other. Who was there first, or has the lowest nonce, is joined by the other; from then on one
 * is to the other what a relay is. No key, no socket and no sentence may be in this file.
 *
 *   looking ──▶ waiting, in the own seat ──▶ met, in either's ──▶ waiting, when the other leaves ──▶ over
 */
import type { OwnAddress } from '../../core/path-port.js';
import type { ClockPort, Connection, CryptoPort, TransportEvent, TransportPort } from '../../core/ports.js';
import { hex } from '../../core/protocol/bytes.js';
import { announcement, LAN_NONCE } from '../../core/protocol/lan-record.js';
import { fraction } from '../../core/session/backoff.js';
import { createTimers, NEVER } from '../../core/timers.js';
import { addressText } from '../../core/session/path-candidates.js';
import { checkRelayMessage, type Join } from '../../core/wire/control.js';
import { type Allowance, type Candidate, createAllowance, createCandidates } from './candidates.js';
import type { Interface, Multicast, MulticastEvents } from './multicast.js';

/** Whoever is there already answers within this, TELL_EVERY included, milliseconds; up to as much again is left to chance. */
export const LOOK = 1_100;
/** In all, before this side takes its own seat. */
export const LOOK_LIMIT = 4_000;
/** From a dial to the peer in its seat there, milliseconds. */
export const DIAL = 3_000;
/** For the higher nonce to come; then the lower one dials: something may keep others out of its machine. */
export const COME = 3_000;
/** Between the first questions, then twice as long each time, up to this. */
export const ASK_LIMIT = 10_000;
/** From one announcement to the next, whoever asks: at least. */
export const TELL_EVERY = 1_000;
/** For somebody who has a seat, where everybody else has none. */
export const FULL = 1_000;

/** How old what is known of the own interfaces may be. */
const OWN_AGE = 1_000;

export interface LanOptions {
  readonly clock: ClockPort;
  readonly crypto: CryptoPort;
  /** The relay inside this program, for the rooms that are joined through it. */
  readonly home: TransportPort;
  /** Where it listens. */
  readonly port: number;
  /** A relay elsewhere. */
  readonly reach: (relay: URL) => TransportPort;
  readonly interfaces: () => readonly Interface[];
  readonly openMulticast: (events: MulticastEvents) => Multicast;
}

export function createLan(options: LanOptions): TransportPort {
  const allowance = createAllowance();
  return { open: (join, sink) => visit(options, allowance, { ...join, mode: 'join' }, sink) };
}

type Phase = 'looking' | 'waiting' | 'met' | 'over';

function visit(
  { clock, crypto, home, port, reach, interfaces, openMulticast }: LanOptions,
  allowance: Allowance,
  join: Join,
  sink: (event: TransportEvent) => void,
): Connection {
  const nonce = crypto.random(LAN_NONCE);
  const mine = hex(nonce);
  const own = createOwn(clock, interfaces);
  const candidates = createCandidates({ crypto, room: join.room, nonce: mine, port, own, allowance });
  const timers = createTimers<'settle' | 'ask' | 'tell' | 'dial' | 'full'>();
  let phase: Phase = 'looking';
  let net: Multicast | undefined;
  /** The connection over which it goes, or would go: the own seat, or the peer's. */
  let used: Connection | undefined;
  let dial: { readonly connection: Connection; readonly candidate: Candidate } | undefined;
  /** The session has its seat. */
  let seated = false;
  /** The end was told. */
  let ended = false;
  let lookUntil = 0;
  let pause = 1_000;
  let toldAt = Number.NEGATIVE_INFINITY;
  let cancel: (() => void) | undefined;

  // -- time

  function arm(): void {
    cancel?.();
    const now = clock.now();
    const seeks = dial === undefined && phase !== 'met';
    const at = Math.min(timers.next(), ...(seeks ? [candidates.wakeAt(mayJoin, now), ...comeBy(now)] : []));
    cancel = phase === 'over' || at === NEVER ? undefined : clock.wakeAt(at, wake);
  }

  /** When those that should come will have had their time for it. */
  function comeBy(now: number): readonly number[] {
    return candidates.all.map(({ since }) => since + COME).filter((at) => at > now);
  }

  function wake(): void {
    const now = clock.now();
    if (timers.rings('settle', now) && phase === 'looking') sit();
    if (timers.rings('dial', now)) hangUp();
    if (timers.rings('ask', now)) ask(now);
    if (timers.rings('tell', now)) tell();
    if (timers.rings('full', now)) full();
    seek();
    arm();
  }

  // -- what is asked and told

  function ask(now: number): void {
    net?.ask();
    timers.set('ask', now + pause);
    pause = Math.min(pause * 2, ASK_LIMIT);
  }

  function said(addresses: readonly Uint8Array[]) {
    return announcement(crypto, join.room, nonce, { port, addresses });
  }

  /** Where this side has a seat for the peer; never more often than it must. */
  function tell(): void {
    if (phase === 'looking' || phase === 'over' || used === undefined) return;
    toldAt = clock.now();
    net?.tell(said);
  }

  function tellSoon(): void {
    const at = toldAt + TELL_EVERY;
    if (at <= clock.now()) tell();
    else if (!timers.isSet('tell')) timers.set('tell', at);
  }

  /** From now on it is looked for: at first often. */
  function search(): void {
    pause = 1_000;
    ask(clock.now());
  }

  function hide(): void {
    if (phase !== 'looking') net?.tell(said, true);
    net?.close();
    net = undefined;
    timers.stop('ask', 'tell');
  }

  function show(): void {
    net ??= openMulticast({
      asked() {
        tellSoon();
        arm();
      },
      said(what, from, over) {
        if (phase === 'over') return;
        const before = candidates.all.length;
        candidates.heard(what, from, over, clock.now());
        // Who has just come hears of this side, although its question may have been lost.
        if (candidates.all.length > before && phase === 'waiting') tellSoon();
        seek();
        arm();
      },
      changed() {
        if (phase === 'looking' || phase === 'waiting') search();
        tellSoon();
        arm();
      },
      failed(why) {
        // Who is met is talked to all the same.
        if (phase === 'looking' || phase === 'waiting') end('SC-372', why);
      },
    });
  }

  // -- the own seat

  function sit(): void {
    hangUp();
    phase = 'waiting';
    timers.stop('settle');
    const seat = home.open(join, (event) => {
      if (used === seat) atHome(event);
    });
    used = seat;
    search();
    tell();
    timers.set('tell', clock.now() + TELL_EVERY);
  }

  function atHome(event: TransportEvent): void {
    if (phase === 'over') return pass(event);
    const message = event.type === 'control' ? checkRelayMessage(event.message) : undefined;
    if (message?.type === 'peer-joined' || (message?.type === 'joined' && message.peer)) meet();
    if (message?.type === 'peer-left' && phase === 'met') {
      phase = 'waiting';
      search();
    }
    // Told once; a seat that was taken again after the peer left is nothing new.
    if (message?.type === 'joined') return joined(message.peer, event);
    pass(event);
    arm();
  }

  function joined(peer: boolean, event: TransportEvent): void {
    if (!seated) pass(event);
    else if (peer) pass({ type: 'control', message: { type: 'peer-joined' } });
    seated = true;
    arm();
  }

  function pass(event: TransportEvent): void {
    if (event.type === 'open' || ended) return;
    if (event.type === 'closed') {
      ended = true;
      stop();
    }
    sink(event);
  }

  // -- the peer's

  function mayJoin({ nonce: theirs, since, full: none }: Candidate): boolean {
    if (none) return false;
    return phase === 'looking' || theirs < mine || clock.now() >= since + COME;
  }

  function seek(): void {
    if (dial !== undefined || phase === 'met' || phase === 'over') return;
    const found = candidates.next(mayJoin, clock.now());
    if (found === undefined) return;
    const connection = reach(urlOf(found.address, found.port)).open(join, (event) => {
      if (used === connection) away(event);
      else if (dial?.connection === connection) dialled(event);
    });
    dial = { connection, candidate: found.candidate };
    timers.set('dial', clock.now() + DIAL);
    // It is not long until this is known.
    if (timers.isSet('settle')) timers.set('settle', Math.min(clock.now() + DIAL, lookUntil));
  }

  /** Before the peer is there: of everything that can be wrong nothing is told, and the next is tried. */
  function dialled(event: TransportEvent): void {
    const message = event.type === 'control' ? checkRelayMessage(event.message) : undefined;
    if (message?.type === 'peer-joined' || (message?.type === 'joined' && message.peer)) return move();
    if (event.type !== 'closed' && message?.type !== 'error' && event.type !== 'frame') return;
    if (message?.type === 'error' && message.code === 'room-full' && dial !== undefined) {
      dial.candidate.full = true;
      if (!timers.isSet('full')) timers.set('full', clock.now() + FULL);
    }
    hangUp();
    seek();
    arm();
  }

  /** The peer sits at its own relay: the seat is there from now on. */
  function move(): void {
    const left = used;
    used = dial?.connection;
    dial = undefined;
    left?.close();
    hide();
    meet();
    joined(true, { type: 'control', message: { type: 'joined', peer: true } });
  }

  function away(event: TransportEvent): void {
    const message = event.type === 'control' ? checkRelayMessage(event.message) : undefined;
    if (message?.type !== 'peer-left' || phase === 'over') return pass(event);
    const left = used;
    show();
    sit();
    left?.close();
    pass(event);
    arm();
  }

  function hangUp(): void {
    timers.stop('dial');
    const { connection } = dial ?? {};
    dial = undefined;
    connection?.close();
  }

  function meet(): void {
    phase = 'met';
    hangUp();
    timers.stop('settle', 'ask', 'full');
  }

  /** Somebody who announces this room has two in it, and nobody else has a seat. */
  function full(): void {
    if (candidates.all.some(({ dials }) => dials === 0)) timers.set('full', clock.now() + FULL);
    else pass({ type: 'control', message: { type: 'error', code: 'room-full' } });
  }

  // -- the end

  function stop(): void {
    hangUp();
    hide();
    phase = 'over';
    timers.stopAll();
    cancel?.();
  }

  function end(code: 'SC-371' | 'SC-372', detail: string): void {
    const left = used;
    used = undefined;
    pass({ type: 'closed', reason: 'unreachable', detail, code });
    left?.close();
  }

  queueMicrotask(() => {
    if (phase === 'over') return;
    if (interfaces().length === 0) return end('SC-371', '');
    sink({ type: 'open' });
    show();
    lookUntil = clock.now() + LOOK_LIMIT;
    timers.set('settle', clock.now() + LOOK * (1 + fraction(crypto)));
    search();
    arm();
  });

  return {
    get waiting() {
      return used?.waiting ?? 0;
    },
    send: (frame) => used?.send(frame) ?? false,
    join: (again) => used?.join?.({ ...again, mode: 'join' }),
    close() {
      if (phase === 'over') return;
      stop();
      if (used === undefined) queueMicrotask(() => pass({ type: 'closed', reason: 'closed', detail: '' }));
      // What was sent is flushed first, and `closed` follows.
      else used.close();
    },
  };
}

/** The addresses of this machine, asked for once a second at most, however much is said in the network. */
function createOwn(clock: ClockPort, interfaces: LanOptions['interfaces']): () => readonly OwnAddress[] {
  let [at, known]: [number, readonly OwnAddress[]] = [Number.NEGATIVE_INFINITY, []];
  return () => {
    if (clock.now() < at + OWN_AGE) return known;
    [at, known] = [clock.now(), interfaces().flatMap(({ addresses }) => addresses)];
    return known;
  };
}

function urlOf(address: Uint8Array, port: number): URL {
  const host = addressText(address);
  return new URL(`ws://${host.includes(':') ? `[${host}]` : host}:${String(port)}/`);
}
