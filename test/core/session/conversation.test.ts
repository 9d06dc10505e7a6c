/** What a conversation takes after the goodbye of the peer (protocol.md section 7): nothing, and no key of it stays. */
import { expect, it } from 'vitest';
import { RemoteProtocolError } from '../../../core/errors.js';
import { asKey } from '../../../core/protocol/keys.js';
import { createConversation } from '../../../core/session/conversation.js';
import { createGoodbye } from '../../../core/session/goodbye.js';
import type { Line } from '../../../core/session/line.js';
import type { Outgoing } from '../../../core/session/outgoing.js';
import type { Path } from '../../../core/session/path.js';
import type { Transfers } from '../../../core/session/transfers.js';
import { TH } from '../../support/bulk.js';
import { WORDS } from '../../support/pair.js';
import { ratchets } from '../../support/ratchets.js';
import { createStage } from '../../support/stage.js';

const nothing = (): undefined => undefined;
const EMPTY = new Uint8Array(0);

function talking() {
  const ends = ratchets();
  const { crypto } = ends;
  const goodbye = createGoodbye();
  const conversation = createConversation(
    createStage().host,
    { transmit: nothing, ready: true, waiting: 0, direct: false } as unknown as Line,
    {
      crypto,
      established: {
        ...{ role: 'B', ratchet: ends.b.ratchet, transcript: TH, words: [1, 2, 3, 4] },
        resume: asKey<'resume'>(crypto.randomSecret(32)),
        peer: { version: EMPTY, name: EMPTY, features: 0 },
      },
      sender: { proven: nothing, acknowledged: nothing, wakeAt: () => Number.POSITIVE_INFINITY } as unknown as Outgoing,
      goodbye,
      transfers: { sink: {}, attach: nothing, allow: nothing } as unknown as Transfers,
      ...{ words: WORDS, secretless: false, compares: false, name: EMPTY, receipts: true },
      path: { control: { due: nothing }, take: nothing } as unknown as Path,
    },
    0,
  );
  conversation.open(0);
  return { conversation, goodbye, crypto, peer: ends.a };
}

it('no record but the answer comes after a goodbye; what it opens is wiped', () => {
  const { conversation, goodbye, crypto, peer } = talking();
  expect(conversation.frame(peer.seal({ type: 'bye', reason: 'left' }), 0)).toBe('opened');
  expect(goodbye.phase).toBe('answered');
  expect(conversation.frame(peer.seal(), 0)).toBe('opened');
  const frames = [
    peer.seal({ type: 'confirmed' }),
    peer.seal({ type: 'bulk-open', id: 0, offer: { kind: 'pipe' } }),
    peer.seal({ type: 'bye', reason: 'left' }),
  ];
  const { live } = crypto;
  for (const frame of frames) {
    expect(() => conversation.frame(frame, 0)).toThrow(RemoteProtocolError);
    expect(crypto.live).toBe(live);
  }
});

it('its answer comes after it, where both have said one', () => {
  const { conversation, goodbye, peer } = talking();
  goodbye.ask('SC-317', { up: true, undelivered: 0, trusted: true }, 0);
  goodbye.said(0);
  conversation.frame(peer.seal({ type: 'bye', reason: 'left' }), 0);
  expect(conversation.frame(peer.seal({ type: 'bye-ack' }), 0)).toBe('opened');
});
