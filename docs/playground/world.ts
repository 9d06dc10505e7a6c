/**
 * Two people, the relay between them, and a clock. What the reader does as the relay comes in as actions, and everything
 * else follows from the seed. The sessions are the real ones of core/. Nothing here may wait, know of a page, or draw by
 * any chance but the seed's.
 */
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { createTweetnaclCrypto } from '../../adapters/crypto/tweetnacl.js';
import { describe } from '../../adapters/text/describe.js';
import type { RelayMessage } from '../../core/wire/control.js';
import type { Nameplate } from '../../core/room/code.js';
import type { Effect, SessionEvent, SessionView } from '../../core/session/events.js';
import { createSession, type Session } from '../../core/session/session.js';
import { NEVER } from '../../core/timers.js';
import { sequence } from '../../plugins/testing/network.js';
import { type Action, ACTIONS_LIMIT, type Settings, type Side, SIDES } from './link.js';

/** fake-bob is what a relay in the middle shows to Alice, fake-alice what it shows to Bob. */
export type Name = Side | 'fake-bob' | 'fake-alice';

/** A line of what a person, or a relay in the middle, has before its eyes. */
export interface Line {
  readonly kind: 'own' | 'peer' | 'notice' | 'end';
  readonly text: string;
}

/** One frame in the hands of the relay. */
export interface Packet {
  /** From 1. */
  readonly number: number;
  readonly from: Name;
  readonly to: Name;
  readonly bytes: Uint8Array;
  /** Milliseconds since the beginning. */
  readonly at: number;
  /** `held`: nothing has been done with it yet. */
  readonly fate: 'held' | 'delivered' | 'dropped' | 'changed';
}

export interface Person {
  readonly lines: readonly Line[];
  readonly state: string;
  /** Empty until there are some. */
  readonly words: readonly string[];
  /** The person is asked whether the words are the same. */
  readonly asked: boolean;
  readonly connected: boolean;
}

export interface World {
  readonly people: Readonly<Record<Side, Person>>;
  /** All frames there ever were. */
  readonly packets: readonly Packet[];
  /** What a relay in the middle has read. */
  readonly read: readonly Line[];
  /** The relay passes on what comes. */
  readonly passing: boolean;
  /** Milliseconds since the beginning. */
  readonly now: number;
  /** False: it cannot be done now, and nothing has changed. */
  act(action: Action): boolean;
}

interface Player extends Person {
  readonly name: Name;
  readonly session: Session;
  readonly lines: Line[];
  state: string;
  words: readonly string[];
  asked: boolean;
  connected: boolean;
}

const ROOM = '482913' as Nameplate;
const SECRET = 'tunnel-anchor-mango';
/** What a relay in the middle tries: one of 8,589,934,592. */
const GUESS = 'apple-banana-cherry';
/** Frames of a world: a link is a stranger's, and may ask for days of them. */
export const PACKETS_LIMIT = 2_000;
/** A world in which so much happens at once is broken. */
const STEPS_LIMIT = 100_000;

export function createWorld({ seed, room, middle }: Settings): World {
  const packets: (Packet & { fate: Packet['fate'] })[] = [];
  const read: Line[] = [];
  const todo: (() => void)[] = [];
  let passing = false;
  let now = 0;
  let acted = 0;
  const people = { alice: player('alice', SECRET), bob: player('bob', SECRET) };
  const fakes = middle ? { alice: player('fake-bob', GUESS), bob: player('fake-alice', GUESS) } : undefined;
  const all: readonly Player[] = [...Object.values(people), ...Object.values(fakes ?? {})];

  function player(name: Name, secret: string): Player {
    const draw = sequence(numberOf(`${seed} ${name}`));
    const crypto = createTweetnaclCrypto({ random: (n) => Uint8Array.from({ length: n }, () => draw() * 256) });
    const open = room === 'open';
    const session = createSession({
      crypto,
      nameplate: ROOM,
      // Alice made the code, and Bob has typed it.
      reroll: name.endsWith('alice') ? () => ROOM : undefined,
      form: open ? 'none' : 'generated',
      prs: crypto.take(utf8(open ? '' : secret)),
      retype: undefined,
      verify: false,
      name: utf8(''),
      receipts: true,
      resumeTimeout: 600_000,
      idleTimeout: NEVER,
      pace: false,
      version: utf8('playground'),
      words: wordlist,
    });
    return { name, session, lines: [], state: 'idle', words: [], asked: false, connected: false };
  }

  /** Who is at the other end of the wire. */
  function partner({ name }: Player): Player {
    switch (name) {
      case 'alice':
        return fakes?.alice ?? people.bob;
      case 'bob':
        return fakes?.bob ?? people.alice;
      case 'fake-bob':
        return people.alice;
      case 'fake-alice':
        return people.bob;
    }
  }

  // -- what the sessions do

  function tell(who: Player, event: SessionEvent): void {
    for (const effect of who.session.handle(event, now)) perform(who, effect);
  }

  function perform(who: Player, effect: Effect): void {
    switch (effect.type) {
      case 'transmit':
        packets.push({
          number: packets.length + 1,
          from: who.name,
          to: partner(who).name,
          bytes: effect.frame,
          at: now,
          fate: 'held',
        });
        return;
      case 'connect':
        return void todo.push(() => connect(who));
      case 'disconnect':
        return void todo.push(() => disconnect(who, 'closed'));
      case 'show':
        return show(who, effect.view);
      default:
    }
  }

  function connect(who: Player): void {
    who.connected = true;
    tell(who, { type: 'transport', event: { type: 'open' } });
    const met = partner(who).connected;
    if (met) say(partner(who), { type: 'peer-joined' });
    say(who, { type: 'joined', peer: met });
  }

  function disconnect(who: Player, reason: 'closed' | 'lost'): void {
    if (!who.connected) return;
    who.connected = false;
    if (partner(who).connected) say(partner(who), { type: 'peer-left' });
    tell(who, { type: 'transport', event: { type: 'closed', reason, detail: '' } });
  }

  function say(to: Player, message: RelayMessage): void {
    todo.push(() => {
      if (to.connected) tell(to, { type: 'transport', event: { type: 'control', message } });
    });
  }

  function show(who: Player, view: SessionView): void {
    switch (view.type) {
      case 'state':
        who.state = view.state;
        who.asked = view.state === 'confirming';
        // An attacker does not compare.
        if (who.asked && isFake(who))
          todo.push(() => tell(who, { type: 'ui', event: { type: 'confirm', match: true } }));
        return;
      case 'safety-words':
        who.words = view.words;
        return;
      case 'own':
        who.lines.push({ kind: 'own', text: text(view.text) });
        return;
      case 'message':
        todo.push(() => tell(who, { type: 'ui', event: { type: 'shown', id: view.id } }));
        return isFake(who)
          ? passOn(who, text(view.text))
          : void who.lines.push({ kind: 'peer', text: text(view.text) });
      case 'notice':
        return void who.lines.push({ kind: 'notice', text: describe(view.code, view.detail) });
      case 'ended':
        who.state = 'destroyed';
        who.asked = false;
        return void who.lines.push({ kind: 'end', text: describe(view.code, view.detail) });
      default:
    }
  }

  /** What one side says to a relay in the middle, this says to the other side. */
  function passOn(fake: Player, said: string): void {
    const toAlice = fake.name === 'fake-bob';
    const next = toAlice ? fakes?.bob : fakes?.alice;
    read.push({ kind: 'peer', text: `${toAlice ? 'Alice' : 'Bob'}: ${said}` });
    todo.push(() => {
      if (next !== undefined) tell(next, { type: 'ui', event: { type: 'send', text: utf8(said) } });
    });
  }

  // -- time

  /** Whatever is due, until nothing is. */
  function settle(): void {
    for (let steps = 0; steps < STEPS_LIMIT; steps++) {
      const next = todo.shift();
      if (next !== undefined) {
        next();
        continue;
      }
      const due = all.find(({ session }) => session.wakeAt <= now);
      const held = passing ? packets.find(({ fate }) => fate === 'held') : undefined;
      if (due !== undefined) tell(due, { type: 'wake' });
      else if (held === undefined) return;
      // Whoever is not there cannot be given anything: the frame is lost, as at every relay.
      else held.fate = deliver(held, held.bytes) ? 'delivered' : 'dropped';
    }
    throw new Error('this world does not come to rest');
  }

  function wait(ms: number): void {
    const end = now + ms;
    for (;;) {
      const at = Math.min(...all.map(({ session }) => session.wakeAt));
      if (at > end || packets.length >= PACKETS_LIMIT) break;
      now = Math.max(now, at);
      settle();
    }
    now = end;
  }

  // -- what the relay does

  function deliver(packet: Packet, bytes: Uint8Array): boolean {
    const to = all.find(({ name }) => name === packet.to);
    if (to?.connected !== true) return false;
    tell(to, { type: 'transport', event: { type: 'frame', frame: bytes.slice() } });
    return true;
  }

  function withPacket(what: 'deliver' | 'drop' | 'flip' | 'replay', number: number): boolean {
    const packet = packets[number - 1];
    if (packet === undefined || (packet.fate === 'held') === (what === 'replay')) return false;
    switch (what) {
      case 'drop':
        packet.fate = 'dropped';
        return true;
      case 'replay':
        return deliver(packet, packet.bytes);
      case 'deliver':
        if (!deliver(packet, packet.bytes)) return false;
        packet.fate = 'delivered';
        return true;
      case 'flip':
        if (!deliver(packet, flipped(packet.bytes))) return false;
        packet.fate = 'changed';
        return true;
    }
  }

  function person(action: Extract<Action, { side: Side }>): boolean {
    const who = people[action.side];
    if (who.state === 'destroyed') return false;
    switch (action.do) {
      case 'cut':
        if (!who.connected) return false;
        disconnect(who, 'lost');
        return true;
      case 'say':
        tell(who, { type: 'ui', event: { type: 'send', text: utf8(action.text) } });
        return true;
      case 'quit':
        tell(who, { type: 'ui', event: { type: 'quit' } });
        return true;
      case 'match':
      case 'differ':
        if (!who.asked) return false;
        who.asked = false;
        tell(who, { type: 'ui', event: { type: 'confirm', match: action.do === 'match' } });
        return true;
    }
  }

  function act(action: Action): boolean {
    switch (action.do) {
      case 'pass':
      case 'hold':
        passing = action.do === 'pass';
        return true;
      case 'wait':
        wait(action.seconds * 1000);
        return true;
      case 'deliver':
      case 'drop':
      case 'flip':
      case 'replay':
        return withPacket(action.do, action.packet);
      default:
        return person(action);
    }
  }

  for (const each of all) tell(each, { type: 'start' });
  settle();
  return {
    people,
    packets,
    read,
    get passing() {
      return passing;
    },
    get now() {
      return now;
    },
    act(action) {
      if (packets.length >= PACKETS_LIMIT || acted >= ACTIONS_LIMIT) return false;
      const done = act(action);
      acted += Number(done);
      settle();
      return done;
    },
  };
}

const isFake = ({ name }: Player): boolean => !SIDES.some((side) => side === name);

/** One bit, in the middle. */
function flipped(bytes: Uint8Array): Uint8Array {
  const at = bytes.length >> 1;
  return bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
}

/** FNV-1a: a seed that is written becomes one for a sequence. */
function numberOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of utf8(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}

function utf8(text: string): Uint8Array {
  return new Uint8Array(new TextEncoder().encode(text));
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
