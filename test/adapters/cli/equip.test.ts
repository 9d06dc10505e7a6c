/**
 * What a pipe makes of the end of its session: the sentence and the exit status tell that something is missing, and who stopped.
 */
import { describe, expect, test } from 'vitest';
import { equip } from '../../../adapters/cli/equip.js';
import type { Task } from '../../../adapters/cli/task.js';
import { sanitize } from '../../../adapters/text/sanitize.js';
import { type Code, EXIT } from '../../../core/errors.js';
import type { BulkPort } from '../../../core/bulk-port.js';
import type { UiEvent, UiPort, UiView } from '../../../core/ports.js';
import { createFakeClock } from '../../../plugins/testing/clock.js';
import { createFakeInput, createFakeOutput } from '../../../plugins/testing/streams.js';

async function pipe() {
  const [input, output, errors] = [createFakeInput(), createFakeOutput(), createFakeOutput()];
  const context = { input: input.stream, output: output.stream, errors: errors.stream, sanitize };
  const none = { open: () => undefined, show: () => undefined, close: () => Promise.resolve() };
  const made = await equip({
    ...{ task: { kind: 'pipe' }, hosted: false, ui: none, json: false, unicode: true, cwd: '/' },
    context: { ...context, clock: createFakeClock() },
  });
  const bulk = made.bulk as BulkPort;
  made.ui.open(() => undefined);
  bulk.open(() => undefined);
  return {
    bulk,
    exit: made.exit,
    begin() {
      bulk.tell({ type: 'taken', id: 1 });
      bulk.tell({ type: 'offered', id: 2, offer: { kind: 'pipe' } });
    },
    over: (id: number, code?: Code) => bulk.tell({ type: 'over', id, whole: code === undefined, code }),
    async says(code: Code) {
      made.ui.show({ type: 'ended', code, text: 'You left.', exit: 0 });
      await made.ui.close();
      return errors.text();
    },
  };
}

test('a peer that leaves before it takes a byte has taken nothing', async () => {
  const one = await pipe();
  expect(one.exit(EXIT.ok)).toBe(EXIT.truncated);
  expect(await one.says('SC-316')).toContain('truncated. What came is incomplete: start it again. (SC-349)');
});

test.each<[Code, Code | undefined, Code | undefined, string]>([
  ['SC-317', 'SC-344', undefined, "truncated: your peer's output takes no more."],
  ['SC-317', undefined, 'SC-344', "truncated: your peer's input cannot be read."],
  ['SC-316', undefined, 'SC-349', 'truncated: the output here takes no more.'],
  ['SC-316', 'SC-349', undefined, 'truncated: the input here cannot be read.'],
  ['SC-317', 'SC-342', undefined, 'Your peer does not take a pipe.'],
  ['SC-317', undefined, undefined, 'You left. (SC-317)'],
  // The session's own sentence says more.
  ['SC-304', 'SC-357', 'SC-357', 'You left. (SC-304)'],
  ['SC-326', 'SC-343', 'SC-357', 'You left. (SC-326)'],
])('%s, up %s, down %s: %s', async (ended, up, down, sentence) => {
  const one = await pipe();
  one.begin();
  one.over(1, up);
  one.over(2, down);
  expect(await one.says(ended)).toContain(sentence);
});

describe('with --json, an input that ends', () => {
  const words = (required: boolean): UiView => ({ type: 'safety-words', words: ['a', 'b', 'c', 'd'], required });

  async function begun(task: Task) {
    let tell: (event: UiEvent) => void = () => undefined;
    const [input, output, errors] = [createFakeInput(), createFakeOutput(), createFakeOutput()];
    const context = { input: input.stream, output: output.stream, errors: errors.stream, sanitize };
    const ui: UiPort = {
      open(to) {
        tell = to;
      },
      show: () => undefined,
      close: () => Promise.resolve(),
    };
    const made = await equip({
      ...{ task, hosted: false, ui, json: true, unicode: true, cwd: import.meta.dirname },
      context: { ...context, clock: createFakeClock() },
    });
    const types: string[] = [];
    made.ui.open(({ type }) => types.push(type));
    return { types, show: made.ui.show, end: () => tell({ type: 'end-of-input' }) };
  }

  test.each<[string, Task]>([
    ['send', { kind: 'send', paths: ['a'] }],
    ['receive --yes', { kind: 'receive', folder: '.', yes: true }],
  ])('ends no %s, which needs no answer; but where one is needed', async (_name, task) => {
    const one = await begun(task);
    one.end();
    one.show(words(false));
    expect(one.types).toEqual([]);
    one.show(words(true));
    expect(one.types).toEqual(['end-of-input']);
    const other = await begun(task);
    other.show({ type: 'code-wanted', same: false });
    other.end();
    expect(other.types).toEqual(['end-of-input']);
  });

  test('ends a receive that asks', async () => {
    const one = await begun({ kind: 'receive', folder: '.', yes: false });
    one.end();
    expect(one.types).toEqual(['end-of-input']);
  });
});
