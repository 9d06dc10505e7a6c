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
import { createSodium } from '../../support/sodium.js';
import { watched } from '../../support/watched-crypto.js';

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

it('between a frame and its answer no key is made: the next ones are there, and those after them come when it is out', async () => {
  const relay = createMemoryRelay({ limits: GENEROUS });
  const steps: string[] = [];
  const crypto = watched(createSodium(), (name, _args, go) => {
    steps.push(name);
    return go();
  });
  let answered = 0;
  let sink: (event: UiEvent) => void = () => undefined;
  const left = begin(
    {
      crypto,
      transport: {
        open(join, receive) {
          const connection = relay.transport.open(join, (event) => {
            if (event.type === 'frame') steps.push('came');
            receive(event);
          });
          const send = (frame: Uint8Array): boolean => {
            steps.push('sent');
            return connection.send(frame);
          };
          return Object.create(connection, { send: { value: send } }) as typeof connection;
        },
      },
      ui: {
        open: (to) => void (sink = to),
        show(view) {
          if (view.type !== 'message') return;
          sink({ type: 'shown', id: view.id });
          answered += 1;
          if (answered < MESSAGES) sink({ type: 'send', text: utf8('hello') });
          else sink({ type: 'quit' });
        },
        close: () => Promise.resolve(),
      },
    },
    relay.transport,
  );
  let back: (event: UiEvent) => void = () => undefined;
  const right = begin(
    {
      ui: {
        open: (to) => void (back = to),
        show(view) {
          const begins = view.type === 'state' && view.state === 'active';
          if (view.type === 'message') back({ type: 'shown', id: view.id });
          if (begins || view.type === 'message') back({ type: 'send', text: utf8('hello') });
        },
        close: () => Promise.resolve(),
      },
    },
    relay.transport,
  );
  await Promise.all([left.done, right.done]);
  relay.close();
  // Rekeys come now and then; every other answer is one of these.
  const turns = steps
    .join(' ')
    .split('came ')
    .slice(-MESSAGES / 2);
  const quick = turns.filter((turn) => turn.startsWith('open seal sent hmac slice slice hmac hmac slice slice hmac'));
  expect(quick.length).toBeGreaterThan(MESSAGES / 4);
});
