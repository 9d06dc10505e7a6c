/**
 * docs/json.schema.json and docs/json.md against the json UI: every event it writes, every command it reads, no other.
 */
import { type Schema, Validator } from '@cfworker/json-schema';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createJsonUi } from '../../../../adapters/ui/json/json.js';
import { readCommand } from '../../../../adapters/ui/json/ndjson.js';
import type { MessageStatus, State, UiView } from '../../../../core/ports.js';
import { createFakeClock } from '../../../../plugins/testing/clock.js';
import { createFakeInput, createFakeOutput } from '../../../../plugins/testing/streams.js';

const file = (name: string): string => readFileSync(new URL(`../../../../${name}`, import.meta.url), 'utf8');
const SCHEMA = JSON.parse(file('docs/json.schema.json')) as { $defs: Record<string, Schema> };
const PAGE = file('docs/json.md');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const validator = (what: 'event' | 'command'): Validator =>
  new Validator({ $ref: `#/$defs/${what}`, $defs: SCHEMA.$defs }, '2020-12');
const [events, commands] = [validator('event'), validator('command')];

const STATES: Record<State, true> = {
  ...{ idle: true, searching: true, handshaking: true, confirming: true, active: true },
  ...{ reconnecting: true, closing: true, destroyed: true },
};
const STATUSES: Record<MessageStatus, true> = { held: true, sent: true, delivered: true, failed: true };

/** Each kind of view, in all its forms; a new kind does not compile without one. */
const VIEWS: { readonly [Type in UiView['type']]: readonly Extract<UiView, { type: Type }>[] } = {
  state: [
    ...Object.keys(STATES).map((state) => ({ type: 'state' as const, state: state as State })),
    { type: 'state', state: 'reconnecting', broken: 'own' },
    { type: 'state', state: 'reconnecting', broken: 'peer' },
  ],
  code: [{ type: 'code', code: bytes('482913-a-b-c'), invite: bytes('securechat://#482913-a-b-c') }],
  'code-wanted': [true, false].map((same) => ({ type: 'code-wanted', same })),
  'safety-words': [true, false].map((required) => ({ type: 'safety-words', words: ['a', 'b', 'c', 'd'], required })),
  comparing: [true, false].map((late) => ({ type: 'comparing', late })),
  message: [
    { type: 'message', id: 0, from: bytes(''), text: bytes('hi\u2028"\\'), at: 1 },
    { type: 'message', id: 1, from: bytes('Ada'), text: bytes(''), at: 2 },
  ],
  status: Object.keys(STATUSES).map((status) => ({ type: 'status', id: 3, status: status as MessageStatus })),
  peer: [{ type: 'peer', name: bytes('Ada') }],
  'peer-confirmed': [{ type: 'peer-confirmed' }],
  offer: [
    { type: 'offer', id: 1, incoming: true, name: bytes('a.txt'), count: 1, bytes: 7, free: 9, exists: false },
    {
      type: 'offer',
      id: 2,
      incoming: false,
      name: bytes('a'),
      count: 2,
      bytes: undefined,
      free: undefined,
      exists: true,
    },
  ],
  progress: [
    { type: 'progress', id: 1, bytes: 3, total: 7 },
    { type: 'progress', id: 1, bytes: 3, total: undefined },
  ],
  path: [
    ...(['trying', 'none', 'polling', 'broke', 'unstable', 'peer'] as const).map((why) => ({
      ...({ type: 'path', path: 'relay' } as const),
      why,
    })),
    { type: 'path', path: 'direct', address: '203.0.113.7:51234' },
    { type: 'path', path: 'local network' },
  ],
  'file-done': [{ type: 'file-done', id: 1, bytes: 7, sum: 'ab12' }],
  'file-failed': [{ type: 'file-failed', id: 1, code: 'SC-340', text: 'no' }],
  notice: [{ type: 'notice', code: 'SC-320', text: 'x' }],
  ended: [{ type: 'ended', text: 'bye', exit: 0, code: 'SC-317' }],
  own: [],
  relay: [],
  'round-trip': [],
  input: [],
};

async function written(): Promise<unknown[]> {
  const output = createFakeOutput();
  const ui = createJsonUi(
    {},
    {
      clock: createFakeClock(),
      input: createFakeInput().stream,
      output: output.stream,
      errors: createFakeOutput().stream,
      sanitize: (text) => text,
      color: false,
      wipeScrollback: false,
    },
  );
  ui.open(() => undefined);
  for (const view of Object.values(VIEWS).flat()) ui.show(view);
  await ui.close();
  const lines = output.text().split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as unknown);
}

/** The names in a list of the schema. */
function names(what: 'event' | 'command', key: 'event' | 'do'): string[] {
  const { oneOf } = SCHEMA.$defs[what] as {
    oneOf: { properties: Record<string, { const?: string; enum?: string[] }> }[];
  };
  return oneOf.flatMap(({ properties }) => properties[key]?.enum ?? [properties[key]?.const ?? '']);
}

/** The first cells of the tables under a heading of the page. */
function listed(heading: string): string[] {
  const section = PAGE.slice(PAGE.indexOf(`\n## ${heading}`)).split('\n## ')[1] ?? '';
  return [...section.matchAll(/^\| (`[^|]*`) \|/gm)].map(([, cell]) => cell ?? '');
}

describe('the schema', () => {
  it('fits every event that the json UI writes, and knows no other', async () => {
    const all = await written();
    expect(all.length).toBeGreaterThan(20);
    for (const event of all) expect([event, events.validate(event).valid]).toEqual([event, true]);
    const told = new Set(all.map((event) => (event as { event: string }).event));
    expect([...told].sort()).toEqual(names('event', 'event').sort());
  });

  it.each([
    { v: 2, event: 'state', state: 'active' },
    { v: 1, event: 'state', state: 'asleep' },
    { v: 1, event: 'state' },
    { v: 1, event: 'message', id: 0, from: 'x', text: 'y' },
    { v: 1, event: 'sent', id: -1 },
    { v: 1, event: 'sent', id: 1, more: 1 },
    { event: 'peer-confirmed' },
    { v: 1, event: 'nothing' },
  ])('refuses %j', (event) => {
    expect(events.validate(event).valid).toBe(false);
  });

  it.each<unknown>([
    { do: 'send', text: 'x' },
    { do: 'send', text: '', more: [1] },
    { do: 'confirm', match: false },
    { do: 'quit' },
    { do: 'wipe' },
    { do: 'compare-again' },
    { do: 'code', code: 'x-y' },
    { do: 'code' },
    { do: 'offer', paths: ['a'] },
    { do: 'offer', paths: [] },
    { do: 'offer', paths: ['a', 1] },
    { do: 'offer', paths: 'a' },
    { do: 'accept', id: 1 },
    { do: 'reject', id: 1 },
    { do: 'cancel', id: 1 },
    { do: 'cancel', id: -1 },
    { do: 'cancel', id: 1.5 },
    { do: 'accept', id: '1' },
    { do: 'send' },
    { do: 'send', text: 1 },
    { do: 'confirm', match: 'yes' },
    { do: 'confirm' },
    { do: 'dance' },
    { text: 'x' },
    [],
    'quit',
  ])('agrees with the reader about the command %j', (command) => {
    const read = readCommand(bytes(JSON.stringify(command)));
    expect(commands.validate(command).valid).toBe(read.do !== 'malformed');
  });
});

describe('docs/json.md', () => {
  it('lists every event with its fields', async () => {
    const all = await written();
    const rows = listed('Events');
    const named = rows.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? ''));
    expect(named.sort()).toEqual(names('event', 'event').sort());
    for (const event of all as { event: string }[]) {
      const row = PAGE.split('\n').find((line) => line.split('|')[1]?.includes(`\`${event.event}\``) === true);
      const fields = Object.keys(event).filter((key) => key !== 'v' && key !== 'event');
      for (const field of fields) expect(row).toContain(`\`${field}\``);
    }
    for (const state of Object.keys(STATES)) expect(PAGE).toContain(`\`${state}\``);
  });

  it('lists every command, each of which is read', () => {
    const rows = listed('Commands').map((cell) => cell.slice(1, -1));
    const read = rows.map((row) => readCommand(bytes(row)).do);
    expect(read.sort()).toEqual(names('command', 'do').sort());
    for (const row of rows) expect(commands.validate(JSON.parse(row)).valid).toBe(true);
  });
});
