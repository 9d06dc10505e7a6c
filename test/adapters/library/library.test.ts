/**
 * The library as a program uses it: two sessions that meet over a relay in memory, talk, compare words, and end.
 */
import { LIBRARY_WORDS } from '../../../adapters/words/library.js';
import { describe, expect, test } from 'vitest';
import { sanitize } from '../../../adapters/library/library.js';
import { createRooms, failure, next, take, texts } from '../../support/library.js';

describe('a conversation', () => {
  test('a code is made, the peer types it, both talk, one leaves', async () => {
    const { meet } = createRooms();
    const [one, other] = await meet({ name: 'alice' });
    expect(one.session.code).toMatch(/^\d{6}(-[a-z]+){3}$/);
    expect(one.session.link).toBe(`securechat://#${one.session.code ?? ''}`);
    expect([other.session.code, other.session.link]).toEqual([undefined, undefined]);
    expect(one.session.words).toEqual(other.session.words);
    expect(other.session.peer).toBe('alice');
    await Promise.all([one.session.send('hello'), one.session.send('grüße 👋\nfrom here')]);
    const [first, second] = await take(other.session, 2);
    expect(first).toMatchObject({ id: 0, text: 'hello', from: 'alice' });
    expect(Math.abs((first?.at ?? 0) - Date.now())).toBeLessThan(3_600_000);
    expect(second?.text).toBe('grüße 👋\nfrom here');
    await other.session.send('bye');
    const rest = texts(one.session);
    expect(await other.session.close()).toMatchObject({ code: 'SC-317', exit: 0 });
    expect(await rest).toEqual(['bye']);
    expect(await one.session.ended).toMatchObject({ code: 'SC-316', exit: 0 });
    expect([one.session.state, other.session.state]).toEqual(['destroyed', 'destroyed']);
    expect([one.crypto.live, other.crypto.live]).toEqual([0, 0]);
  });

  test('what the peer said before it left can be read afterwards, once', async () => {
    const { meet } = createRooms();
    const [one, other] = await meet();
    await Promise.all([one.session.send('a'), one.session.send('b')]);
    await one.session.close();
    await other.session.ended;
    expect(await texts(other.session)).toEqual(['a', 'b']);
    expect(await texts(other.session)).toEqual([]);
  });

  test('a reader that stops keeps nothing from the next one', async () => {
    const { meet } = createRooms();
    const [one, other] = await meet();
    for (let n = 0; n < 10; n++) void one.session.send(String(n));
    expect((await take(other.session, 3)).map(({ text }) => text)).toEqual(['0', '1', '2']);
    await one.session.close();
    expect(await texts(other.session)).toEqual(['3', '4', '5', '6', '7', '8', '9']);
  });

  test('who leaves reads nothing more', async () => {
    const { meet } = createRooms();
    const [one, other] = await meet();
    await one.session.send('unread');
    await other.session.close();
    expect(await texts(other.session)).toEqual([]);
    await one.session.ended;
    // Also where the peer had left before.
    const [third, fourth] = await createRooms().meet();
    await third.session.send('unread');
    await third.session.close();
    await fourth.session.ended;
    await fourth.session.close();
    expect(await texts(fourth.session)).toEqual([]);
  });

  test('a link that is not to be spoken is the only way in', async () => {
    const { enter } = createRooms();
    const one = await enter({ linkOnly: true });
    expect(one.session.code).toBeUndefined();
    expect(one.session.link).toMatch(/^securechat:\/\/#[a-z2-7]{16}-[a-z2-7]{26}$/);
    const other = await enter({ code: one.session.link });
    await Promise.all([one.session.ready, other.session.ready]);
    await using closing = one.session;
    expect(closing.state).toBe('active');
    await other.session.close();
  });

  test('two sessions of one process have nothing in common', async () => {
    const { meet } = createRooms();
    const pairs = await Promise.all([meet(), meet()]);
    const heard = pairs.map(([, { session }]) => texts(session));
    for (const [index, [one]] of pairs.entries()) await one.session.send(`pair ${String(index)}`);
    const [[first], [second]] = pairs;
    await first.session.wipe();
    expect(first.crypto.live).toBe(0);
    expect(second.crypto.live).toBeGreaterThan(0);
    await second.session.send('still here');
    await second.session.close();
    expect(await heard[1]).toEqual(['pair 1', 'still here']);
    await pairs[0][1].session.wipe();
    expect(await heard[0]).toEqual(['pair 0']);
  });

  test('a listener that throws stops nobody, and is not silent', async () => {
    const { enter } = createRooms();
    const one = await enter();
    const thrown = new Promise((resolve) => {
      const listeners = process.listeners('uncaughtException');
      process.removeAllListeners('uncaughtException');
      process.once('uncaughtException', (error) => {
        for (const listener of listeners) process.on('uncaughtException', listener);
        resolve(error);
      });
    });
    const states: string[] = [];
    one.session.on('state', () => {
      throw new Error('a defect of the program');
    });
    const off = one.session.on('state', (state) => {
      states.push(state);
      off();
    });
    const end = next(one.session, 'end');
    await one.session.wipe();
    expect(states).toEqual(['destroyed']);
    expect(await end).toMatchObject({ code: 'SC-311' });
    expect(await thrown).toMatchObject({ message: 'a defect of the program' });
  });
});

describe('what a program may do wrongly', () => {
  test('it listens to an event that there is not, or with what is no function', async () => {
    const { meet } = createRooms();
    const [one] = await meet();
    for (const wrong of [
      ['mesage', () => undefined],
      ['toString', () => undefined],
      ['state', undefined],
    ] as const) {
      const on = one.session.on as (...given: readonly unknown[]) => unknown;
      expect(() => on(...wrong)).toThrow(expect.objectContaining({ code: 'SC-360' }));
    }
    await one.session.wipe();
  });

  test('it does something with a session that is over, and is told so', async () => {
    const { meet } = createRooms();
    const [one] = await meet();
    await one.session.close();
    const told = { code: 'SC-312', message: LIBRARY_WORDS.over, remedy: '' };
    expect(await failure(one.session.send('too late'))).toMatchObject(told);
    expect(() => one.session.sendFiles({ name: 'a', content: new Uint8Array(1) })).toThrow(
      expect.objectContaining(told),
    );
  });

  test('it finds no more in messages and offers than how to read them', async () => {
    const { meet } = createRooms();
    const [one] = await meet();
    for (const each of [one.session.messages, one.session.offers])
      expect(Reflect.ownKeys(each)).toEqual([Symbol.asyncIterator]);
    await one.session.wipe();
  });
});

describe('safety words', () => {
  test('nothing is said or shown before they match', async () => {
    const { meet } = createRooms();
    const [one, other] = await meet({ verify: true });
    await next(one.session, 'words');
    await other.session.ready;
    expect(one.session.words).toMatchObject({ required: true });
    expect(other.session.words).toEqual({ words: one.session.words?.words, required: false });
    const sent = one.session.send('only to you');
    const confirmed = next(other.session, 'confirmed');
    expect(one.session.state).toBe('confirming');
    one.session.confirm();
    expect(() => one.session.confirm()).toThrow(expect.objectContaining({ code: 'SC-312' }));
    await Promise.all([one.session.ready, confirmed, sent]);
    expect(other.session.peerConfirmed).toBe(true);
    expect((await take(other.session, 1))[0]?.text).toBe('only to you');
    await one.session.close();
  });

  test('who says no hears nothing, and the other one is told', async () => {
    const { meet } = createRooms();
    const [one, other] = await meet({ verify: true });
    const sent = failure(other.session.send('to whoever listens'));
    await next(one.session, 'state', (state) => state === 'confirming');
    const readers = [failure(texts(one.session)), failure(texts(other.session))];
    one.session.deny();
    expect(await one.session.ended).toMatchObject({ code: 'SC-403', exit: 6 });
    expect(await other.session.ended).toMatchObject({ code: 'SC-407' });
    expect(await Promise.all(readers)).toMatchObject([{ code: 'SC-403' }, { code: 'SC-407' }]);
    expect(await sent).toMatchObject({ code: 'SC-407' });
    expect(await failure(one.session.ready)).toMatchObject({ code: 'SC-403' });
  });

  test('are compared again', async () => {
    const { meet } = createRooms();
    const [one, other] = await meet();
    const before = one.session.words;
    const [again, there] = await Promise.all([one.session.compareAgain(), next(other.session, 'words')]);
    expect(again).not.toEqual(before);
    expect(there).toEqual(again);
    expect(one.session.words).toEqual(again);
    const unanswered = failure(one.session.compareAgain());
    await one.session.wipe();
    await unanswered;
    expect(await failure(one.session.compareAgain())).toMatchObject({ code: 'SC-312' });
    expect(() => one.session.confirm()).toThrow(expect.objectContaining({ code: 'SC-312' }));
    await other.session.wipe();
  });

  test('are refused where there are none, or the peer has not confirmed', async () => {
    const { enter } = createRooms();
    const one = await enter({ code: 'kitchen' });
    expect(() => one.session.confirm()).toThrow(expect.objectContaining({ code: 'SC-312' }));
    expect(await failure(one.session.compareAgain())).toMatchObject({ code: 'SC-312' });
    const other = await enter({ code: 'kitchen' });
    await Promise.all([one, other].map(({ session }) => next(session, 'state', (state) => state === 'confirming')));
    one.session.confirm();
    // The peer's person has not answered.
    expect(await failure(one.session.compareAgain())).toMatchObject({ code: 'SC-312' });
    await Promise.all([one.session.wipe(), other.session.wipe()]);
  });
});

describe('how it ends', () => {
  test('a wrong code: who typed it is told at once, the one who made it stays', async () => {
    const { enter } = createRooms();
    const one = await enter();
    const nameplate = (one.session.code ?? '').split('-')[0] ?? '';
    const other = await enter({ code: `${nameplate}-zoo-zoo-zoo` });
    const why = await failure(other.session.ready);
    expect(why).toMatchObject({ code: 'SC-408', exit: 4, remedy: expect.stringContaining('right code') as string });
    expect(await failure(texts(other.session))).toBe(why);
    expect(one.session.state).not.toBe('destroyed');
    await one.session.wipe();
  });

  test('a peer that is gone without a goodbye, after everything that came', async () => {
    const { meet } = createRooms();
    const [one, other] = await meet({ resumeTimeout: 1 });
    await other.session.send('the last word');
    await other.session.wipe();
    const heard: string[] = [];
    expect(await failure(texts(one.session, heard))).toMatchObject({ code: 'SC-304', name: 'ChatError' });
    expect(heard).toEqual(['the last word']);
    expect(await one.session.ended).toMatchObject({ code: 'SC-304', exit: 5 });
    // Too late for anything, and no harm.
    expect(await one.session.close()).toMatchObject({ code: 'SC-304' });
    expect(await one.session.wipe()).toMatchObject({ code: 'SC-304' });
  });

  test('messages that nobody reads end the session before memory does', async () => {
    const { meet } = createRooms();
    const [one, other] = await meet({}, { unreadLimit: 10_000 });
    for (let n = 0; n < 20; n++) void one.session.send(`${String(n)} `.repeat(300));
    expect(await other.session.ended).toMatchObject({ code: 'SC-363', exit: 1 });
    expect(await one.session.ended).toMatchObject({ code: 'SC-322' });
    // What came before is not lost.
    const heard: string[] = [];
    expect(await failure(texts(other.session, heard))).toMatchObject({ code: 'SC-363' });
    expect(heard.length).toBeGreaterThan(5);
    expect(heard[0]).toMatch(/^0 /);
  });

  test('a goodbye waits for what was given, however late the peer comes', async () => {
    const { enter } = createRooms();
    const one = await enter();
    const sent = one.session.send('early');
    const other = await enter({ code: one.session.code });
    const heard = texts(other.session);
    await one.session.ready;
    expect(await one.session.close()).toMatchObject({ code: 'SC-317' });
    await sent;
    expect(await heard).toEqual(['early']);
  });
});

test('text of the peer is made harmless', () => {
  expect(sanitize('\u001b[2Jhello\nthere\u202e')).toBe('␛[2Jhello␊there<U+202E>');
  expect(sanitize('two\nlines', { lines: true })).toBe('two\nlines');
});
