/** When a direct path is looked for and what becomes of it, without a session or a network (protocol.md section 8a). */
import { describe, expect, it } from 'vitest';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import type { PathCommand } from '../../../core/path-port.js';
import { asKey } from '../../../core/protocol/keys.js';
import { createPathProof, pathKey } from '../../../core/protocol/path-proof.js';
import type { PathsRecord } from '../../../core/protocol/path-records.js';
import type { Role } from '../../../core/protocol/role.js';
import {
  BROKEN_LIMIT,
  createPath,
  PATH_CHOICE,
  PATH_PAUSE,
  PATH_PAUSE_LIMIT,
  PATH_TRY,
  type PathOptions,
} from '../../../core/session/path.js';
import type { Surroundings } from '../../../core/session/path-candidates.js';
import { NEVER } from '../../../core/timers.js';
import { createStage } from '../../support/stage.js';

const RELAY = { address: Uint8Array.of(198, 51, 100, 1), port: 443 };
const AROUND = { own: [], port: 40_001, named: [], relay: RELAY };
const PEER = [{ observed: false, address: Uint8Array.of(203, 0, 113, 9), port: 40_000 }];

function looking(role: Role, options: Partial<PathOptions> = {}) {
  const stage = createStage();
  const crypto = createTweetnaclCrypto();
  const resume = asKey<'resume'>(crypto.take(new Uint8Array(32).fill(3)));
  const may = { tell: true };
  const given = {
    asked: true,
    peerAsked: true,
    allowed: () => may.tell,
    observed: () => undefined,
    roundTrip: () => 10,
  };
  const path = createPath(stage.host, { crypto, role, resume, ...given, ...options }, 0);
  const commands = (): PathCommand[] =>
    stage.effects.flatMap((effect) => (effect.type === 'path' ? [effect.command] : []));
  const attempts = (): number[] =>
    commands().flatMap((command) => (command.type === 'gather' ? [command.attempt] : []));
  const question = (mark: number): PathsRecord => ({
    type: 'paths',
    token: new Uint8Array(32).fill(mark),
    candidates: PEER,
  });
  return {
    path,
    stage,
    crypto,
    resume,
    may,
    commands,
    attempts,
    question,
    types: () => commands().map(({ type }) => type),
    whys: () =>
      stage
        .views('path')
        .map((view) => (view.path === 'relay' ? view.why : view.path === 'direct' ? view.address : '')),
    gathered: (now: number, attempt = attempts().at(-1) ?? 0, around: Partial<Surroundings> = {}) =>
      path.handle({ type: 'gathered', attempt, ...AROUND, ...around }, now),
    /** What this side tells, as it is sealed. */
    tells(now: number): PathsRecord {
      expect(path.control.due(now)).toBe('paths');
      const record = path.control.record();
      if (record.type !== 'paths') throw new Error('paths expected');
      path.control.sealed(now);
      return record;
    },
  };
}

/** A try of this side up to a path that was chosen: the peer is a proof with the same key. */
function chosen(one: ReturnType<typeof looking>, role: Role, now: number): void {
  const { path, crypto, resume, question, gathered, tells, commands } = one;
  const peer = question(8);
  if (role === 'B') path.take(peer, now);
  else path.tick(now);
  gathered(now);
  const own = tells(now);
  if (role === 'A') path.take(peer, now);
  const [a, b] = role === 'A' ? [own.token, peer.token] : [peer.token, own.token];
  const key = pathKey(crypto, resume, a, b);
  const theirs = createPathProof(crypto, role === 'A' ? 'B' : 'A', key, false);
  const dial = commands().findLast(({ type }) => type === 'dial');
  if (dial?.type !== 'dial') throw new Error('nothing was dialed');
  const { id } = dial;
  let heard = commands().length;
  const toPeer = (): Uint8Array[] =>
    commands()
      .slice(heard)
      .flatMap((command) => (command.type === 'send' ? [command.bytes] : []));
  const say = (bytes: Uint8Array): unknown => path.handle({ type: 'message', id, bytes }, now);
  path.handle({ type: 'up', id, address: '203.0.113.9:40000' }, now);
  const [first] = toPeer();
  const step = theirs.handle(first ?? new Uint8Array(0));
  if (step.type !== 'send') throw new Error('the proof of the peer expected');
  const [one_, two] = step.messages;
  heard = commands().length;
  say(one_ ?? new Uint8Array(0));
  const [second] = toPeer();
  expect(theirs.handle(second ?? new Uint8Array(0)).type).toBe('verified');
  let taken = say(two ?? new Uint8Array(0));
  if (role === 'B') {
    expect(path.promised).toBe(true);
    taken = say(theirs.choose());
  }
  expect(taken).toBe(id);
  key.wipe();
  path.taken();
  path.up();
}

describe('A', () => {
  it('looks for one at once, asks when it may, and rests when nothing is found; ever longer, up to a limit', () => {
    const { path, may, types, whys, attempts, gathered, tells } = looking('A');
    may.tell = false;
    path.tick(0);
    expect([types(), path.wakeAt()]).toEqual([[], NEVER]);
    may.tell = true;
    expect(path.wakeAt()).toBe(0);
    path.tick(0);
    expect([types(), whys(), path.wakeAt()]).toEqual([['gather'], ['trying'], PATH_TRY]);
    expect(path.control.due(0)).toBeUndefined();
    gathered(0);
    tells(0);
    expect(path.control.due(0)).toBeUndefined();
    let [now, pause] = [PATH_TRY, PATH_PAUSE];
    path.tick(now);
    expect([types(), whys()]).toEqual([
      ['gather', 'stop'],
      ['trying', 'none'],
    ]);
    while (attempts().length < 10) {
      expect(path.wakeAt()).toBe(now + pause);
      path.tick(now + pause - 1);
      path.tick(now + pause);
      now += pause + PATH_TRY;
      path.tick(now);
      pause = Math.min(2 * pause, PATH_PAUSE_LIMIT);
    }
    expect(pause).toBe(PATH_PAUSE_LIMIT);
    expect(attempts()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('says when it found none without one connection to the relay, and no more once there is one', () => {
    const { path, whys, gathered, tells } = looking('A');
    path.tick(0);
    gathered(0, 1, { relay: undefined });
    tells(0);
    path.tick(PATH_TRY);
    path.tick(PATH_TRY + PATH_PAUSE);
    gathered(PATH_TRY + PATH_PAUSE);
    tells(PATH_TRY + PATH_PAUSE);
    path.tick(2 * PATH_TRY + PATH_PAUSE);
    expect(whys()).toEqual(['trying', 'polling', 'trying', 'none']);
  });

  it('may be told of its surroundings too late, twice, or of another try: nothing comes of that', () => {
    const { path, types, gathered, tells } = looking('A');
    path.tick(0);
    gathered(0, 7);
    expect(path.control.due(0)).toBeUndefined();
    gathered(0);
    tells(0);
    gathered(0);
    expect(path.control.due(0)).toBeUndefined();
    path.tick(PATH_TRY);
    gathered(PATH_TRY);
    expect([path.control.due(PATH_TRY), types()]).toEqual([undefined, ['gather', 'stop']]);
  });

  it('dials what the peer answers, once', () => {
    const { path, types, question, gathered, tells } = looking('A');
    path.tick(0);
    // An answer to what was not asked.
    path.take(question(1), 0);
    gathered(0);
    path.take(question(1), 0);
    expect(types()).toEqual(['gather']);
    tells(0);
    path.take(question(1), 0);
    path.take(question(2), 0);
    expect(types()).toEqual(['gather', 'dial']);
  });

  it('takes the path, forgets its key, and shows it when the peer has proven itself over it', () => {
    const one = looking('A');
    chosen(one, 'A', 0);
    expect([one.whys(), one.types().at(-1), one.path.promised]).toEqual([
      ['trying', '203.0.113.9:40000'],
      'stop',
      false,
    ]);
    one.resume.wipe();
    expect(one.crypto.live).toBe(0);
  });

  it('is back at the relay when it breaks, and looks again after a pause; after some that broke at once, no more', () => {
    const one = looking('A');
    let now = 0;
    for (let broken = 1; broken <= BROKEN_LIMIT; broken++) {
      chosen(one, 'A', now);
      now += PATH_PAUSE - 1;
      one.path.broke(now);
      expect(one.whys().at(-1)).toBe(broken < BROKEN_LIMIT ? 'broke' : 'unstable');
      if (broken < BROKEN_LIMIT) expect(one.path.wakeAt()).toBe((now += PATH_PAUSE));
    }
    expect(one.path.wakeAt()).toBe(NEVER);
    const before = one.stage.effects.length;
    one.path.tick(now + 10 * PATH_PAUSE);
    one.path.take(one.question(1), now);
    one.path.stop();
    expect(one.stage.effects.length).toBe(before);
    const lasting = looking('A');
    now = 0;
    for (let i = 0; i <= BROKEN_LIMIT; i++) {
      chosen(lasting, 'A', now);
      lasting.path.broke((now += PATH_PAUSE));
      now += PATH_PAUSE;
    }
    expect(lasting.whys()).not.toContain('unstable');
  });

  it('a loss of what is no path is none of its business', () => {
    const { path, stage } = looking('A');
    path.broke(0);
    path.up();
    expect(stage.effects).toEqual([]);
  });
});

describe('B', () => {
  it('answers, once in a while, the last that was asked, and nothing that is older than a try', () => {
    const { path, may, attempts, question } = looking('B');
    path.tick(0);
    may.tell = false;
    path.take(question(1), 0);
    expect([attempts(), path.wakeAt()]).toEqual([[], NEVER]);
    path.tick(PATH_TRY - 1);
    may.tell = true;
    path.tick(PATH_TRY);
    expect(attempts()).toEqual([]);
    path.take(question(2), PATH_TRY);
    expect(attempts()).toEqual([1]);
    const from = PATH_TRY + PATH_PAUSE;
    path.take(question(3), from - 1);
    expect([attempts(), path.wakeAt()]).toEqual([[1], 2 * PATH_TRY]);
    path.tick(2 * PATH_TRY);
    expect(path.wakeAt()).toBe(from);
    path.tick(from);
    expect(attempts()).toEqual([1, 2]);
  });

  it('gives a try up for a newer question', () => {
    const { path, types, question, gathered, tells } = looking('B');
    path.take(question(1), 0);
    gathered(0);
    tells(0);
    // It rests after 30 s at the latest; without a tick it is still at it.
    path.take(question(2), PATH_PAUSE);
    expect(types()).toEqual(['gather', 'dial', 'stop', 'gather']);
  });

  it('takes what A chooses; that A leaves the relay meanwhile is no loss until the choice is late', () => {
    const { path } = looking('B');
    path.hold(1_000);
    path.hold(2_000);
    expect(path.wakeAt()).toBe(1_000 + PATH_CHOICE);
    expect([path.tick(999 + PATH_CHOICE), path.tick(1_000 + PATH_CHOICE)]).toEqual([undefined, 'choice is late']);
    path.hold(9_000);
    path.release();
    expect(path.tick(90_000)).toBeUndefined();
    const one = looking('B');
    chosen(one, 'B', 0);
    expect([one.whys(), one.path.promised]).toEqual([['trying', '203.0.113.9:40000'], false]);
    one.path.broke(PATH_PAUSE);
    // It does not look for another one: A does.
    expect([one.path.wakeAt(), one.whys().at(-1)]).toEqual([NEVER, 'broke']);
  });
});

describe('nobody looks for one', () => {
  it('that both did not ask for; only who asked is told why', () => {
    for (const [asked, peerAsked, whys] of [
      [true, false, ['peer']],
      [false, true, []],
      [false, false, []],
    ] as const) {
      for (const role of ['A', 'B'] as const) {
        const { path, types, question, whys: shown } = looking(role, { asked, peerAsked });
        path.tick(0);
        path.take(question(1), 0);
        path.stop();
        expect([types(), shown(), path.wakeAt()]).toEqual([[], whys, NEVER]);
      }
    }
  });

  it('any more after a stop, and nobody listens', () => {
    const { path, types, question } = looking('B');
    path.take(question(1), 0);
    path.take(question(2), 1);
    path.stop();
    expect([types().at(-1), path.wakeAt()]).toEqual(['stop', NEVER]);
    path.stop();
    path.tick(PATH_PAUSE);
    expect(types()).toEqual(['gather', 'stop']);
  });
});
