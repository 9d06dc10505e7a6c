/**
 * Calling off: at each stage of the attempt, and of the session. Nothing may be left behind.
 */
import { describe, expect, test } from 'vitest';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import { connect } from '../../../adapters/library/library.js';
import type { TransportPort } from '../../../core/ports.js';
import { createRooms, failure, texts } from '../../support/library.js';

/** A relay that never answers, and counts its connections. */
function createSilence(): { readonly port: TransportPort; readonly open: () => number; readonly asked: Promise<void> } {
  let open = 0;
  let ask = (): void => undefined;
  const asked = new Promise<void>((resolve) => {
    ask = resolve;
  });
  const port: TransportPort = {
    open(_join, sink) {
      open += 1;
      ask();
      let closed = false;
      return {
        waiting: 0,
        send: () => false,
        close() {
          if (closed) return;
          closed = true;
          queueMicrotask(() => {
            open -= 1;
            sink({ type: 'closed', reason: 'closed', detail: '' });
          });
        },
      };
    },
  };
  return { port, open: () => open, asked };
}

const why = new Error('the program has changed its mind');

describe('an attempt is called off', () => {
  test('before it begins', async () => {
    const made: string[] = [];
    const attempt = connect({
      signal: AbortSignal.abort(why),
      transport: () => createSilence().port,
      crypto: () => {
        made.push('crypto');
        return createTweetnaclCrypto();
      },
    });
    expect(await failure(attempt)).toBe(why);
    expect(made).toEqual([]);
  });

  test.each(['crypto', 'transport'] as const)('while the %s is made', async (stage) => {
    const calledOff = new AbortController();
    const { port, open } = createSilence();
    const crypto = createTweetnaclCrypto();
    const stop = (at: typeof stage): void => {
      if (at === stage) calledOff.abort(why);
    };
    const attempt = connect({
      signal: calledOff.signal,
      crypto: async () => {
        await Promise.resolve();
        crypto.randomSecret(32);
        stop('crypto');
        return crypto;
      },
      transport: () => {
        stop('transport');
        return port;
      },
    });
    expect(await failure(attempt)).toBe(why);
    expect([crypto.live, open()]).toEqual([0, 0]);
  });

  test('while the relay is looked for', async () => {
    const calledOff = new AbortController();
    const { port, open, asked } = createSilence();
    const crypto = createTweetnaclCrypto();
    const attempt = connect({ signal: calledOff.signal, transport: () => port, crypto: () => crypto });
    await asked;
    expect(open()).toBe(1);
    calledOff.abort(why);
    expect(await failure(attempt)).toBe(why);
    expect([crypto.live, open()]).toEqual([0, 0]);
  });
});

describe('a session is left', () => {
  test('while the peer is waited for', async () => {
    const calledOff = new AbortController();
    const rooms = createRooms();
    const one = await rooms.enter({ signal: calledOff.signal });
    const sent = failure(one.session.send('to nobody'));
    const heard = failure(texts(one.session));
    calledOff.abort(why);
    expect(await one.session.ended).toMatchObject({ code: 'SC-311' });
    expect(await Promise.all([sent, heard, failure(one.session.ready)])).toEqual([why, why, why]);
    expect([one.crypto.live, rooms.relay.counts.members]).toEqual([0, 0]);
  });

  test('in the middle of it: the peer hears a goodbye', async () => {
    const calledOff = new AbortController();
    const { meet } = createRooms();
    const [one, other] = await meet({ signal: calledOff.signal });
    const heard = failure(texts(one.session));
    calledOff.abort(why);
    expect(await heard).toBe(why);
    expect(await other.session.ended).toMatchObject({ code: 'SC-316' });
    expect([one.crypto.live, other.crypto.live]).toEqual([0, 0]);
  });

  test('and nothing comes of a signal after the end', async () => {
    const calledOff = new AbortController();
    const { enter } = createRooms();
    const one = await enter({ signal: calledOff.signal });
    const end = await one.session.wipe();
    calledOff.abort(why);
    expect(await one.session.close()).toEqual(end);
  });
});

test('a transport that is none, and one that throws, are told by code', async () => {
  const crypto = createTweetnaclCrypto();
  const of = (transport: () => TransportPort) => failure(connect({ transport, crypto: () => crypto }));
  expect(await of(() => ({}) as TransportPort)).toMatchObject({ code: 'SC-506', name: 'ChatError' });
  expect(
    await of(() => {
      throw new Error('it is broken');
    }),
  ).toMatchObject({ code: 'SC-506', message: expect.stringContaining('it is broken') as string });
  expect(
    await of(() => ({
      open() {
        throw new Error('it breaks later');
      },
    })),
  ).toMatchObject({ code: 'SC-506' });
  expect(crypto.live).toBe(0);
});
