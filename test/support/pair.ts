/**
 * Two sessions and a relay in one process with time as an input: nothing here waits, every run is repeatable. A test
 * scripts the relay through `relay` and reads what each side was shown.
 */

import { wordlist } from '@scure/bip39/wordlists/english.js';
import type { Join } from '../../core/wire/control.js';
import { type Nameplate, parseCode } from '../../core/room/code.js';
import { createWordlist } from '../../core/room/words.js';
import type { Effect, SessionView } from '../../core/session/events.js';
import { createSession, type Session } from '../../core/session/session.js';
import { createPaths, SEEN } from './paths.js';
import type { Pair, PairOptions, Person, PersonOptions, RelayHooks, Side } from './person.js';
import { createSodium } from './sodium.js';

export type { Pair, PairOptions, Side } from './person.js';
export const SIDES = ['left', 'right'] as const;

export function opposite(side: Side): Side {
  return side === 'left' ? 'right' : 'left';
}

/** Safety words are only looked up by index here. */
export const WORDS = Array.from({ length: 2048 }, (_, index) => `word${index}`);

/** Codes are typed in these. */
const LISTED = createWordlist(wordlist);

export function utf8(text: string): Uint8Array {
  return new Uint8Array(new TextEncoder().encode(text));
}

export function fromUtf8(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

interface Link {
  readonly side: Side;
  readonly join: Join;
  open: boolean;
  joined: boolean;
}

/** No test waits for eleven days, milliseconds. */
const LATEST = 1_000_000_000;

export function createPair(options: PairOptions = {}): Pair {
  const relay: RelayHooks = options.relay ?? {};
  const links = new Map<Side, Link>();
  /** Events on their way, in order; a test that wants another order does it in `relay.frame`. */
  const queue: (() => void)[] = [];
  const left = person('left', options.left ?? {});
  const right = person('right', options.right ?? {});
  const people = { left, right };
  const paths = createPaths({
    ...options.paths,
    later: (_to, act) => void queue.push(act),
    path: (side, event) => handle(side, { type: 'path', event }),
    transport: (side, event) => handle(side, { type: 'transport', event }),
  });

  function person(side: Side, given: PersonOptions): Person {
    const crypto = given.crypto ?? createSodium();
    const secret = given.secret ?? 'tunnel-anchor-mango';
    const session = createSession({
      crypto,
      nameplate: (given.nameplate ?? '482913') as Nameplate,
      reroll: given.reroll,
      form: given.form ?? 'generated',
      prs: crypto.take(utf8(secret)),
      retype: given.asks === true ? (typed) => parseCode(typed, LISTED, (bytes) => bytes) : undefined,
      verify: given.verify ?? false,
      name: utf8(given.name ?? ''),
      receipts: given.receipts ?? true,
      resumeTimeout: given.resumeTimeout ?? 600_000,
      idleTimeout: given.idleTimeout ?? Number.POSITIVE_INFINITY,
      pace: given.pace ?? false,
      cover: given.cover ?? false,
      direct: given.direct ?? false,
      purpose: given.purpose,
      version: utf8('test'),
      words: WORDS,
      bulk: given.bulk !== undefined,
    });
    return {
      side,
      crypto,
      session,
      states: [],
      broken: [],
      messages: [],
      notices: [],
      statuses: new Map(),
      frames: [],
      joins: [],
      words: [],
      comparing: [],
      peerName: '',
      peerConfirmed: false,
      codes: [],
      wanted: [],
      transfers: [],
      bulk: given.bulk,
      roundTrips: [],
      paths: [],
      relay: undefined,
      welcome: true,
      ended: undefined,
    };
  }

  function handle(side: Side, event: Parameters<Session['handle']>[0]): void {
    for (const effect of people[side].session.handle(event, pair.now)) perform(people[side], effect);
  }

  function perform(who: Person, effect: Effect): void {
    switch (effect.type) {
      case 'connect':
        who.joins.push(effect.join);
        connect(who.side, effect.join);
        break;
      case 'join':
        who.joins.push(effect.join);
        joinAgain(who.side, effect.join);
        break;
      case 'transmit': {
        who.frames.push(effect.frame.slice());
        const frame = effect.frame;
        if (paths.transmit(who.side, frame)) break;
        queue.push(() => {
          if (relay.frame !== undefined) relay.frame(frame, who.side, pair);
          else pair.deliver(opposite(who.side), frame);
        });
        break;
      }
      case 'disconnect':
        if (!paths.disconnect(who.side)) disconnect(who.side);
        break;
      case 'path':
        paths.tell(who.side, effect.command);
        break;
      case 'take':
        paths.take(who.side, effect.id);
        break;
      case 'bulk':
        who.bulk?.(effect.command, pair);
        break;
      case 'show':
        show(who, effect.view);
        break;
    }
  }

  function together(): boolean {
    const [a, b] = [links.get('left'), links.get('right')];
    return a?.join.room === b?.join.room && a?.joined === true && b?.joined === true;
  }

  function connect(side: Side, join: Join): void {
    const link = { side, join, open: true, joined: false };
    links.set(side, link);
    queue.push(() => {
      if (links.get(side) !== link) return;
      handle(side, { type: 'transport', event: { type: 'open' } });
      answer(link, join);
    });
  }

  /** With a ticket, on the same connection. */
  function joinAgain(side: Side, join: Join): void {
    const link = links.get(side);
    queue.push(() => {
      if (link !== undefined && links.get(side) === link) answer(link, join);
    });
  }

  function answer(link: Link, join: Join): void {
    const { side } = link;
    if (relay.join?.(join, side, pair) === true) return;
    link.joined = true;
    const met = together();
    if (met) pair.control(opposite(side), { type: 'peer-joined' });
    const address = join.address === true ? { address: SEEN[side] } : {};
    pair.control(side, { type: 'joined', peer: met, ...address });
  }

  function disconnect(side: Side): void {
    const link = links.get(side);
    if (link?.open !== true) return;
    queue.push(() => {
      if (!link.open) return;
      const met = together();
      link.open = link.joined = false;
      if (met) pair.control(opposite(side), { type: 'peer-left' });
      if (links.get(side) === link && !paths.has(side)) {
        handle(side, { type: 'transport', event: { type: 'closed', reason: 'closed', detail: '' } });
      }
    });
  }

  function show(who: Person, view: SessionView): void {
    options.told?.(who.side, view);
    switch (view.type) {
      case 'state':
        who.states.push(view.state);
        if (view.state === 'reconnecting') who.broken.push(view.broken);
        break;
      case 'message':
        if (who.states.at(-1) !== 'active') throw new Error(`text shown in state ${who.states.at(-1) ?? 'idle'}`);
        who.messages.push(fromUtf8(view.text));
        if (options[who.side]?.shows !== false) handle(who.side, { type: 'ui', event: { type: 'shown', id: view.id } });
        break;
      case 'notice':
        who.notices.push(view);
        break;
      case 'status':
        who.statuses.set(view.id, view.status);
        break;
      case 'safety-words':
        who.words = view.words;
        break;
      case 'comparing':
        who.words = [];
        who.comparing.push(view.late);
        break;
      case 'peer':
        who.peerName = fromUtf8(view.name);
        break;
      case 'peer-confirmed':
        who.peerConfirmed = true;
        break;
      case 'code':
        who.codes.push(view.nameplate);
        break;
      case 'code-wanted':
        who.wanted.push(view.same);
        break;
      case 'relay':
        who.relay = view;
        break;
      case 'round-trip':
        who.roundTrips.push(view.ms);
        break;
      case 'path':
        who.paths.push(view.path === 'direct' ? view.address : view.path === 'relay' ? view.why : view.path);
        break;
      case 'input':
        who.welcome = view.welcome;
        break;
      case 'ended':
        who.ended = view;
        break;
      case 'offer':
        who.transfers.push({ ...view, name: fromUtf8(view.name) });
        break;
      case 'own':
        break;
      case 'progress':
      case 'file-done':
      case 'file-failed':
        who.transfers.push(view);
    }
  }

  const pair: Pair = {
    left,
    right,
    relay,
    paths,
    now: 0,
    start() {
      pair.startOne('left');
      pair.startOne('right');
      pair.settle();
    },
    startOne: (side) => handle(side, { type: 'start' }),
    bulk: (side, event) => handle(side, { type: 'bulk', event }),
    ui(side, event) {
      handle(side, { type: 'ui', event });
      pair.settle();
    },
    send(side, text) {
      pair.ui(side, { type: 'send', text: utf8(text) });
    },
    retype(side, code = '') {
      pair.ui(side, { type: 'code', code: utf8(code) });
    },
    deliver(to, frame) {
      // What a relay that was left for a direct path still says is not for the session.
      if (links.get(to)?.open !== true || paths.has(to)) return;
      handle(to, { type: 'transport', event: { type: 'frame', frame: frame.slice() } });
    },
    control(to, message) {
      queue.push(() => {
        if (links.get(to)?.open === true && !paths.has(to))
          handle(to, { type: 'transport', event: { type: 'control', message } });
      });
    },
    cut(side, reason = 'lost', detail = '') {
      const link = links.get(side);
      if (link?.open !== true) return;
      const met = together();
      link.open = link.joined = false;
      if (met) pair.control(opposite(side), { type: 'peer-left' });
      handle(side, { type: 'transport', event: { type: 'closed', reason, detail } });
    },
    settle() {
      for (let steps = 0; ; steps++) {
        if (steps > 100_000) throw new Error('the pair does not come to rest');
        const event = queue.shift();
        if (event !== undefined) {
          event();
          continue;
        }
        const due = SIDES.filter((side) => people[side].session.wakeAt <= pair.now);
        if (due.length === 0) return;
        for (const side of due) handle(side, { type: 'wake' });
      }
    },
    advance(ms) {
      const end = pair.now + ms;
      // Who waits in a loop for what never comes would stop the whole run.
      if (end > LATEST) throw new Error('nothing of it happens any more');
      for (;;) {
        pair.settle();
        const at = Math.min(...SIDES.map((side) => people[side].session.wakeAt));
        if (at > end) break;
        pair.now = at;
      }
      pair.now = end;
      pair.settle();
    },
  };
  return pair;
}

/** A pair that has reached `active` on both sides. */
export function connectedPair(options: Parameters<typeof createPair>[0] = {}): Pair {
  const pair = createPair(options);
  pair.start();
  return pair;
}
