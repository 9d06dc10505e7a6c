/**
 * The types that a program sees, as the compiler checks them with everything else.
 */
import { expectTypeOf, test } from 'vitest';
import * as browser from '../../../adapters/library/browser.js';
import * as node from '../../../adapters/library/library.js';

test('of what is exported', () => {
  expectTypeOf<Parameters<typeof node.connect>[0]>().toEqualTypeOf<node.ConnectOptions | undefined>();
  expectTypeOf(node.connect).returns.resolves.toEqualTypeOf<node.Session>();
  expectTypeOf(browser.connect).toEqualTypeOf(node.connect);
  expectTypeOf(browser.sanitize).toEqualTypeOf(node.sanitize);
  expectTypeOf<InstanceType<typeof node.ChatError>>().toExtend<Error & { code: node.Code; remedy: string }>();
  expectTypeOf<{ code: number }>().not.toExtend<node.ConnectOptions>();
});

test('of a session', () => {
  expectTypeOf<node.Session>().toExtend<AsyncDisposable>();
  expectTypeOf<node.Session['send']>().returns.toEqualTypeOf<Promise<void>>();
  expectTypeOf<node.Session['messages']>().toEqualTypeOf<AsyncIterable<node.Message>>();
  expectTypeOf<node.Session['state']>().toEqualTypeOf<node.State>();
  const listen = (session: node.Session): void => {
    session.on('state', (state) => expectTypeOf(state).toEqualTypeOf<node.State>());
    session.on('words', (words) => expectTypeOf(words).toEqualTypeOf<node.SafetyWords>());
    expectTypeOf(session.on('end', () => undefined)).toEqualTypeOf<() => void>();
    // @ts-expect-error -- there is no such event
    session.on('message', () => undefined);
  };
  expectTypeOf(listen).toBeFunction();
});

test('of files: what the platform has for content fits', () => {
  expectTypeOf<Uint8Array>().toExtend<node.OutgoingFile['content']>();
  expectTypeOf<Blob>().toExtend<node.OutgoingFile['content']>();
  expectTypeOf<ReadableStream<Uint8Array>>().toExtend<node.OutgoingFile['content']>();
  expectTypeOf<NodeJS.ReadableStream>().not.toExtend<node.OutgoingFile['content']>();
  expectTypeOf<node.Incoming>().toExtend<AsyncIterable<node.IncomingFile>>();
  expectTypeOf<node.IncomingFile>().toExtend<AsyncIterable<Uint8Array>>();
});
