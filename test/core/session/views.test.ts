/** What a person is shown on its way to the UI: what is added to it, and that nothing of it stays. */
import { describe, expect, it } from 'vitest';
import type { UiPort, UiView } from '../../../core/ports.js';
import type { CodeForm, Nameplate, RoomCode } from '../../../core/room/code.js';
import type { SessionView } from '../../../core/session/events.js';
import { createViews } from '../../../core/session/views.js';
import { createFakeClock } from '../../../plugins/testing/clock.js';
import { utf8 } from '../../support/pair.js';

function views(broken = false) {
  /** As it was at the moment when it was shown. */
  const shown: UiView[] = [];
  const ui: Pick<UiPort, 'show'> = {
    show(view) {
      if (broken) throw new Error('the UI is broken');
      shown.push(structuredClone(view));
    },
  };
  const clock = createFakeClock();
  const code: RoomCode = {
    nameplate: '482913' as Nameplate,
    form: 'generated' satisfies CodeForm,
    secret: utf8('a-b-c'),
  };
  const presented = { code: utf8('482913-a-b-c'), invite: utf8('securechat://#482913-a-b-c') };
  const made = createViews(
    ui as UiPort,
    {
      clock,
      present: () => presented,
      relay: 'wss://relay.example',
      describe: (why, detail) => `${why} ${JSON.stringify(detail)}`,
    },
    () => code,
  );
  return { views: made, shown, clock, code, presented };
}

const wiped = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

describe('the code', () => {
  it.each([false, true])(
    'is presented once; then its secret and all that was presented is wiped (UI broken: %s)',
    (broken) => {
      const { views: one, shown, code, presented } = views(broken);
      const show = (): void => one.show({ type: 'code', nameplate: code.nameplate });
      if (broken) expect(show).toThrow('the UI is broken');
      else show();
      expect([code.secret, presented.code, presented.invite].every(wiped)).toBe(true);
      expect(shown).toHaveLength(broken ? 0 : 1);
      if (!broken) expect(shown[0]).toMatchObject({ type: 'code', code: utf8('482913-a-b-c') });
    },
  );
});

describe('text', () => {
  const message = (): Extract<SessionView, { type: 'message' }> => ({
    type: 'message',
    id: 0,
    from: utf8('Ada'),
    text: utf8('hello'),
    at: 0,
  });

  it('is shown with the time of day at which it came, and wiped', () => {
    const { views: one, shown, clock } = views();
    const view = message();
    clock.advance(1_500);
    one.show({ ...view, at: 500 });
    expect(shown).toEqual([{ ...message(), at: Math.round(clock.wallTime() - (clock.now() - 500)) }]);
    expect([view.text, view.from].every(wiped)).toBe(true);
  });

  it('of this side, too', () => {
    const { views: one, shown, clock } = views();
    const view = { type: 'own', id: 0, text: utf8('mine'), at: 500 } as const satisfies SessionView;
    clock.advance(1_500);
    one.show(view);
    expect(shown).toEqual([{ ...view, text: utf8('mine'), at: Math.round(clock.wallTime() - (clock.now() - 500)) }]);
    expect(wiped(view.text)).toBe(true);
    const status = { type: 'status', id: 0, status: 'sent' } as const;
    one.show(status);
    expect(shown.at(-1)).toEqual(status);
  });

  it('is wiped also where the UI throws; so is the name of a peer, and that of a file', () => {
    const { views: one } = views(true);
    const view = message();
    const peer = { type: 'peer', name: utf8('Ada') } as const;
    const offer = { type: 'offer', id: 0, incoming: true, name: utf8('a.txt'), count: 1, bytes: 1 } as const;
    const file = { ...offer, free: undefined, exists: false } satisfies SessionView;
    for (const each of [view, peer, file]) expect(() => one.show(each)).toThrow('the UI is broken');
    expect([view.text, view.from, peer.name, offer.name].every(wiped)).toBe(true);
  });
});

it('a notice and a file that failed get their sentence, the relay its address and the room', () => {
  const { views: one, shown } = views();
  one.show({ type: 'notice', code: 'SC-314', detail: { attempt: 1 } });
  one.show({ type: 'file-failed', id: 3, code: 'SC-333', detail: {} });
  one.show({ type: 'relay', attempt: 2, joined: false });
  expect(shown).toEqual([
    { type: 'notice', code: 'SC-314', detail: { attempt: 1 }, text: 'SC-314 {"attempt":1}' },
    { type: 'file-failed', id: 3, code: 'SC-333', detail: {}, text: 'SC-333 {}' },
    { type: 'relay', attempt: 2, joined: false, address: 'wss://relay.example', room: '482913' },
  ]);
});
