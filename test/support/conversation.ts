/**
 * Two whole chats over the relay in memory, in real time: left says hello, right answers with a goodbye. A test replaces
 * one adapter of the left side by one that misbehaves. No expectation may be in this file.
 */
import { createClock } from '../../adapters/system/clock.js';
import type { BulkPort } from '../../core/bulk-port.js';
import type { Code, Detail, ExitStatus } from '../../core/errors.js';
import type { PathPort } from '../../core/path-port.js';
import type { ClockPort, CryptoPort, TransportPort, UiEvent, UiPort, UiView } from '../../core/ports.js';
import type { Nameplate, RoomCode } from '../../core/room/code.js';
import { type Chat, chat } from '../../core/session/driver.js';
import { createMemoryRelay } from '../../plugins/testing/memory.js';
import { utf8, WORDS } from './pair.js';
import { GENEROUS } from './relay.js';
import { createSodium } from './sodium.js';

export interface Party {
  readonly crypto?: CryptoPort;
  readonly transport?: TransportPort;
  readonly ui?: UiPort;
  readonly clock?: ClockPort;
  readonly bulk?: BulkPort;
  readonly path?: PathPort;
  readonly reroll?: (code: RoomCode) => RoomCode;
}

export interface Told {
  readonly code: Code;
  readonly detail: Detail;
}

/** What became of one side. */
export interface Outcome {
  readonly exit: ExitStatus;
  /** What the UI showed, the end last. */
  readonly shown: readonly UiView['type'][];
  /** The codes and details that sentences were asked for. */
  readonly sentences: readonly Told[];
  /** The end, when the UI could not show it. */
  readonly untold: readonly Code[];
  /** Secrets alive at the end. */
  readonly live: number;
  readonly closed: number;
}

export interface Running {
  readonly chat: Chat;
  readonly code: RoomCode;
  readonly done: Promise<Outcome>;
  readonly views: readonly UiView[];
}

/** A person who says hello as soon as that is possible, and leaves when there was an answer. */
export function person(speaks: boolean): UiPort & { readonly views: UiView[]; closed: number } {
  const views: UiView[] = [];
  let sink: (event: UiEvent) => void = () => undefined;
  return {
    views,
    closed: 0,
    open(to) {
      sink = to;
    },
    show(view) {
      views.push(view);
      if (speaks && view.type === 'state' && view.state === 'active') sink({ type: 'send', text: utf8('hello') });
      if (view.type === 'message') sink({ type: 'shown', id: view.id });
      if (!speaks && view.type === 'message') sink({ type: 'quit' });
    },
    close() {
      this.closed += 1;
      return Promise.resolve();
    },
  };
}

/** Reads what it is shown, and neither speaks nor leaves. */
export function listener(): UiPort {
  let sink: (event: UiEvent) => void = () => undefined;
  return {
    open: (to) => void (sink = to),
    show(view) {
      if (view.type === 'message') sink({ type: 'shown', id: view.id });
    },
    close: () => Promise.resolve(),
  };
}

export function begin(party: Party, relay: TransportPort, speaks = true): Running {
  const { crypto = createSodium(), transport = relay, clock = createClock() } = party;
  const seen = person(speaks);
  const ui = party.ui ?? seen;
  const sentences: Told[] = [];
  const untold: Code[] = [];
  const code: RoomCode = { nameplate: 'kitchen' as Nameplate, form: 'chosen', secret: utf8('blue horse') };
  const running = chat({
    crypto,
    transport,
    ui,
    clock,
    code,
    present: () => ({ code: utf8('kitchen'), invite: utf8('link') }),
    verify: false,
    name: new Uint8Array(0),
    receipts: true,
    resumeTimeout: 0,
    idleTimeout: Number.POSITIVE_INFINITY,
    pace: false,
    version: utf8('test'),
    words: WORDS,
    bulk: party.bulk,
    path: party.path,
    ...(party.reroll === undefined ? {} : { reroll: party.reroll }),
    relay: 'ws://relay.example/',
    describe(why, detail) {
      sentences.push({ code: why, detail });
      return why;
    },
    untold: (why) => void untold.push(why),
  });
  return {
    chat: running,
    code,
    views: seen.views,
    done: running.done.then((exit) => ({
      exit,
      sentences,
      untold,
      shown: seen.views.map(({ type }) => type),
      live: crypto.live,
      closed: seen.closed,
    })),
  };
}

/** Both sides to their ends. `left` is given the relay, so that it can misbehave in its way to it. */
export async function converse(left: (relay: TransportPort) => Party): Promise<readonly [Outcome, Outcome]> {
  const relay = createMemoryRelay({ limits: GENEROUS });
  const right = begin({}, relay.transport, false);
  try {
    const outcome = await begin(left(relay.transport), relay.transport).done;
    // Right may not have met anybody, and would wait.
    const states = right.views.flatMap((view) => (view.type === 'state' ? view.state : []));
    if (!states.includes('active')) right.chat.interrupt();
    return [outcome, await right.done];
  } finally {
    relay.close();
  }
}
