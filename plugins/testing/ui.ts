/**
 * The contract of UiPort (core/ports.ts) as tests for any runner: every view in any order, hostile text, broken streams,
 * the end. A failed check throws. No test runner and nothing that is true of one UI only may be in this file.
 */
import type { MessageStatus, State, UiEvent, UiPort, UiView } from '../../core/ports.js';
import type { Sanitize, UiContext } from '../kit/define.js';
import { createFakeClock, type FakeClock } from './clock.js';
import { fakeSanitize } from './sanitize.js';
import { createFakeInput, createFakeOutput, type FakeInput, type FakeOutput } from './streams.js';

export interface UiContract {
  /** Goes before the name of each test. */
  readonly name: string;
  /** The runner's way to declare one test. */
  readonly test: (name: string, run: () => Promise<void>) => void;
  /** A fresh UI on this context. */
  create(context: UiContext): UiPort | Promise<UiPort>;
  /** Default: fakeSanitize. */
  readonly sanitize?: Sanitize;
  /** The streams claim to be terminals. */
  readonly terminal?: boolean;
  /** It shows the newest only: of what is shown at once, all but the last may never be written. */
  readonly newestOnly?: boolean;
  /**
   * What it shows at the moment, for a UI that reads and writes no streams: what is about streams does not apply to it. Default:
   * what it wrote to them.
   */
  readonly shown?: () => string | Promise<string>;
  /** What a person types to see a message whole, where it is not shown so at once. Default: nothing. */
  readonly look?: string;
  /** Takes the control sequences that the UI makes itself out of what it wrote. Default: it makes none. */
  readonly withoutOwnControls?: (written: string) => string;
}

interface Rig {
  readonly ui: UiPort;
  readonly events: UiEvent[];
  readonly input: FakeInput;
  readonly output: FakeOutput;
  readonly errors: FakeOutput;
  readonly clock: FakeClock;
  /** Resolves with the next event of this type, or one that came before. */
  event(type: UiEvent['type']): Promise<UiEvent>;
  written(): Promise<string>;
}

/** A UI whose reader does not read is closed after this long at the latest, milliseconds. */
const CLOSE_PATIENCE_MS = 10_000;

/** How often is looked for what must not come, and for what must: the UI may be in another process. */
const [FEW_TURNS, MANY_TURNS] = [50, 10_000];
/** Milliseconds of the clock that pass each time. */
const TURN_MS = 20;

const STATES: readonly State[] = [
  ...(['idle', 'searching', 'handshaking', 'confirming', 'active', 'reconnecting', 'active', 'closing'] as const),
  'destroyed',
];
const STATUSES: readonly MessageStatus[] = ['held', 'sent', 'delivered', 'failed'];

/** Orders to a terminal and characters that deceive an eye; each must come out as something visible. */
const HOSTILE = [
  '\x1b[2J\x1b[1;1H',
  '\x1b]0;title\x07',
  '\x1b]52;c;cm0=\x1b\\',
  '\x1b\x1b[0m[2J',
  '\u009b2J\u009d0;x\u009c',
  '\x07\b\r\v\f\x0e\x0f\x7f\0',
  '\u202etxt.exe\u2066\u2069\u200f\u061c',
  '\u200b\u2060\ufeff\u00ad',
  '\u{e0068}\u{e0069}\u{e007f}',
  '\u2028\u2029\u0085',
  '\ue0b0\u{f0000}\uffff',
].join(' ');

const CONTROLS = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u;

export function uiContract(contract: UiContract): void {
  const cases: Readonly<Record<string, (contract: UiContract) => Promise<void>>> = {
    'takes every view in any order and never throws': everyView,
    'takes a view before it is opened and ignores one after close': outsideOfLife,
    'close is idempotent and resolves': closesTwice,
    'close is flushed': flushes,
    'buffers may be wiped right after show': wipedAfterShow,
    'text, names and notices from outside give no order to a terminal': hostile,
    'a message is told as shown': shownOnce,
    'no event comes after close': silentAfterClose,
  };
  const ofStreams: typeof cases = {
    'close does not wait for ever for a reader that does not read': stuckReader,
    'a message is not told as shown before its reader has it': shownWhenOut,
    'a broken output is told once as gone and throws nothing': brokenOutput,
    'the end of an input with text in it is told once': endOfInput,
    'an input that breaks is its end': brokenInput,
  };
  const all = { ...cases, ...(contract.shown === undefined ? ofStreams : {}) };
  for (const [title, run] of Object.entries(all)) contract.test(`${contract.name}: ${title}`, () => run(contract));
}

async function everyView(contract: UiContract): Promise<void> {
  for (const views of [allViews(), allViews().reverse()]) {
    const rig = await start(contract);
    for (const view of views) rig.ui.show(view);
    for (const view of views) rig.ui.show(view);
    rig.ui.show(ended());
    await rig.ui.close();
    check((await rig.written()).length > 0, 'nothing was shown');
  }
}

async function outsideOfLife(contract: UiContract): Promise<void> {
  const rig = await make(contract);
  rig.ui.show({ type: 'state', state: 'searching' });
  rig.ui.open(() => undefined);
  await rig.ui.close();
  const before = await rig.written();
  for (const view of allViews()) rig.ui.show(view);
  await rig.ui.close();
  check((await rig.written()) === before, 'something was shown after close');
}

async function closesTwice(contract: UiContract): Promise<void> {
  const rig = await start(contract);
  await Promise.all([rig.ui.close(), rig.ui.close()]);
  await rig.ui.close();
}

async function flushes(contract: UiContract): Promise<void> {
  const rig = await start(contract);
  rig.ui.show({ type: 'state', state: 'active' });
  for (let id = 0; id < 100; id++) rig.ui.show(message(id, `line-${String(id)}.`));
  await rig.ui.close();
  const written = await rig.written();
  for (const id of contract.newestOnly === true ? [99] : [0, 99])
    check(written.includes(`line-${String(id)}.`), `message ${String(id)} is missing`);
}

async function stuckReader(contract: UiContract): Promise<void> {
  const rig = await start(contract);
  rig.output.hold();
  rig.errors.hold();
  rig.ui.show(message(0, 'nobody reads this'));
  const closed = rig.ui.close();
  rig.clock.advance(CLOSE_PATIENCE_MS);
  await closed;
}

async function shownOnce(contract: UiContract): Promise<void> {
  const rig = await start(contract);
  rig.ui.show({ type: 'state', state: 'active' });
  for (const id of [0, 1, 2]) rig.ui.show(message(id, 'is anybody there?'));
  if (contract.look !== undefined) rig.input.type(contract.look);
  await turns(rig, () => shownIds(rig).includes(2));
  check(shownIds(rig).includes(2), 'nobody was told that the messages are shown');
  check(Math.max(...shownIds(rig)) === 2, 'a message was told as shown that was not handed over');
  await rig.ui.close();
}

async function shownWhenOut(contract: UiContract): Promise<void> {
  const rig = await start(contract);
  rig.ui.show({ type: 'state', state: 'active' });
  await turns(rig);
  rig.output.hold();
  rig.ui.show(message(0, 'nobody reads this'));
  await turns(rig);
  check(shownIds(rig).length === 0, 'a message was told as shown that its reader has not got');
  rig.output.release();
  if (contract.look !== undefined) rig.input.type(contract.look);
  await turns(rig, () => shownIds(rig).includes(0));
  check(shownIds(rig).includes(0), 'nobody was told that the message is shown');
  await rig.ui.close();
}

async function wipedAfterShow(contract: UiContract): Promise<void> {
  const rig = await start(contract);
  rig.ui.show({ type: 'state', state: 'active' });
  const text = bytes('a text of the peer');
  const from = bytes('alice');
  rig.ui.show({ type: 'message', id: 0, from, text, at: 0 });
  text.fill(0);
  from.fill(0);
  await rig.ui.close();
  const written = await rig.written();
  check(written.includes('a text of the peer'), 'the text is missing');
  check(written.includes('alice'), 'the name is missing');
}

async function hostile(contract: UiContract): Promise<void> {
  const rig = await start(contract);
  const illFormed = Uint8Array.from([...bytes(HOSTILE), 0x9b, 0xc2, 0xed, 0xa0, 0x80, 0xf5]);
  rig.ui.show({ type: 'state', state: 'active' });
  rig.ui.show({ type: 'peer', name: illFormed.slice() });
  rig.ui.show({ type: 'message', id: 0, from: illFormed.slice(), text: illFormed.slice(), at: 0 });
  rig.ui.show({ type: 'code', code: illFormed.slice(), invite: illFormed.slice() });
  rig.ui.show({ type: 'notice', code: 'SC-101', text: HOSTILE });
  rig.ui.show({ type: 'safety-words', words: ['one', HOSTILE, 'three', 'four'], required: true });
  rig.ui.show({ type: 'ended', code: 'SC-101', text: HOSTILE, exit: 3 });
  await rig.ui.close();
  const raw =
    contract.shown === undefined
      ? Buffer.concat([rig.output.bytes(), rig.errors.bytes()])
      : Buffer.from(await rig.written());
  const visible = (contract.withoutOwnControls ?? ((text) => text))(raw.toString('utf8')).replaceAll('\n', '');
  const found = CONTROLS.exec(visible);
  check(found === null, `U+${(found?.[0].codePointAt(0) ?? 0).toString(16)} was written`);
  check(new TextDecoder('utf-8').decode(raw) !== '' && isWellFormed(raw), 'what was written is not UTF-8');
}

async function brokenOutput(contract: UiContract): Promise<void> {
  const rig = await start(contract);
  rig.output.fail();
  rig.errors.fail();
  for (let id = 0; id < 10; id++) rig.ui.show(message(id, 'into the void'));
  await rig.event('gone');
  for (const view of allViews()) rig.ui.show(view);
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  await rig.ui.close();
  check(count(rig, 'gone') === 1, 'gone was not told once');
}

async function endOfInput(contract: UiContract): Promise<void> {
  const rig = await start(contract);
  rig.ui.show({ type: 'state', state: 'active' });
  rig.input.type('hello\n');
  rig.input.end();
  await rig.event('end-of-input');
  await rig.ui.close();
  check(count(rig, 'end-of-input') === 1, 'the end of the input was not told once');
}

async function brokenInput(contract: UiContract): Promise<void> {
  const rig = await start(contract);
  rig.input.fail();
  await Promise.race([rig.event('end-of-input'), rig.event('gone')]);
  await rig.ui.close();
}

async function silentAfterClose(contract: UiContract): Promise<void> {
  const rig = await start(contract);
  rig.ui.show({ type: 'state', state: 'active' });
  await rig.ui.close();
  const before = rig.events.length;
  rig.input.type('hello\n{"do":"quit"}\n');
  rig.input.end();
  rig.output.fail();
  await new Promise((resolve) => setImmediate(resolve));
  check(rig.events.length === before, 'an event came after close');
}

function allViews(): UiView[] {
  return [
    ...STATES.map((state): UiView => ({ type: 'state', state })),
    { type: 'code', code: bytes('482913-tunnel-anchor-mango'), invite: bytes('securechat://482913') },
    { type: 'safety-words', words: ['anchor', 'river', 'copper', 'tunnel'], required: true },
    { type: 'safety-words', words: ['anchor', 'river', 'copper', 'tunnel'], required: false },
    { type: 'state', state: 'confirming' },
    { type: 'peer', name: bytes('alice') },
    { type: 'peer', name: new Uint8Array(0) },
    { type: 'peer-confirmed' },
    message(0, 'hello'),
    message(1, ''),
    message(2, 'two\nlines\n'),
    { type: 'message', id: 3, from: bytes('alice'), text: new Uint8Array(64 * 1024).fill(0x61), at: Number.NaN },
    { type: 'own', id: 0, text: bytes('mine'), at: 1 },
    ...STATUSES.map((status): UiView => ({ type: 'status', id: 0, status })),
    { type: 'status', id: 7, status: 'delivered' },
    { type: 'relay', address: 'wss://relay.example/', attempt: 1, joined: false, room: '482913' },
    { type: 'relay', address: '', attempt: 2, joined: true, room: '482913' },
    { type: 'round-trip', ms: 12 },
    { type: 'input', welcome: false },
    { type: 'input', welcome: true },
    { type: 'notice', code: 'SC-315', text: 'sending is held back' },
    ended(),
  ];
}

function message(id: number, text: string): UiView {
  return { type: 'message', id, from: new Uint8Array(0), text: bytes(text), at: 0 };
}

function ended(): UiView {
  return { type: 'ended', code: 'SC-316', text: 'the peer left', exit: 0 };
}

function bytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'utf8'));
}

function isWellFormed(raw: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(raw);
    return true;
  } catch {
    return false;
  }
}

async function make(contract: UiContract): Promise<Rig> {
  const [input, output, errors] = [
    createFakeInput(contract.terminal),
    createFakeOutput(contract.terminal),
    createFakeOutput(contract.terminal),
  ];
  const clock = createFakeClock();
  const { sanitize = fakeSanitize } = contract;
  const ui = await contract.create({
    clock,
    input: input.stream,
    output: output.stream,
    errors: errors.stream,
    sanitize,
    color: false,
    wipeScrollback: false,
  });
  const events: UiEvent[] = [];
  const waiting: { type: UiEvent['type']; resolve: (event: UiEvent) => void }[] = [];
  const open = ui.open.bind(ui);
  ui.open = (sink) =>
    open((event) => {
      events.push(event);
      for (const { type, resolve } of waiting) if (type === event.type) resolve(event);
      sink(event);
    });
  return {
    ui,
    events,
    input,
    output,
    errors,
    clock,
    event: async (type) =>
      events.find((event) => event.type === type) ?? new Promise((resolve) => waiting.push({ type, resolve })),
    written: async () => (await contract.shown?.()) ?? output.text() + errors.text(),
  };
}

async function start(contract: UiContract): Promise<Rig> {
  const rig = await make(contract);
  rig.ui.open(() => undefined);
  return rig;
}

/** Lets time pass, also that of the clock, until it is so; without a condition for a while. */
async function turns(rig: Rig, until?: () => boolean): Promise<void> {
  for (let turn = 0; turn < (until === undefined ? FEW_TURNS : MANY_TURNS) && until?.() !== true; turn++) {
    rig.clock.advance(TURN_MS);
    await new Promise((resolve) => (until === undefined ? setImmediate(resolve) : setTimeout(resolve, 1)));
  }
}

function shownIds(rig: Rig): number[] {
  return rig.events.flatMap((event) => (event.type === 'shown' ? event.id : []));
}

function count(rig: Rig, type: UiEvent['type']): number {
  return rig.events.filter((event) => event.type === type).length;
}

function check(holds: boolean, why: string): void {
  if (!holds) throw new Error(`UI contract: ${why}`);
}
