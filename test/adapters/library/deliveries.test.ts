/**
 * What the promise of `send` means: at delivery, at each kind of end, and for what is not sent at all.
 */
import { LIBRARY_WORDS } from '../../../adapters/words/library.js';
import { describe, expect, test } from 'vitest';
import { createDeliveries, UNDELIVERED_LIMIT, UNSENT_LIMIT } from '../../../adapters/library/deliveries.js';
import { createRooms, failure, texts } from '../../support/library.js';

describe('a promise', () => {
  test('resolves at delivery, in any number and before any goodbye', async () => {
    const { meet } = createRooms();
    const [one, other] = await meet();
    const heard = texts(other.session);
    const sent = [...Array(500).keys()].map((n) => one.session.send(`message ${String(n)}`));
    await one.session.close();
    await Promise.all(sent);
    expect(await heard).toEqual([...Array(500).keys()].map((n) => `message ${String(n)}`));
  });

  test('rejects when this side wipes everything', async () => {
    const { enter } = createRooms();
    const one = await enter();
    const sent = failure(one.session.send('to nobody'));
    expect(await one.session.wipe()).toMatchObject({ code: 'SC-311', exit: 130 });
    expect(await sent).toMatchObject({ code: 'SC-311' });
    expect(one.crypto.live).toBe(0);
  });

  test('rejects when this side leaves before there is a peer', async () => {
    const { enter } = createRooms();
    const one = await enter();
    const sent = failure(one.session.send('to nobody'));
    expect(await one.session.close()).toMatchObject({ code: 'SC-306', exit: 5 });
    expect(await sent).toMatchObject({ code: 'SC-306', remedy: expect.stringContaining('again') as string });
  });

  test('rejects when the connection does not come back', async () => {
    const rooms = createRooms();
    const [one] = await rooms.meet({ resumeTimeout: 1 });
    rooms.relay.close();
    expect(await failure(one.session.send('into the void'))).toMatchObject({ code: 'SC-304' });
  });

  test('rejects at the end when the peer says nothing about what it has', async () => {
    const { meet } = createRooms();
    const [one, other] = await meet({}, { receipts: false });
    const heard = texts(other.session);
    const sent = failure(one.session.send('has it arrived?'));
    expect(await one.session.close()).toMatchObject({ code: 'SC-317' });
    expect(await sent).toMatchObject({ code: 'SC-362' });
    expect(await heard).toEqual(['has it arrived?']);
  });

  test('that nobody looks at stops no program', async () => {
    const { enter } = createRooms();
    const one = await enter();
    const stray: unknown[] = [];
    const note = (error: unknown): void => void stray.push(error);
    process.on('unhandledRejection', note);
    void one.session.send('to nobody');
    await one.session.wipe();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect(stray).toEqual([]);
  });
});

describe('not sent at all', () => {
  test.each([
    ['nothing', '', 'SC-360'],
    ['half a character', 'a\ud83d', 'SC-360'],
    ['something else', 7 as unknown as string, 'SC-360'],
    ['a byte too much', 'é'.repeat(32_768) + '!', 'SC-309'],
    ['far too much', 'x'.repeat(10_000_000), 'SC-309'],
  ])('%s', async (_what, text, code) => {
    const given: Uint8Array[] = [];
    expect(await failure(createDeliveries().send(text, (bytes) => given.push(bytes)))).toMatchObject({ code });
    expect(given).toEqual([]);
  });

  test('the longest message is sent', async () => {
    const { meet } = createRooms();
    const [one, other] = await meet();
    const longest = 'é'.repeat(32_768);
    await one.session.send(longest);
    await one.session.close();
    expect(await texts(other.session)).toEqual([longest]);
  });

  test('what comes after the goodbye, or after the end', async () => {
    const { meet } = createRooms();
    const [one, other] = await meet();
    const closing = one.session.close();
    expect(await failure(one.session.send('too late'))).toMatchObject({ code: 'SC-312' });
    expect(() => one.session.sendFiles({ name: 'a', content: new Uint8Array(1) })).toThrow(LIBRARY_WORDS.over);
    await closing;
    expect(await failure(one.session.send('much too late'))).toMatchObject({ code: 'SC-312' });
    await other.session.ended;
    expect(await failure(other.session.send('to nobody'))).toMatchObject({ code: 'SC-312' });
  });
});

describe('in bounded memory', () => {
  test('text that waits has a limit, and room again when it is sent', async () => {
    const deliveries = createDeliveries();
    const nowhere = (): void => undefined;
    const text = 'x'.repeat(65_536);
    const fits = UNSENT_LIMIT / text.length;
    for (let n = 0; n < fits; n++) void deliveries.send(text, nowhere);
    expect(await failure(deliveries.send('x', nowhere))).toMatchObject({ code: 'SC-361' });
    deliveries.taken(0);
    deliveries.status(0, 'held');
    deliveries.status(0, 'sent');
    void deliveries.send('x', nowhere);
    // What was said to nobody waits once more.
    deliveries.status(0, 'held');
    expect(await failure(deliveries.send('x', nowhere))).toMatchObject({ code: 'SC-361' });
    deliveries.end(new Error('the end'));
  });

  test('so has the number of messages that are not delivered', async () => {
    const deliveries = createDeliveries();
    const nowhere = (): void => undefined;
    for (let n = 0; n < UNDELIVERED_LIMIT; n++) {
      void deliveries.send('x', nowhere);
      deliveries.taken(n);
      deliveries.status(n, 'sent');
    }
    expect(await failure(deliveries.send('x', nowhere))).toMatchObject({ code: 'SC-361' });
    deliveries.status(0, 'delivered');
    void deliveries.send('x', nowhere);
    deliveries.end(new Error('the end'));
  });
});
