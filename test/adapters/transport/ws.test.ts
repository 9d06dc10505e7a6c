/** The transport contract on `ws`, against a real relay-ws. */
import { test } from 'vitest';
import { createWsTransport } from '../../../adapters/transport/ws.js';
import { transportContract } from '../../../plugins/testing/transport.js';
import { wsFixture } from '../../support/ws-fixture.js';

transportContract({
  name: 'ws',
  test,
  makeFixture: () => wsFixture((relay) => createWsTransport({ relay })),
});
