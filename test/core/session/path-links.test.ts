/** The connections of one try for a direct path, without a session or a network (protocol.md section 8a). */
import { describe, expect, it } from 'vitest';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import type { PathCommand } from '../../../core/path-port.js';
import { asKey } from '../../../core/protocol/keys.js';
import { createPathProof, type PathProof } from '../../../core/protocol/path-proof.js';
import type { Role } from '../../../core/protocol/role.js';
import { createPathLinks, PATH_PROOF, PUNCH_EVERY, PUNCHES, UNPROVEN_LIMIT } from '../../../core/session/path-links.js';
import { NEVER } from '../../../core/timers.js';
import { createStage } from '../../support/stage.js';

const WHERE = '203.0.113.9:40000';
const NEAR = { observed: false, address: Uint8Array.of(192, 168, 7, 2), port: 40_002 };
const SEEN = { observed: true, address: Uint8Array.of(203, 0, 113, 9), port: 50_002 };

/** `half`: what `late` is multiplied by is a half. */
function trying(role: Role = 'A') {
  const stage = createStage();
  const crypto = createTweetnaclCrypto();
  const draw = (n: number): Uint8Array<ArrayBuffer> =>
    n === 2 ? Uint8Array.of(128, 0) : new Uint8Array(crypto.random(n));
  const links = createPathLinks(stage.host, { ...crypto, random: draw }, role);
  const keyOf = () => asKey<'path'>(crypto.take(new Uint8Array(32).fill(5)));
  let heard = 0;
  const commands = (): PathCommand[] =>
    stage.effects.flatMap((effect) => (effect.type === 'path' ? [effect.command] : []));
  return {
    links,
    crypto,
    keyOf,
    /** What was said since the last call. */
    news() {
      const all = commands().slice(heard);
      heard += all.length;
      return all;
    },
    up: (id: number, now = 0, address = WHERE) => links.handle({ type: 'up', id, address }, now),
    down: (id: number, now = 0) => links.handle({ type: 'down', id }, now),
    says: (id: number, bytes: Uint8Array = new Uint8Array(0)) => links.handle({ type: 'message', id, bytes }, 0),
    /** The other end of a connection. */
    peer: (dialled: boolean): PathProof => createPathProof(crypto, role === 'A' ? 'B' : 'A', keyOf(), dialled),
  };
}

type Trying = ReturnType<typeof trying>;

const sent = (all: readonly PathCommand[]): Uint8Array[] =>
  all.flatMap((command) => (command.type === 'send' ? [command.bytes] : []));

/**
 * Both prove themselves over `id`, which the peer dialled or not: what this side makes of the last message, and what the peer
 * makes of this side.
 */
function proven({ news, says }: Trying, id: number, peer: PathProof, own: readonly Uint8Array[]) {
  let taken: ReturnType<Trying['says']>;
  let made: string | undefined;
  let messages = [...own];
  while (messages.length > 0) {
    const answers = messages.flatMap((message) => {
      const step = peer.handle(message);
      made = step.type;
      return step.type === 'send' ? step.messages : [];
    });
    for (const answer of answers) taken = says(id, answer);
    messages = sent(news());
  }
  return { taken, made };
}

describe('who is dialled', () => {
  it('an address of an interface, once and from any port', () => {
    const { links, news, down, keyOf } = trying();
    links.begin(keyOf(), [NEAR], 0, 0);
    expect(news()).toEqual([{ type: 'dial', id: 1, address: NEAR.address, port: NEAR.port, punch: false }]);
    expect(links.wakeAt()).toBe(NEVER);
    down(1, 10);
    links.tick(PUNCH_EVERY);
    expect([news(), links.wakeAt()]).toEqual([[], NEVER]);
  });

  it('what the relay saw is knocked at again and again, at its moments, whether it is refused at once or later', () => {
    const { links, news, down, keyOf } = trying();
    links.begin(keyOf(), [SEEN], 1_000, 0);
    const knock = (id: number) => ({ type: 'dial', id, address: SEEN.address, port: SEEN.port, punch: true });
    expect(news()).toEqual([knock(1)]);
    for (let tries = 1; tries < PUNCHES; tries++) {
      const due = 1_000 + tries * PUNCH_EVERY;
      expect(links.wakeAt()).toBe(due);
      if (tries % 2 === 0) {
        // It is still dialling when the next knock is due: that waits for the refusal.
        links.tick(due);
        expect([news(), links.wakeAt()]).toEqual([[], NEVER]);
        down(tries, due + 3);
        expect(links.wakeAt()).toBe(due + 3);
        links.tick(due + 3);
      } else {
        down(tries, due - 1);
        links.tick(due - 1);
        expect(news()).toEqual([]);
        links.tick(due);
      }
      expect(news()).toEqual([knock(tries + 1)]);
    }
    down(PUNCHES, 90_000);
    links.tick(90_000);
    expect([news(), links.wakeAt()]).toEqual([[], NEVER]);
  });

  it('each knock comes later by a part of what both may differ; a knock that is up is no more one', () => {
    const { links, news, up, keyOf } = trying();
    links.begin(keyOf(), [SEEN, NEAR], 1_000, 40);
    expect(news().map(({ type }) => type)).toEqual(['dial']);
    expect(links.wakeAt()).toBe(1_020);
    links.tick(1_019);
    expect(news()).toEqual([]);
    links.tick(1_020);
    expect(news()).toMatchObject([{ type: 'dial', punch: true, id: 3 }]);
    expect(links.wakeAt()).toBe(1_020 + PUNCH_EVERY);
    up(3, 1_100);
    expect(links.wakeAt()).toBe(1_100 + PATH_PROOF);
  });

  it('what was up and ends is not dialled again', () => {
    const { links, news, up, down, keyOf } = trying();
    links.begin(keyOf(), [SEEN], 0, 0);
    up(1);
    down(1);
    news();
    links.tick(PATH_PROOF);
    expect([news(), links.wakeAt()]).toEqual([[], NEVER]);
  });
});

describe('who is there', () => {
  it('has so long to prove it, and is let go of then', () => {
    const { links, news, up, keyOf } = trying();
    links.begin(keyOf(), [NEAR], 0, 0);
    news();
    up(1, 100);
    expect(news()).toMatchObject([{ type: 'send', id: 1 }]);
    links.tick(100 + PATH_PROOF - 1);
    expect(news()).toEqual([]);
    links.tick(100 + PATH_PROOF);
    expect([news(), links.wakeAt()]).toEqual([[{ type: 'drop', id: 1 }], NEVER]);
  });

  it('nobody, where it is not known', () => {
    const { links, news, up, down, says, keyOf } = trying();
    links.begin(keyOf(), [], 0, 0);
    for (const id of [1, 7]) {
      expect([up(id), says(id), down(id)]).toEqual([undefined, undefined, undefined]);
    }
    expect([news(), links.wakeAt(), links.verified]).toEqual([[], NEVER, false]);
    expect([says(-1), news()]).toEqual([undefined, []]);
  });

  it('of those that came in and prove nothing, the oldest makes room; who was dialled, or has proven itself, never', () => {
    const one = trying();
    const { links, news, up, keyOf } = one;
    links.listen();
    links.begin(keyOf(), [NEAR], 0, 0);
    up(1);
    up(-1);
    const peer = one.peer(true);
    news();
    one.says(-1, peer.first);
    proven(one, -1, peer, sent(news()));
    expect(links.verified).toBe(true);
    for (let n = 2; n <= UNPROVEN_LIMIT + 1; n++) up(-n);
    expect(news()).toEqual([]);
    up(-UNPROVEN_LIMIT - 2);
    expect(news()).toEqual([{ type: 'drop', id: -2 }]);
    up(-UNPROVEN_LIMIT - 3);
    expect(news()).toEqual([{ type: 'drop', id: -3 }]);
  });

  it('A takes who has proven to be the peer, and tells it so; its time is over for nothing any more', () => {
    const one = trying('A');
    const { links, news, up, keyOf } = one;
    links.begin(keyOf(), [NEAR], 0, 0);
    news();
    up(1);
    const peer = one.peer(false);
    expect(links.verified).toBe(false);
    expect(proven(one, 1, peer, sent(news()))).toEqual({ taken: { id: 1, address: WHERE }, made: 'chosen' });
    expect([links.verified, links.wakeAt()]).toEqual([true, NEVER]);
    links.tick(PATH_PROOF);
    expect(news()).toEqual([]);
  });

  it('B waits for the choice of A, over whichever connection it comes', () => {
    const one = trying('B');
    const { links, news, up, says, keyOf } = one;
    links.listen();
    links.begin(keyOf(), [NEAR], 0, 0);
    news();
    up(1);
    const dialled = one.peer(false);
    expect(proven(one, 1, dialled, sent(news()))).toEqual({ taken: undefined, made: 'verified' });
    up(-1, 0, '198.51.100.7:50000');
    expect(news()).toEqual([]);
    const came = one.peer(true);
    says(-1, came.first);
    expect(proven(one, -1, came, sent(news()))).toEqual({ taken: undefined, made: 'verified' });
    expect(says(-1, came.choose())).toEqual({ id: -1, address: '198.51.100.7:50000' });
    expect(news()).toEqual([]);
  });

  it('is let go of at once with a wrong proof', () => {
    const one = trying();
    const { links, news, up, says, keyOf } = one;
    links.begin(keyOf(), [NEAR], 0, 0);
    up(1);
    news();
    const forged = one.peer(false).first ?? new Uint8Array(65).fill(7);
    expect(says(1, forged)).toBeUndefined();
    expect([news(), links.wakeAt()]).toEqual([[{ type: 'drop', id: 1 }], NEVER]);
  });
});

describe('who comes in before the candidates of the peer', () => {
  it('is heard then: its first message is kept, and a second one is too much', () => {
    const one = trying();
    const { links, news, up, says, keyOf } = one;
    links.listen();
    up(-1);
    up(-2);
    const peer = one.peer(true);
    says(-1, peer.first);
    says(-2, peer.first);
    expect(news()).toEqual([]);
    says(-2, peer.first);
    expect(news()).toEqual([{ type: 'drop', id: -2 }]);
    links.begin(keyOf(), [], 0, 0);
    const own = news();
    expect(own).toMatchObject([
      { type: 'send', id: -1 },
      { type: 'send', id: -1 },
    ]);
    expect(proven(one, -1, peer, sent(own))).toEqual({ taken: { id: -1, address: WHERE }, made: 'chosen' });
  });
});

describe('a try that is over', () => {
  it('wipes its key, knows nobody, and lets nobody in', () => {
    const { links, news, up, says, crypto, keyOf } = trying();
    links.listen();
    links.begin(keyOf(), [NEAR, SEEN], 0, 0);
    up(-1);
    news();
    const { live } = crypto;
    links.forget();
    expect([crypto.live, links.wakeAt(), links.verified]).toEqual([live - 1, NEVER, false]);
    links.tick(90_000);
    says(-1);
    expect(news()).toEqual([]);
    up(-2);
    expect(news()).toEqual([{ type: 'drop', id: -2 }]);
    links.forget();
    expect(crypto.live).toBe(live - 1);
  });
});
