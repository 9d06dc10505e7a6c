/** The ports for files and for a direct path in a whole chat: what each is told, and that what it says arrives. */
import { expect, it } from 'vitest';
import type { BulkCommand, BulkEvent, BulkPort } from '../../../core/bulk-port.js';
import type { PathCommand, PathEvent, PathPort } from '../../../core/path-port.js';
import type { TransportPort, UiEvent, UiPort } from '../../../core/ports.js';
import type { Nameplate } from '../../../core/room/code.js';
import { createMemoryRelay } from '../../../plugins/testing/memory.js';
import { begin } from '../../support/conversation.js';
import { utf8 } from '../../support/pair.js';
import { GENEROUS } from '../../support/relay.js';

const OFFER = { kind: 'files', count: 1, bytes: 3, name: utf8('a.txt') } as const;

/** A side that has both, says where it is when it is asked, and quits when it is offered something. */
function equipped(offers: boolean) {
  const told: (BulkCommand['type'] | PathCommand['type'])[] = [];
  const closed: string[] = [];
  let person: (event: UiEvent) => void = () => undefined;
  let files: (event: BulkEvent) => void = () => undefined;
  let sockets: (event: PathEvent) => void = () => undefined;
  const bulk: BulkPort = {
    open: (sink) => void (files = sink),
    tell(command) {
      told.push(command.type);
      if (command.type === 'prepare') files({ type: 'ready', id: command.id, offer: OFFER });
    },
    close: () => Promise.resolve(void closed.push('bulk')),
  };
  const path: PathPort = {
    open: (sink) => void (sockets = sink),
    tell(command) {
      told.push(command.type);
      if (command.type !== 'gather') return;
      sockets({ ...{ type: 'gathered', attempt: command.attempt, port: 0 }, own: [], named: [], relay: undefined });
      if (offers) person({ type: 'offer', paths: [utf8('a.txt')] });
    },
    take() {
      throw new Error('nobody was dialled');
    },
    close: () => Promise.resolve(void closed.push('path')),
  };
  const ui: UiPort = {
    open: (sink) => void (person = sink),
    show: () => undefined,
    close: () => Promise.resolve(void closed.push('ui')),
  };
  return { told, closed, party: { bulk, path, ui }, leaves: () => person({ type: 'quit' }) };
}

it('is told to them, and what they say to the session; both are closed before the screen', async () => {
  const relay = createMemoryRelay({ limits: GENEROUS });
  const left = equipped(true);
  const right = equipped(false);
  const offered = new Promise<void>((resolve) => {
    const { tell } = right.party.bulk;
    Object.assign(right.party.bulk, {
      tell(command: BulkCommand) {
        tell(command);
        if (command.type === 'offered') resolve();
      },
    });
  });
  const chats = [begin(left.party, relay.transport), begin(right.party, relay.transport, false)];
  await offered;
  left.leaves();
  await Promise.all(chats.map(({ done }) => done));
  relay.close();
  expect(left.told).toEqual(expect.arrayContaining(['gather', 'prepare', 'stop']));
  expect(right.told).toEqual(expect.arrayContaining(['gather', 'offered', 'stop']));
  for (const { closed } of [left, right]) expect(closed).toEqual(['bulk', 'path', 'ui']);
});

it('a code that may be made anew is kept until the end, and is in the room that is tried; any other is wiped at once', async () => {
  const rooms = new Set<string>();
  const taken: TransportPort = {
    open(join, sink) {
      rooms.add(join.room);
      queueMicrotask(() => {
        sink({ type: 'open' });
        sink({ type: 'control', message: { type: 'error', code: 'room-taken' } });
      });
      const close = (): void => queueMicrotask(() => sink({ type: 'closed', reason: 'closed', detail: '' }));
      return { waiting: 0, send: () => true, close };
    },
  };
  const kept = begin({ reroll: (code) => ({ ...code, nameplate: 'hall' as Nameplate }) }, taken);
  const typed = begin({}, taken);
  const wiped = (): boolean[] => [kept, typed].map(({ code }) => code.secret.every((byte) => byte === 0));
  expect(wiped()).toEqual([false, true]);
  const ends = await Promise.all([kept.done, typed.done]);
  expect(ends[0].sentences.at(-1)?.code).toBe('SC-308');
  expect([rooms.size, wiped()]).toEqual([2, [true, true]]);
});
