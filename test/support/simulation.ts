/**
 * Two sessions, a relay and a network that breaks, in simulated time: everything follows from one seed. Cuts at any
 * moment, half-open connections, black holes, restarts of the relay, processes that sleep or die and are started again.
 * Nothing waits, and no chance but the seed's may be here; what a frame meets on its way is simulation-network.ts.
 */
import type { Code } from '../../core/errors.js';
import type { CryptoPort } from '../../core/ports.js';
import type { Nameplate } from '../../core/room/code.js';
import type { SessionEvent, SessionView } from '../../core/session/events.js';
import { createSession } from '../../core/session/session.js';
import { sequence } from '../../plugins/testing/network.js';
import { deterministicRandom } from './deterministic.js';
import { createQueue } from './event-queue.js';
import { fromUtf8, opposite, SIDES, type Side, utf8, WORDS } from './pair.js';
import { createPathWeather } from './simulation-paths.js';
import { createNetwork } from './simulation-network.js';
import { type Actor, establishedOnce, type Plan, type Restart, type Simulation } from './simulation-plan.js';

/** How the program ends when the relay does not let it in: the person starts it again. Its own ghost may have the seat. */
const AGAIN: readonly Code[] = ['SC-101', 'SC-107', 'SC-108', 'SC-303'];
/** The peer was A and has sealed M3: it has keys that nobody else has. */
export const LEFT_PROVISIONAL = 'death beside a provisional side';
/** More events than any plan needs. */
const STEPS = 2_000_000;
/** Longest run: longer than give-up, idle and everything. */
const END = 4 * 3_600_000;

/**
 * Runs `plan` until both sides have come to rest. Throws when they do not. The adapters must hold no secret. `told` hears
 * all that a side is shown.
 */
export function simulate(
  plan: Plan,
  cryptos: Readonly<Record<Side, CryptoPort>>,
  trace = false,
  told: (side: Side, view: SessionView) => void = () => undefined,
): Simulation {
  const draw = sequence(plan.seed);
  /** What people do, apart from what the network does. */
  const chat = sequence(-1 - plan.seed);
  const seen: string[] = [];
  const queue = createQueue();
  const log: string[] = [];
  const struck = new Map<string, number>();
  const asleep = new Map<Side, { until: number; readonly missed: SessionEvent[] }>();
  let now = 0;
  const lives = { left: 0, right: 0 };
  const died = { left: 0, right: 0 };
  const abandoned = { left: 0, right: 0 };
  /** Frames that this life of a side has sent. */
  const said = { left: 0, right: 0 };
  const restarts = {
    left: plan.restarts.filter((each) => each.side === 'left'),
    right: plan.restarts.filter((each) => each.side === 'right'),
  };
  const actors = { left: actor('left'), right: actor('right') };
  const network = createNetwork({
    draw,
    queue,
    now: () => now,
    noise: () => (now < plan.healAt ? plan.noise : undefined),
    deliver: (side, event) => handle(side, { type: 'transport', event }),
    note,
    seen: (line) => void seen.push(`${now.toFixed(3)} ${line}`),
  });
  const { wires, connect, disconnect, clientLost, relayLost } = network;
  const { paths, faults: pathFaults } = createPathWeather({
    ...{ draw, queue, now: () => now },
    path: (side, event) => handle(side, { type: 'path', event }),
    transport: (side, event) => handle(side, { type: 'transport', event }),
  });

  function note(line: string): void {
    if (trace) log.push(`${now.toFixed(0).padStart(8)} ${line}`);
  }

  function actor(side: Side): Actor {
    lives[side] += 1;
    const life = lives[side] === 1 ? '' : ` ${lives[side]}`;
    const own = repeatable(cryptos[side], `${plan.seed} ${side}${life}`);
    const session = createSession({
      crypto: own,
      nameplate: '482913' as Nameplate,
      reroll: undefined,
      form: 'generated',
      prs: own.take(utf8('tunnel-anchor-mango')),
      // Where sides start again, a person is there who can be asked.
      retype: plan.restarts.length === 0 ? undefined : onlyEnter,
      verify: false,
      direct: plan.direct,
      name: utf8(side),
      receipts: true,
      resumeTimeout: 600_000,
      idleTimeout: Number.POSITIVE_INFINITY,
      pace: false,
      cover: plan.cover?.[side] ?? false,
      version: utf8('test'),
      words: WORDS,
    });
    return {
      side,
      crypto: own,
      session,
      sent: [],
      shown: [],
      states: [],
      notices: [],
      attempts: 0,
      moved: 0,
      statuses: new Map(),
      words: '',
      ended: undefined,
    };
  }

  // -- sessions

  function handle(side: Side, event: SessionEvent): void {
    const sleeping = asleep.get(side);
    if (sleeping !== undefined) {
      if (event.type !== 'wake') sleeping.missed.push(event);
      return;
    }
    const { session } = actors[side];
    for (const effect of session.handle(event, now)) {
      switch (effect.type) {
        case 'connect':
          connect(side, effect.join);
          break;
        case 'join':
          throw new Error('no relay here asks for a ticket');
        case 'transmit':
          if (paths.transmit(side, effect.frame) || network.transmit(side, effect.frame)) said[side] += 1;
          break;
        case 'disconnect':
          if (!paths.disconnect(side)) disconnect(side);
          break;
        case 'path':
          paths.tell(side, effect.command);
          break;
        case 'take':
          // What the relay still says is not for the session.
          wires.delete(side);
          paths.take(side, effect.id);
          break;
        case 'bulk':
          break;
        case 'show':
          show(actors[side], effect.view);
          break;
      }
    }
    if (!session.prepared) return handle(side, { type: 'prepare' });
    arm(side);
    if (plan.restarts.length > 0) mortal(side);
  }

  const armed = { left: 0, right: 0 };

  function arm(side: Side): void {
    const mine = (armed[side] += 1);
    const at = actors[side].session.wakeAt;
    if (at === Number.POSITIVE_INFINITY) return;
    queue.add(Math.max(at, now), () => {
      if (armed[side] === mine) handle(side, { type: 'wake' });
    });
  }

  function show(who: Actor, view: SessionView): void {
    told(who.side, view);
    switch (view.type) {
      case 'state':
        note(`${who.side} ${view.state}`);
        who.states.push(view.state);
        break;
      case 'message':
        if (who.states.at(-1) !== 'active') throw new Error(`text shown in ${who.states.at(-1) ?? 'idle'}`);
        // Words that are being compared again come to one side first.
        if (plan.cover === undefined && actors.left.words !== actors.right.words)
          throw restless('text shown of another attempt');
        who.shown.push(fromUtf8(view.text).slice(0, 12));
        handle(who.side, { type: 'ui', event: { type: 'shown', id: view.id } });
        break;
      case 'own':
        who.sent.push(fromUtf8(view.text).slice(0, 12));
        break;
      case 'path':
        note(`${who.side} ${view.path === 'relay' ? view.why : view.path}`);
        who.moved += Number(view.path === 'direct');
        break;
      case 'notice':
        note(`${who.side} notice ${view.code}`);
        who.notices.push(view.code);
        who.attempts += Number(view.detail['attempt'] !== undefined);
        break;
      case 'status':
        who.statuses.set(view.id, view.status);
        break;
      case 'safety-words':
        note(`${who.side} ${view.words.join(' ')}`);
        who.words = view.words.join(' ');
        break;
      case 'code-wanted':
        queue.add(now + 1_000 + draw() * 4_000, () => {
          if (actors[who.side] !== who) return;
          handle(who.side, { type: 'ui', event: { type: 'code', code: new Uint8Array(0) } });
        });
        break;
      case 'ended': {
        note(`${who.side} ended ${view.code} ${JSON.stringify(view.detail)}`);
        who.ended = { code: view.code, exit: view.exit, count: Number(view.detail['count'] ?? 0), at: now };
        break;
      }
      default:
        break;
    }
  }

  // -- lives

  /** A side that the plan has die now dies, unless it has keys already; who did not reach the relay tries again. */
  function mortal(side: Side): void {
    const who = actors[side];
    const { ended } = who;
    if (establishedOnce(who)) return;
    if (ended !== undefined) {
      // Whoever has had its seat waits for a room that is full for a while.
      if (ended.code === 'SC-303' && who.states.includes('handshaking')) throw restless(`${side} was pushed out`);
      if (AGAIN.includes(ended.code)) revive(side, 5_000 + draw() * 10_000);
      return;
    }
    const restart = restarts[side][0];
    if (restart === undefined || !wires.has(side) || said[side] < restart.said) return;
    restarts[side].shift();
    queue.add(now + restart.later, () => {
      if (actors[side] === who && who.ended === undefined && !establishedOnce(who)) die(side, restart);
    });
  }

  /** The process is gone without a word; so is its memory, which is wiped here in its stead. */
  function die(side: Side, { quiet, down }: Restart): void {
    const { session, crypto } = actors[side];
    const provisional = establishedOnce(actors[opposite(side)]);
    if (provisional) struck.set(LEFT_PROVISIONAL, (struck.get(LEFT_PROVISIONAL) ?? 0) + 1);
    note(`${side} dies${quiet ? ' quietly' : ''}`);
    session.handle({ type: 'ui', event: { type: 'wipe' } }, now);
    if (crypto.live !== 0) throw restless(`${side} dies with ${crypto.live} secrets`);
    const wire = wires.get(side);
    if (wire !== undefined) {
      wire.client = false;
      wire.hole ||= quiet;
      if (quiet) queue.add(now + 20_000 + draw() * 40_000, () => relayLost(wire));
      else network.hangUp(wire);
    }
    died[side] += 1;
    if (said[side] >= 2) abandoned[side] += 1;
    revive(side, down);
  }

  function revive(side: Side, after: number): void {
    wires.delete(side);
    asleep.delete(side);
    said[side] = 0;
    actors[side] = actor(side);
    queue.add(now + after, () => {
      note(`${side} starts again`);
      handle(side, { type: 'start' });
    });
  }

  // -- faults

  const FAULTS: Readonly<Record<string, (side: Side) => void>> = {
    cut(side) {
      const wire = wires.get(side);
      if (wire === undefined) return;
      clientLost(wire);
      relayLost(wire);
    },
    'cut both'() {
      for (const side of SIDES) FAULTS['cut']?.(side);
    },
    'the relay notices late'(side) {
      const wire = wires.get(side);
      if (wire === undefined) return;
      clientLost(wire);
      queue.add(now + draw() * 20_000, () => relayLost(wire));
    },
    'the client notices late'(side) {
      const wire = wires.get(side);
      if (wire === undefined) return;
      relayLost(wire);
      queue.add(now + draw() * 20_000, () => clientLost(wire));
    },
    'black hole'(side) {
      const wire = wires.get(side);
      if (wire === undefined) return;
      wire.hole = true;
      // The transport's own pings notice it, at both ends.
      queue.add(now + 35_000, () => clientLost(wire));
      queue.add(now + 20_000 + draw() * 40_000, () => relayLost(wire));
    },
    'relay restart'() {
      network.restart();
    },
    sleep(side) {
      if (asleep.has(side)) return;
      const until = now + draw() * 40_000;
      const sleeping = { until, missed: [] };
      asleep.set(side, sleeping);
      queue.add(until, () => {
        if (asleep.get(side) !== sleeping) return;
        const who = actors[side];
        asleep.delete(side);
        handle(side, { type: 'wake' });
        for (const event of sleeping.missed) if (actors[side] === who) handle(side, event);
      });
    },
  };

  function strike(): void {
    const ways = Object.keys(pathFaults);
    const way = plan.direct && draw() < 0.6 ? ways[Math.floor(draw() * ways.length)] : undefined;
    if (way !== undefined) {
      note(`fault: ${way}`);
      struck.set(way, (struck.get(way) ?? 0) + 1);
      return pathFaults[way]?.();
    }
    const names = Object.keys(FAULTS);
    const name = names[Math.floor(draw() * names.length)] ?? 'cut';
    const side = draw() < 0.5 ? 'left' : 'right';
    note(`fault: ${name} ${side}`);
    struck.set(name, (struck.get(name) ?? 0) + 1);
    FAULTS[name]?.(side);
  }

  // -- the run

  function restless(why: string): Error {
    return new Error([`seed ${plan.seed}: ${why}`, ...log].join('\n'));
  }

  function say(side: Side, index: number): void {
    const who = actors[side];
    const state = who.session.state;
    if (who.ended !== undefined || state === 'closing' || state === 'idle') return;
    if (plan.quitAt[side] <= now) return;
    const text = `${side} ${index}`.padEnd(12);
    if (plan.cover !== undefined && chat() < 0.1) handle(side, { type: 'ui', event: { type: 'compare-again' } });
    // Some need several frames.
    const more = chat() < 0.1 ? (plan.cover === undefined ? 40_000 : 5_000) : 0;
    handle(side, { type: 'ui', event: { type: 'send', text: utf8(text + 'x'.repeat(more)) } });
  }

  for (const side of SIDES) queue.add(draw() * 500, () => handle(side, { type: 'start' }));
  const faultsFrom = plan.early ? 0 : 3_000;
  for (let i = 0; i < plan.faults; i++) queue.add(faultsFrom + draw() * Math.max(0, plan.healAt - faultsFrom), strike);
  // During the handshake, and while it is made anew.
  if (plan.early) for (let i = 0; i < 3; i++) queue.add(draw() * 2_500, strike);
  // Two close together: during a resume, a rekey, a goodbye.
  if (plan.faults > 3) {
    const at = faultsFrom + draw() * (plan.healAt - faultsFrom);
    for (let i = 0; i < 3; i++) queue.add(at + draw() * 1_500, strike);
  }
  for (const side of SIDES) {
    for (let i = 0; i < plan.messages; i++) queue.add(1_000 + chat() * (plan.healAt + 20_000), () => say(side, i));
    const quitAt = plan.quitAt[side];
    const how = draw() < 0.5 ? 'quit' : 'end-of-input';
    if (quitAt !== Number.POSITIVE_INFINITY)
      queue.add(quitAt, () => handle(side, { type: 'ui', event: { type: how } }));
  }
  for (let steps = 0; ; steps++) {
    if (SIDES.every((side) => actors[side].ended !== undefined)) break;
    const event = queue.next();
    if (event === undefined || event.at > END) throw restless('it does not come to rest');
    if (steps > STEPS + 1_000 * plan.messages) throw restless('too many steps');
    now = Math.max(now, event.at);
    event.act();
  }
  return { plan, ...actors, log, seen, struck, died, abandoned };
}

/** The person types nothing but Enter, for the same code. */
function onlyEnter(): never {
  throw new Error('a code was typed');
}

/** The same adapter, with chance that is the same in every run: what is drawn for a wait does not depend on how many keys were. */
function repeatable(crypto: CryptoPort, seed: string): CryptoPort {
  const sources = new Map<number, (n: number) => Uint8Array>();
  const random = (n: number): Uint8Array => {
    const source = sources.get(n) ?? deterministicRandom(`${seed} ${n}`);
    sources.set(n, source);
    return source(n);
  };
  return Object.create(crypto, {
    random: { value: random },
    randomSecret: { value: (n: number) => crypto.take(random(n)) },
  }) as CryptoPort;
}
