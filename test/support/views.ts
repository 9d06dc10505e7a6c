/**
 * What a UI is shown in the tests of one that draws: short ways to say it. No expectation may be in this file.
 */
import type { Broken, MessageStatus, State, UiView } from '../../core/ports.js';
import { bytes } from './streams.js';

/** Unix ms of this time of day, where the test runs. */
function today(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return new Date(2030, 0, 1, hours, minutes).getTime();
}

export const CODE: UiView = {
  type: 'code',
  code: bytes('482913-tunnel-anchor-mango'),
  invite: bytes('securechat://#482913-tunnel-anchor-mango'),
};

export function state(name: State, broken?: Broken): UiView {
  return { type: 'state', state: name, broken };
}

export function own(id: number, text: string, time = '12:01'): UiView {
  return { type: 'own', id, text: bytes(text), at: today(time) };
}

export function said(text: string, from: string, time: string): UiView {
  return { type: 'message', id: 0, from: bytes(from), text: bytes(text), at: today(time) };
}

export function status(id: number, name: MessageStatus): UiView {
  return { type: 'status', id, status: name };
}

export function words(required: boolean): UiView {
  return { type: 'safety-words', words: ['anchor', 'river', 'copper', 'tunnel'], required };
}

export function notice(text: string): UiView {
  return { type: 'notice', code: 'SC-320', text };
}
