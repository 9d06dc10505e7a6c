/**
 * What an adapter may tell, event by event: everything that its port allows comes through as it is, and what is nearly that
 * ends the session with SC-506 and is passed on to nobody. How such an end looks is checked-ports.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { guardPath, guardUi } from '../../core/checked-ports.js';
import type { SecurechatError } from '../../core/errors.js';
import type { PathEvent, PathPort } from '../../core/path-port.js';
import type { UiEvent, UiPort } from '../../core/ports.js';
import { PATH_LENGTHS } from '../../core/protocol/path-proof.js';

interface Heard {
  readonly passed: unknown[];
  readonly failed: SecurechatError[];
  tell(event: unknown): void;
}

function path(): Heard & { readonly guarded: PathPort } {
  const [passed, failed]: [unknown[], SecurechatError[]] = [[], []];
  let sink: (event: PathEvent) => void = () => undefined;
  const port: PathPort = {
    open: (to) => void (sink = to),
    tell(command) {
      if (command.type === 'stop') throw new Error('boom');
    },
    take: () => ({ waiting: 0, send: () => true, close: () => undefined }),
    close: async () => undefined,
  };
  const guarded = guardPath(port, (error) => void failed.push(error));
  guarded.open((event) => void passed.push(event));
  return { passed, failed, guarded, tell: (event) => sink(event as PathEvent) };
}

function ui(): Heard {
  const [passed, failed]: [unknown[], SecurechatError[]] = [[], []];
  let sink: (event: UiEvent) => void = () => undefined;
  const port: UiPort = { open: (to) => void (sink = to), show: () => undefined, close: async () => undefined };
  guardUi(port, (error) => void failed.push(error)).open((event) => void passed.push(event));
  return { passed, failed, tell: (event) => sink(event as UiEvent) };
}

const V4 = Uint8Array.of(192, 0, 2, 1);
const V6 = new Uint8Array(16).fill(0x20);
/** A kind of message and how long it is. */
const [[TYPE, LENGTH] = [0, 0]] = Object.entries(PATH_LENGTHS).map(([type, length]) => [Number(type), length] as const);

const message = (length: number): Uint8Array => Uint8Array.of(TYPE, ...new Uint8Array(length - 1));
const GATHERED = {
  type: 'gathered',
  attempt: 1,
  own: [
    { address: V4, prefix: 24 },
    { address: V6, prefix: 128 },
  ],
  port: 65_535,
  named: [{ address: V6, port: 1 }],
  relay: { address: V4, port: 443 },
};

const PATH_EVENTS: readonly object[] = [
  GATHERED,
  { ...GATHERED, own: [], port: 0, named: [], relay: undefined },
  { type: 'up', id: -3, address: '192.0.2.1:80' },
  { type: 'message', id: 7, bytes: message(LENGTH) },
  { type: 'down', id: 7 },
];
const NO_PATH_EVENTS: readonly unknown[] = [
  undefined,
  'down',
  {},
  { type: 'open' },
  { ...GATHERED, attempt: 0.5 },
  { ...GATHERED, port: 65_536 },
  { ...GATHERED, port: -1 },
  { ...GATHERED, port: '80' },
  { ...GATHERED, relay: {} },
  { ...GATHERED, relay: { address: new Uint8Array(5), port: 1 } },
  { ...GATHERED, own: 'none' },
  { ...GATHERED, own: [undefined] },
  { ...GATHERED, own: [{ address: V4, prefix: 129 }] },
  { ...GATHERED, own: [{ address: V4, prefix: -1 }] },
  { ...GATHERED, own: [{ address: '192.0.2.1', prefix: 24 }] },
  { ...GATHERED, named: {} },
  { ...GATHERED, named: [{ address: V4 }] },
  { type: 'up', id: 0, address: '192.0.2.1:80' },
  { type: 'up', id: 1, address: '' },
  { type: 'up', id: 1, address: 'x'.repeat(54) },
  { type: 'up', id: 1, address: V4 },
  { type: 'message', id: 1, bytes: message(LENGTH + 1) },
  { type: 'message', id: 1, bytes: message(LENGTH - 1) },
  { type: 'message', id: 1, bytes: Uint8Array.of(0xee, 1, 2) },
  { type: 'message', id: 1, bytes: new Uint8Array(0) },
  { type: 'message', id: 1, bytes: [TYPE] },
  { type: 'message', id: 1.5, bytes: message(LENGTH) },
  { type: 'down', id: '1' },
  { type: 'down' },
];

const TEXT = Uint8Array.of(65);
const UI_EVENTS: readonly object[] = [
  { type: 'send', text: TEXT },
  { type: 'offer', paths: [] },
  { type: 'offer', paths: [TEXT, TEXT] },
  { type: 'accept' },
  { type: 'accept', id: 1, collision: 'rename' },
  { type: 'reject', id: 1 },
  { type: 'accept', id: 2, collision: 'skip' },
  { type: 'cancel', id: 3 },
  { type: 'confirm', match: false },
  { type: 'code', code: TEXT },
  { type: 'malformed', why: 'no JSON' },
  { type: 'gone' },
  { type: 'gone', why: 'unread' },
  ...['compare-again', 'quit', 'end-of-input', 'activity', 'interrupt', 'wipe'].map((type) => ({ type })),
];
const NO_UI_EVENTS: readonly unknown[] = [
  null,
  { type: 'toString' },
  { type: 'send', text: 'A' },
  { type: 'send' },
  { type: 'offer', paths: TEXT },
  { type: 'offer', paths: [TEXT, 'name'] },
  { type: 'accept', id: 0.5 },
  { type: 'accept', collision: 'overwrite' },
  { type: 'reject', id: 'all' },
  { type: 'cancel' },
  { type: 'confirm', match: 'yes' },
  { type: 'code', code: '482913' },
  { type: 'malformed' },
  { type: 'gone', why: 'bored' },
];

describe.each([
  { name: 'a direct path', kind: 'path', create: path, events: PATH_EVENTS, none: NO_PATH_EVENTS },
  { name: 'a UI', kind: 'ui', create: ui, events: UI_EVENTS, none: NO_UI_EVENTS },
])('$name', ({ kind, create, events, none }) => {
  it.each(events)('may tell %o', (event) => {
    const heard = create();
    heard.tell(event);
    expect(heard.passed).toEqual([event]);
    expect(heard.failed).toEqual([]);
  });

  it.each(none.map((event) => [event]))('may not tell %o', (event) => {
    const heard = create();
    heard.tell(event);
    expect(heard.passed).toEqual([]);
    expect(heard.failed).toMatchObject([{ code: 'SC-506', detail: { kind } }]);
  });
});

it('what the adapter of a direct path throws, or gives back instead of a connection, is SC-506', async () => {
  const { guarded } = path();
  expect(() => guarded.tell({ type: 'stop' })).toThrow(expect.objectContaining({ code: 'SC-506' }));
  expect(() => guarded.tell({ type: 'gather', attempt: 1 })).not.toThrow();
  expect(guarded.take(1, () => undefined).send(new Uint8Array(1))).toBe(true);
  await expect(guarded.close()).resolves.toBeUndefined();
  const empty = guardPath({ ...guarded, take: () => undefined as never }, () => undefined);
  expect(() => empty.take(1, () => undefined)).toThrow(expect.objectContaining({ code: 'SC-506' }));
});
