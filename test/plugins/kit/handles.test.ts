/** The table of handles of a crypto adapter: memory is released once, and a handle that is wiped or foreign names none. */
import { expect, test } from 'vitest';
import { LocalProtocolError } from '../../../core/errors.js';
import { createHandles } from '../../../plugins/kit/handles.js';

function table() {
  const released: [string, number][] = [];
  return { released, handles: createHandles<string>((memory, length) => void released.push([memory, length])) };
}

test('a handle names its memory until it is wiped, which releases it once', () => {
  const { handles, released } = table();
  const [one, other] = [handles.own('one', 3), handles.own('other', 5)];
  expect([one.length, handles.memory(one), handles.memory(other), handles.live]).toEqual([3, 'one', 'other', 2]);
  one.wipe();
  one.wipe();
  expect([released, handles.live, handles.memory(other)]).toEqual([[['one', 3]], 1, 'other']);
  expect(() => handles.memory(one)).toThrow(LocalProtocolError);
});

test('all can be wiped at once', () => {
  const { handles, released } = table();
  const all = [handles.own('a', 1), handles.own('b', 1)];
  handles.wipeAll();
  handles.wipeAll();
  for (const each of all) each.wipe();
  expect([released.map(([memory]) => memory), handles.live]).toEqual([['a', 'b'], 0]);
});

test('what another table made is refused, and what is no handle', () => {
  const foreign = table().handles.own('theirs', 6);
  const { handles } = table();
  expect(() => handles.memory(foreign)).toThrow(LocalProtocolError);
  for (const none of [undefined, null, 5, 'handle']) expect(() => handles.memory(none as never)).toThrow(TypeError);
  expect(() => handles.memory({ length: 6, wipe: () => undefined })).toThrow(LocalProtocolError);
});
