/**
 * The pictures in docs/screens are what the rich UI draws today. `npm run screens` makes them anew. They are made of fixed
 * views and a fixed clock: the real program would show another code in each.
 */
import path from 'node:path';
import { expect, test } from 'vitest';
import { explain } from '../../../../adapters/text/describe.js';
import type { UiView } from '../../../../core/ports.js';
import { ROOT } from '../../../support/program.js';
import { openRich, type RichRig } from '../../../support/rich.js';
import { bytes } from '../../../support/streams.js';
import { svgOf } from '../../../support/svg.js';
import { CODE, own, said, state, status, words } from '../../../support/views.js';

interface Picture {
  readonly name: string;
  readonly title: string;
  readonly rows: number;
  readonly views: readonly UiView[];
  readonly then?: (rig: RichRig) => Promise<unknown>;
  readonly cursor?: true;
}

const CHAT: readonly UiView[] = [
  state('active'),
  { ...words(false), words: ['anchor', 'river', 'copper', 'tunnel'] } as UiView,
  { type: 'peer', name: bytes('alice') },
  said('hi! did you get the draft?', 'alice', '12:01'),
  own(0, 'yes, reading it now. Two things:\n- the second table is last year’s\n- page 4 is gold ✨', '12:02'),
  status(0, 'delivered'),
  said('last year’s?! thanks. 今日中に直します 🙏', 'alice', '12:03'),
  own(1, 'no hurry', '12:03'),
  status(1, 'delivered'),
];

const PUBLIC: UiView = { type: 'notice', code: 'SC-318', text: explain('SC-318') };

const PICTURES: readonly Picture[] = [
  {
    name: 'connecting',
    title: 'Connecting: the relay is asked for the second time',
    rows: 10,
    views: [
      state('searching'),
      { type: 'relay', address: 'wss://relay.example/', attempt: 2, joined: false, room: '482913' },
    ],
  },
  {
    name: 'waiting',
    title: 'Waiting: the code to tell the peer, the link, and its QR code',
    rows: 20,
    views: [state('searching'), CODE],
  },
  {
    name: 'safety-words',
    title: 'Safety words: read aloud, answered with m or x',
    rows: 14,
    views: [state('handshaking'), state('confirming'), words(true), PUBLIC],
  },
  {
    name: 'chat',
    title: 'Chat: messages with their states, and the line that is being written',
    rows: 16,
    views: [...CHAT, { type: 'round-trip', ms: 12 }],
    then: (rig) => rig.type('see you at th'),
    cursor: true,
  },
  {
    name: 'reconnecting',
    title: 'Reconnecting: whose connection broke, and what is written is queued',
    rows: 16,
    views: [...CHAT, state('reconnecting', 'peer'), own(2, 'are you still there?', '12:05')],
    then: async (rig) => {
      rig.clock.advance(14_000);
      await rig.drawn();
    },
    cursor: true,
  },
  {
    name: 'ended',
    title: 'The end: the normal screen and one line',
    rows: 4,
    views: [...CHAT, { type: 'ended', code: 'SC-316', text: explain('SC-316'), exit: 0 }],
    then: (rig) => rig.ui.close(),
  },
];

test.each(PICTURES)('$name', async ({ name, title, rows, views, then, cursor }) => {
  const rig = openRich({ columns: 80, rows: Math.max(rows, 10), color: true });
  rig.show(...views);
  await rig.drawn();
  await then?.(rig);
  await rig.drawn();
  if (rows < 10) rig.emulator.resize(80, rows);
  const picture = svgOf(rig.emulator, title, cursor === true);
  await expect(picture).toMatchFileSnapshot(path.join(ROOT, 'docs/screens', `${name}.svg`));
});
