/** Meeting, without a session around it: what the relay's answers lead to, and how long it is tried. */
import { describe, expect, it } from 'vitest';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import type { Nameplate } from '../../../core/room/code.js';
import { LASTING, type Line, type LineEvent, type Place } from '../../../core/session/line.js';
import { createMeeting, type MeetingOptions } from '../../../core/session/meeting.js';
import { NAMEPLATES } from '../../../core/session/typed-code.js';
import { utf8 } from '../../support/pair.js';
import { createStage } from '../../support/stage.js';

const JOINED: LineEvent = { type: 'joined', peer: false };
const lost = (age?: number, why = 'reset'): LineEvent => ({ type: 'lost', code: 'SC-108', why, age });
const refused = (code: Extract<LineEvent, { type: 'refused' }>['code'], retryAfterMs?: number): LineEvent => ({
  type: 'refused',
  code,
  retryAfterMs,
  age: undefined,
});

function meet(options: Partial<MeetingOptions> = {}) {
  const stage = createStage();
  const crypto = createTweetnaclCrypto();
  const places: Place[] = [];
  const said: string[] = [];
  const line = {
    seek: (place: Place) => void places.push(place),
    again: (_now: number, atLeast = 0) => void said.push(`again ${atLeast}`),
    leave: () => void said.push('leave'),
    trouble: (why: string) => void said.push(`trouble ${why}`),
    say: () => true,
  } as unknown as Line;
  const meeting = createMeeting(stage.host, line, {
    crypto,
    nameplate: '482913' as Nameplate,
    form: 'generated',
    prs: crypto.take(utf8('tunnel-anchor-mango')),
    verify: false,
    name: utf8('Ada'),
    resumeTimeout: 60_000,
    version: utf8('test'),
    ...options,
  });
  meeting.start(0);
  return {
    meeting,
    stage,
    places,
    said,
    mode: () => places.at(-1)?.join.mode,
    gets: (event: LineEvent, now = 0) => meeting.handle(event, now),
  };
}

/** A side that made its code. */
function making() {
  let n = 0;
  return meet({ reroll: () => String(100_000 + n++) as Nameplate });
}

describe('the room', () => {
  it('of a code that was typed is joined', () => {
    expect(meet().mode()).toBe('join');
  });

  it('of a code that is made is created, and shown when the relay has given it; from then on it is joined', () => {
    const { gets, mode, stage, meeting } = making();
    expect([mode(), stage.views('code')]).toEqual(['create', []]);
    gets(JOINED);
    meeting.slept(0);
    expect([mode(), stage.views('code').map(({ nameplate }) => nameplate)]).toEqual(['join', ['482913']]);
    gets(JOINED);
    expect(stage.views('code')).toHaveLength(1);
  });

  it('that is taken is another one the next time, a few times', () => {
    const { gets, places } = making();
    for (let n = 1; n < NAMEPLATES; n++) expect(gets(refused('room-taken'))).toBeUndefined();
    expect(new Set(places.map(({ join }) => join.room)).size).toBe(NAMEPLATES);
    expect(gets(refused('room-taken'))).toMatchObject({ type: 'end', code: 'SC-308' });
  });

  it('that is taken after it was given, or to whoever joins it, is no other one: the relay talks nonsense', () => {
    const { gets, places } = making();
    gets(JOINED);
    expect(gets(refused('room-taken'))).toMatchObject({ type: 'end', code: 'SC-107' });
    expect(places).toHaveLength(1);
    expect(meet().gets(refused('room-taken'))).toMatchObject({ type: 'end', code: 'SC-107' });
  });

  it('has one seat for all the time', () => {
    const { gets, meeting, places } = meet();
    gets(JOINED);
    meeting.slept(0);
    expect(new Set(places.map(({ join }) => join.seat)).size).toBe(1);
  });
});

describe('what the relay says', () => {
  it.each([
    ['bad-request', 'SC-102'],
    ['unsupported-version', 'SC-106'],
    ['too-large', 'SC-112'],
    ['room-full', 'SC-303'],
    ['busy', 'SC-104'],
  ] as const)('%s is the end before it has given the seat', (why, code) => {
    expect(meet().gets(refused(why))).toMatchObject({ type: 'end', code });
  });

  it.each([
    ['bad-request', true],
    ['busy', false],
    ['rate-limited', false],
    ['shutting-down', false],
    ['room-full', false],
  ] as const)('%s afterwards is the end: %s', (why, ends) => {
    const { gets, said } = meet();
    gets(JOINED);
    expect(gets(refused(why, 2_500)) !== undefined).toBe(ends);
    expect(said).toEqual(ends ? [] : [`trouble ${why}`, 'again 2500']);
  });

  it('how long it wants to be left alone is told in whole seconds, where it says so', () => {
    expect(meet().gets(refused('busy', 2_001))).toMatchObject({ detail: { seconds: 3 } });
    expect(meet().gets(refused('busy'))).toEqual({ type: 'end', code: 'SC-104', detail: { why: 'busy' } });
  });

  it('of a direct path, or that there is room again, concerns nobody before there are keys', () => {
    const { gets, places, said, stage } = meet();
    gets(JOINED);
    const before = stage.effects.length;
    for (const type of ['moved', 'closed', 'drain'] as const) expect(gets({ type })).toBeUndefined();
    expect([places.length, said, stage.effects.length]).toEqual([1, [], before]);
  });

  it('nonsense is the end', () => {
    expect(meet().gets({ type: 'nonsense' })).toMatchObject({ code: 'SC-107' });
  });
});

describe('a connection that is lost', () => {
  it('is the end where there never was one, and made anew afterwards until patience ends', () => {
    expect(meet().gets(lost())).toMatchObject({ type: 'end', code: 'SC-108', detail: { why: 'reset' } });
    const { gets, said } = meet();
    gets(JOINED);
    expect(gets(lost(10), 10)).toBeUndefined();
    expect(said).toEqual(['trouble reset', 'again 0']);
    expect(gets(lost(), 60_009)).toBeUndefined();
    expect(gets(lost(), 60_010)).toMatchObject({ type: 'end', code: 'SC-108' });
  });

  it('patience begins anew with one that lasted', () => {
    const { gets } = meet();
    gets(JOINED);
    gets(lost(10), 10);
    expect(gets(lost(LASTING), 100_000)).toBeUndefined();
    expect(gets(lost(LASTING - 1), 160_000)).toMatchObject({ type: 'end' });
  });

  it('without patience it is the end at once', () => {
    const { gets } = meet({ resumeTimeout: 0 });
    gets(JOINED);
    expect(gets(lost(10), 10)).toMatchObject({ type: 'end' });
  });

  it('whose reason is not known is told without one', () => {
    expect(meet().gets(lost(undefined, ''))).toEqual({ type: 'end', code: 'SC-108', detail: {} });
  });

  it('a room that the relay gives up is told as that', () => {
    const { gets } = meet();
    gets(JOINED);
    expect(gets(lost(3_600_000, '1000 wait-timeout'), 3_600_000)).toMatchObject({ code: 'SC-307' });
  });
});

describe('words', () => {
  it('are compared without a secret, or because the person wants to', () => {
    expect([meet().meeting.compares, meet({ verify: true }).meeting.compares]).toEqual([false, true]);
    const { meeting } = meet({ form: 'none' });
    expect([meeting.compares, meeting.secretless]).toEqual([true, true]);
  });
});

it('a code is taken when it was asked for, and only then', () => {
  const { meeting, stage, places } = meet();
  const before = places.length;
  meeting.typed(utf8('482913-tunnel-anchor-zoo'), 0);
  expect([stage.codes(), places.length]).toEqual([['SC-312'], before]);
  expect(meeting.inputEnded()).toBeUndefined();
});
