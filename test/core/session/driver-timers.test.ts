/**
 * The driver's one timer: it is not set anew with every event, and no deadline is missed for that. In time that the test moves.
 */
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { ClockPort, TransportPort, UiEvent } from '../../../core/ports.js';
import { FRAME_TYPE } from '../../../core/protocol/frame.js';
import { ACK_DELAY, PING_AFTER } from '../../../core/session/liveness.js';
import { createFakeClock } from '../../../plugins/testing/clock.js';
import { createMemoryRelay } from '../../../plugins/testing/memory.js';
import { begin, listener } from '../../support/conversation.js';
import { utf8 } from '../../support/pair.js';
import { GENEROUS } from '../../support/relay.js';

const MESSAGES = 40;

it('a conversation sets few timers, and the ping after it comes in time', async () => {
  const clock = createFakeClock();
  const relay = createMemoryRelay({ limits: GENEROUS, clock });
  let timers = 0;
  const frames: number[] = [];
  const counted: ClockPort = {
    ...clock,
    wakeAt(at, wake) {
      timers += 1;
      return clock.wakeAt(at, wake);
    },
  };
  const transport: TransportPort = {
    open(join, receive) {
      const connection = relay.transport.open(join, receive);
      const send = (frame: Uint8Array): boolean => {
        if (frame[0] === FRAME_TYPE) frames.push(clock.now());
        return connection.send(frame);
      };
      return Object.create(connection, { send: { value: send } }) as typeof connection;
    },
  };
  let sink: (event: UiEvent) => void = () => undefined;
  let delivered = 0;
  const left = begin(
    {
      clock: counted,
      transport,
      ui: {
        open: (to) => void (sink = to),
        show(view) {
          if (view.type === 'state' && view.state === 'active') timers = 0;
          const next = view.type === 'status' && view.status === 'delivered';
          if (next) delivered += 1;
          if ((view.type === 'state' && view.state === 'active') || (next && delivered < MESSAGES))
            sink({ type: 'send', text: utf8('hello') });
        },
        close: () => Promise.resolve(),
      },
    },
    relay.transport,
  );
  const right = begin({ clock, ui: listener() }, relay.transport, false);

  /** Everything that is under way arrives, and then so much time passes, in steps. */
  async function pass(ms: number, step: number): Promise<void> {
    for (let at = 0; at < ms; at += step) {
      await setImmediate();
      clock.advance(step);
    }
  }

  while (delivered < MESSAGES) await pass(1, 1);
  expect(timers).toBeLessThan(MESSAGES / 2);

  // A timer for the ack of the last receipt is set; the text takes that ack along, and its own receipt is acknowledged later.
  await pass(ACK_DELAY / 2, 1);
  frames.length = 0;
  sink({ type: 'send', text: utf8('hello') });
  await pass(2 * ACK_DELAY, 1);
  expect(frames).toHaveLength(2);
  // Then it is quiet until somebody asks.
  const last = clock.now();
  frames.length = 0;
  await pass(PING_AFTER - 3 * ACK_DELAY, ACK_DELAY);
  expect(frames).toEqual([]);
  await pass(6 * ACK_DELAY, ACK_DELAY);
  expect(frames.length).toBeGreaterThan(0);
  expect(frames[0]).toBeLessThanOrEqual(last + PING_AFTER + ACK_DELAY);

  left.chat.interrupt();
  right.chat.interrupt();
  const ended = Promise.all([left.done, right.done]);
  let over = false;
  void ended.then(() => (over = true));
  while (!over) await pass(ACK_DELAY, ACK_DELAY);
  relay.close();
  expect((await ended).map(({ live }) => live)).toEqual([0, 0]);
});
