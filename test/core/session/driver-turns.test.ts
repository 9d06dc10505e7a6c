/**
 * What comes in during one turn of the event loop goes out together (protocol.md section 6), with no delay added: through
 * the driver, with real time and real promises.
 */
import { expect, it } from 'vitest';
import type { UiEvent } from '../../../core/ports.js';
import { FRAME_TYPE } from '../../../core/protocol/frame.js';
import { createMemoryRelay } from '../../../plugins/testing/memory.js';
import { begin, listener, person } from '../../support/conversation.js';
import { utf8 } from '../../support/pair.js';
import { GENEROUS } from '../../support/relay.js';

const MESSAGES = 100;

it('a hundred messages of one turn are one frame, and their receipts another', async () => {
  const relay = createMemoryRelay({ limits: GENEROUS });
  const sizes: number[] = [];
  const told = person(false);
  const views: string[] = [];
  let sink: (event: UiEvent) => void = () => undefined;
  const left = begin(
    {
      transport: {
        open(join, receive) {
          const connection = relay.transport.open(join, receive);
          const send = (frame: Uint8Array): boolean => {
            if (frame[0] === FRAME_TYPE) sizes.push(frame.length);
            return connection.send(frame);
          };
          return Object.create(connection, { send: { value: send } }) as typeof connection;
        },
      },
      ui: {
        ...told,
        open(to) {
          sink = to;
        },
        show(view) {
          if (view.type === 'state' && view.state === 'active') {
            sizes.length = 0;
            for (let i = 0; i < MESSAGES; i++) sink({ type: 'send', text: utf8(`message ${i}`) });
          }
          if (view.type !== 'status' || view.status !== 'delivered') return;
          views.push(view.status);
          if (view.id === MESSAGES - 1) sink({ type: 'quit' });
        },
      },
    },
    relay.transport,
  );
  const right = begin({ ui: listener() }, relay.transport, false);
  await Promise.all([left.done, right.done]);
  relay.close();
  expect(views).toHaveLength(MESSAGES);
  // The texts; beside them at most acks and the goodbye.
  expect(sizes.filter((size) => size > 1280)).toEqual([4096]);
  expect(sizes.length).toBeLessThan(6);
});
