/**
 * What the program is started for, and what of its words is left for the chat.
 */
import { describe, expect, test } from 'vitest';
import { taskOf } from '../../../adapters/cli/task.js';

const chat = (files: string | undefined) => ({ kind: 'chat', files });

describe('a chat', () => {
  test.each([
    [['kitchen'], chat(undefined), ['kitchen']],
    [['--files'], chat('.'), []],
    [['--files', 'd', 'kitchen'], chat('d'), ['kitchen']],
    [['kitchen', '--files', '--quiet'], chat('.'), ['kitchen', '--quiet']],
    [['--files=a b', '-r', '--files'], chat('a b'), ['-r', '--files']],
    [['--', '--files'], chat(undefined), ['--', '--files']],
  ])('%j', (argv, task, rest) => {
    expect(taskOf(argv)).toEqual({ task, rest });
  });
});

describe('send', () => {
  test.each([
    [['a', 'b'], ['a', 'b'], []],
    [['a', '--room', 'kitchen', '-r', 'ws://x', '--json'], ['a'], ['--room', 'kitchen', '-r', 'ws://x', '--ui=json']],
    [['--relay=ws://x', '--code-stdin', 'a'], ['a'], ['--relay=ws://x', '--code-stdin']],
    [['--', '-a', '--room'], ['-a', '--room'], []],
  ])('%j', (argv, paths, rest) => {
    expect(taskOf(['send', ...argv])).toEqual({ task: { kind: 'send', paths }, rest });
  });

  test.each([[[]], [['--room', 'kitchen']], [['a', '--room']]])('%j is refused', (argv) => {
    expect(() => taskOf(['send', ...argv])).toThrow('SC-503');
  });
});

describe('receive', () => {
  test.each([
    [[], '.', false, []],
    [['kitchen', '-o', 'd', '--yes'], 'd', true, ['kitchen']],
    [['-od', '-y'], 'd', true, []],
    [['--output=d', '-y', '--json', '-t', 'ws'], 'd', true, ['--ui=json', '-t', 'ws']],
  ])('%j', (argv, folder, yes, rest) => {
    expect(taskOf(['receive', ...argv])).toEqual({ task: { kind: 'receive', folder, yes }, rest });
  });

  test('a folder that is not named is refused', () => {
    expect(() => taskOf(['receive', '-o'])).toThrow('SC-503');
  });
});

test('pipe takes what a chat takes', () => {
  expect(taskOf(['pipe', 'kitchen', '--files'])).toEqual({ task: { kind: 'pipe' }, rest: ['kitchen', '--files'] });
});
