/** Rooms that several relays share, without sockets: each rule, then any interleaving of clients, crashes and partitions. */
import { describe, expect, test } from 'vitest';
import { LINK_WINDOW } from '../../../core/relay/cluster.js';
import { fc, runs } from '../../support/chance.js';
import { type Client, simulateCluster } from '../../support/cluster-simulation.js';

function pairApart() {
  const it = simulateCluster(3);
  const [a, b] = [it.join(0, 1, 1)!, it.join(1, 1, 2)!];
  it.settle();
  return { ...it, a, b };
}

describe('rooms that are shared', () => {
  test('seats on two relays are a pair; a third is refused wherever it comes', () => {
    const it = pairApart();
    expect([it.a.paired, it.b.paired]).toEqual([true, true]);
    const thirds = [0, 1, 2].map((relay) => it.join(relay, 1, 3 + relay)!);
    const maker = it.join(2, 1, 9, 'create')!;
    it.settle();
    expect(thirds.map(({ refused }) => refused)).toEqual([['room-full'], ['room-full'], ['room-full']]);
    expect(maker.refused).toEqual(['room-taken']);
    it.check();
  });

  test('the same seat replaces its connection on another relay, and the peer sees it go and come', () => {
    const it = pairApart();
    const moved = it.join(2, 1, 2)!;
    it.settle();
    expect(it.b.closed).toBe(true);
    expect(moved.paired).toBe(true);
    expect(it.a.pairings).toBe(2);
    it.check();
  });

  test('nobody is told before the place has said so, and busy when there is none', () => {
    const it = simulateCluster(1);
    const first = it.join(0, 1, 1)!;
    expect(first.joined).toBe(false);
    it.cut(0);
    expect(first.refused).toEqual(['busy']);
    expect(it.join(0, 1, 1)!.refused).toEqual(['busy']);
    it.settle();
    const again = it.join(0, 1, 1)!;
    it.settle();
    expect(again.joined).toBe(true);
    it.check();
  });

  test('a relay that is killed: its seats lapse with the lease', () => {
    const it = pairApart();
    it.kill(1);
    it.pass(40);
    it.renew(0);
    it.step(0, 'inbox');
    expect(it.a.paired).toBe(true);
    it.pass(60);
    it.renew(0);
    it.settle();
    expect(it.a.paired).toBe(false);
    const back = it.join(2, 1, 2)!;
    it.settle();
    expect([it.a.paired, back.paired]).toEqual([true, true]);
    it.check();
  });

  test('who sends to a relay that is gone learns it from that', () => {
    const it = pairApart();
    it.kill(1);
    it.send(it.a);
    for (let n = 0; n < 3; n++) it.step(0, 'outbox');
    it.step(0, 'inbox');
    expect(it.a.paired).toBe(false);
  });

  test('the place lost everything: pairs on one relay go on, the others meet again', () => {
    const it = pairApart();
    const [c, d] = [it.join(0, 2, 3)!, it.join(0, 2, 4)!];
    it.settle();
    it.crash();
    expect([it.a.paired, it.b.paired, c.paired, d.paired]).toEqual([false, false, true, true]);
    it.send(c);
    expect(d.last).toBe(0);
    it.settle();
    expect([it.a, it.b, c, d].map(({ pairings }) => pairings)).toEqual([2, 2, 1, 1]);
    it.check();
  });

  test('a relay that was away too long gets its seats back only where nobody has taken them', () => {
    const it = pairApart();
    const alone = it.join(0, 2, 3)!;
    it.settle();
    it.cut(0);
    it.pass(1_000);
    for (const relay of [1, 2]) {
      it.cut(relay);
      it.connect(relay);
    }
    const [other, more] = [it.join(1, 1, 7)!, it.join(2, 2, 8)!];
    for (let n = 0; n < 20; n++) for (const relay of [1, 2]) it.step(relay, n % 2 === 0 ? 'outbox' : 'inbox');
    it.settle();
    expect(it.a.closed).toBe(true);
    expect(it.a.refused).toEqual(['room-full']);
    expect([other.paired, it.b.paired]).toEqual([true, true]);
    expect([alone.paired, more.paired]).toEqual([true, true]);
    it.check();
  });

  test('who meets but itself, from two relays, has met nobody; somebody else is a peer', () => {
    const FAILED = 4;
    const it = simulateCluster(2, { failedJoins: FAILED });
    const refusals = (address: string, other: string): string[] => {
      for (let n = 0; n < FAILED; n++) {
        const room = address.length * 100 + n;
        const [one, two] = [it.join(0, room, 1, 'join', address)!, it.join(1, room, 2, 'join', other)!];
        it.settle();
        expect([one.paired, two.paired]).toEqual([true, true]);
        it.leave(one);
        it.leave(two);
        it.settle();
      }
      const last = it.join(0, 99, 9, 'join', address)!;
      it.settle();
      it.leave(last);
      it.settle();
      return last.refused;
    };
    expect(refusals('scanner', 'scanner')).toEqual(['rate-limited']);
    expect(refusals('a person', 'Berta')).toEqual([]);
  });

  test('who waits and comes back in another connection has met nobody once, and not each time', () => {
    const FAILED = 4;
    for (const relays of [1, 2]) {
      const it = simulateCluster(relays, { failedJoins: FAILED });
      for (let n = 0; n < 3 * FAILED; n++) {
        const again = it.join(n % relays, 1, 1, 'join', 'Anna')!;
        it.settle();
        expect([again.joined, again.refused]).toEqual([true, []]);
      }
      it.check();
    }
  });

  test('who moves its seat and is gone before it has it has met nobody, however it goes', () => {
    const FAILED = 4;
    for (const way of [
      undefined,
      (rooms, member, now) => rooms.control(member, 'again', now),
      (rooms, member, now) => [...rooms.noise(member, now), ...rooms.noise(member, now)],
      (rooms, member, now) => rooms.refuse(member, 'too-large', now),
    ] satisfies (Parameters<ReturnType<typeof simulateCluster>['provoke']>[1] | undefined)[]) {
      const it = simulateCluster(2, { failedJoins: FAILED, framesPerSecond: 1, frameBurst: 1 });
      for (let room = 1; room <= FAILED; room++) {
        const looked = it.join(0, room, 1, 'join', 'scanner')!;
        it.settle();
        const moved = it.join(1, room, 1, 'join', 'scanner')!;
        if (way === undefined) it.leave(moved);
        else it.provoke(moved, way);
        it.settle();
        expect([looked.joined, looked.closed, moved.joined]).toEqual([true, true, false]);
      }
      const last = [0, 1].map((relay) => it.join(relay, 99, 9, 'join', 'scanner')!);
      it.settle();
      expect(last.flatMap(({ refused }) => refused)).toContain('rate-limited');
    }
  });

  test('a sender is stopped at the window, and let go when the far side has the bytes', () => {
    const it = pairApart();
    let sent = 0;
    while (!it.a.held) {
      it.send(it.a, 1_024);
      sent += 1_024;
      expect(sent).toBeLessThanOrEqual(LINK_WINDOW + 1_024);
    }
    expect(sent).toBeGreaterThan(LINK_WINDOW);
    it.settle();
    expect(it.a.held).toBe(false);
    expect(it.b.last).toBe(sent / 1_024 - 1);
    // And when the peer goes meanwhile.
    while (!it.a.held) it.send(it.a, 1_024);
    it.leave(it.b);
    it.settle();
    expect(it.a.held).toBe(false);
  });
});

describe('a frame that is missing', () => {
  test('ends the connection of the receiver, so that the session resumes', () => {
    const it = pairApart();
    it.send(it.a);
    while (it.step(0, 'outbox'));
    it.nodes[1]?.inbox.splice(0);
    it.send(it.a);
    while (it.step(0, 'outbox'));
    while (it.step(1, 'inbox'));
    expect(it.b.closed).toBe(true);
    expect(it.b.last).toBe(-1);
    const back = it.join(1, 1, 2)!;
    it.settle();
    it.send(it.a);
    it.settle();
    expect([it.a.paired, back.paired, back.last]).toEqual([true, true, 0]);
  });

  test('of an earlier pairing is nobody’s', () => {
    const it = pairApart();
    it.send(it.a);
    while (it.step(0, 'outbox'));
    const moved = it.join(1, 1, 2)!;
    it.settle();
    expect([moved.paired, moved.last]).toEqual([true, -1]);
  });
});

describe('any interleaving', () => {
  const relay = fc.nat(2);
  const step = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('step' as const),
        relay,
        box: fc.constantFrom('inbox' as const, 'outbox' as const),
      }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('join' as const), relay, room: fc.nat(1), seat: fc.nat(3) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('send' as const), who: fc.nat(50) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('leave' as const), who: fc.nat(50) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('renew' as const), relay }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(60) }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constantFrom('cut' as const, 'connect' as const, 'kill' as const), relay }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constantFrom('crash' as const, 'restart' as const, 'settle' as const) }),
    },
  );

  function play(steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]): void {
    const it = simulateCluster(3);
    const client = (who: number): Client | undefined => it.clients[who % Math.max(1, it.clients.length)];
    for (const action of steps) {
      switch (action.do) {
        case 'step':
          it.step(action.relay, action.box);
          break;
        case 'join':
          // A seat belongs to one room: seats 0 and 1 may meet, 2 and 3 are strangers.
          it.join(action.relay, action.room, action.room * 10 + action.seat);
          break;
        case 'send':
        case 'leave': {
          const who = client(action.who);
          if (who !== undefined) it[action.do](who);
          break;
        }
        case 'pass':
          it.pass(action.ms);
          break;
        case 'renew':
        case 'cut':
        case 'connect':
        case 'kill':
          it[action.do](action.relay);
          break;
        default:
          it[action.do]();
      }
    }
    it.settle();
    it.check();
  }

  test('never three seats, frames of one peer and in order, and in the end everybody knows the truth', () => {
    fc.assert(fc.property(fc.array(step, { minLength: 20, maxLength: 200 }), play), {
      numRuns: runs(150, 2_000, 1_000_000),
    });
  });
});
