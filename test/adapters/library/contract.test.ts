/**
 * The session as a UI: the contract of every UI, on a small program that prints what the session object gives it and sends
 * what it reads.
 */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { sanitize as sanitized } from '../../../adapters/library/sanitize.js';
import { createSessionUi } from '../../../adapters/library/session.js';
import { createLibraryTransfers } from '../../../adapters/library/transfers.js';
import { sanitize } from '../../../adapters/text/sanitize.js';
import { utf8 } from '../../../adapters/text/utf8.js';
import type { UiEvent, UiPort, UiView } from '../../../core/ports.js';
import type { UiContext } from '../../../plugins/kit/define.js';
import { createOutlet, FLUSH_LIMIT } from '../../../plugins/kit/outlet.js';
import { uiContract } from '../../../plugins/testing/ui.js';

function createUi(unreadLimit = 1_000_000, failed: (code: string) => void = () => undefined) {
  return createSessionUi({
    created: true,
    unreadLimit,
    signal: undefined,
    transfers: (tell) => createLibraryTransfers({ tell, now: () => 0, sha256: () => createHash('sha256') }),
    fail: ({ code }) => failed(code),
  });
}

/** Prints and reads; what it makes of broken streams is its own. */
function createPrinter({ input, output, clock }: Pick<UiContext, 'input' | 'output' | 'clock'>): UiPort {
  const { port, session } = createUi();
  let sink: ((event: UiEvent) => void) | undefined;
  let ended = false;
  const outlet = createOutlet(output, clock, (why) => sink?.({ type: 'gone', why }));
  const print = (text: string): void => outlet.write(utf8(`${sanitized(text)}\n`));
  const printing = (async () => {
    for await (const { from, text } of session.messages) print(`${from}: ${text}`);
  })().catch(() => undefined);
  session.on('state', print);
  session.on('peer', print);
  session.on('notice', ({ code, text }) => print(`${code} ${text}`));
  session.on('words', ({ words }) => print(words.join(' ')));
  const over = (): void => {
    if (!ended) sink?.({ type: 'end-of-input' });
    ended = true;
  };
  return {
    open(to) {
      sink = to;
      port.open(to);
      input.on('data', (text) => void session.send(String(text)).catch(() => undefined));
      input.on('end', over);
      input.on('error', over);
    },
    show: (view) => port.show(view),
    async close() {
      sink = undefined;
      const late = new Promise<void>((resolve) => void clock.wakeAt(clock.now() + FLUSH_LIMIT, resolve));
      await port.close();
      await Promise.race([printing.then(() => outlet.flush()), late]);
    },
  };
}

uiContract({
  name: 'library',
  // The reader is this program, whoever reads its output.
  test: (name, run) => (name.endsWith('before its reader has it') ? undefined : test(name, run)),
  sanitize,
  create: createPrinter,
});

test('a message is told as shown when it is kept for the program, and not when there is no room for it', () => {
  const { port } = createUi(1000);
  const told: UiEvent[] = [];
  port.open((event) => told.push(event));
  port.show({ type: 'message', id: 0, from: utf8(''), text: utf8('hi'), at: 0 });
  port.show({ type: 'message', id: 1, from: utf8(''), text: utf8('x'.repeat(1000)), at: 0 });
  expect(told).toEqual([{ type: 'shown', id: 0 }]);
});

test("what nobody has read is wiped when this side leaves, and not a byte of it is the caller's", async () => {
  const { port, session } = createUi();
  port.open(() => undefined);
  const text = new TextEncoder().encode('unread');
  port.show({ type: 'message', id: 0, from: new Uint8Array(0), text, at: 0 });
  text.fill(0);
  void session.wipe();
  port.show({ type: 'ended', code: 'SC-311', exit: 130, text: 'Interrupted\nNothing to do' });
  await port.close();
  const read: unknown[] = [];
  for await (const message of session.messages) read.push(message);
  expect(read).toEqual([]);
});

test('room for unread messages is counted, and given back', async () => {
  const failures: string[] = [];
  const { port, session } = createUi(2_000, (code) => failures.push(code));
  port.open(() => undefined);
  const message = (id: number): UiView => {
    return { type: 'message', id, from: new Uint8Array(0), text: new Uint8Array(400).fill(97), at: 0 };
  };
  const reader = session.messages[Symbol.asyncIterator]();
  for (let id = 0; id < 20; id++) {
    port.show(message(id));
    await reader.next();
  }
  expect(failures).toEqual([]);
  for (let id = 20; id < 23; id++) port.show(message(id));
  expect(failures).toEqual(['SC-363']);
  await port.close();
});

test('without an end that was shown nobody is left waiting', async () => {
  const { port, session } = createUi();
  port.open(() => undefined);
  const waiting = [session.ready, session.send('x'), session.messages[Symbol.asyncIterator]().next()];
  await port.close();
  for (const each of waiting) await expect(each).rejects.toMatchObject({ code: 'SC-501' });
});
