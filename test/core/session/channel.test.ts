/** What the channel does not take from a peer, beside what the ratchet refuses (protocol.md sections 5 and 7). */
import { expect, it } from 'vitest';
import { createTweetnaclCrypto } from '../../../adapters/crypto/tweetnacl.js';
import { RemoteProtocolError } from '../../../core/errors.js';
import { createRatchet } from '../../../core/protocol/ratchet.js';
import { createChannel } from '../../../core/session/channel.js';

it('an offer is not taken while the answer to the one before is not acknowledged', () => {
  const crypto = createTweetnaclCrypto();
  const root = crypto.random(64);
  const scalars = { a: crypto.randomSecret(32), b: crypto.randomSecret(32) };
  const points = { a: crypto.x25519Public(scalars.a), b: crypto.x25519Public(scalars.b) };
  const a = createRatchet(crypto, 'A', crypto.take(root.slice()), scalars.a, points.b);
  const b = createChannel(
    createRatchet(crypto, 'B', crypto.take(root.slice()), scalars.b, points.a),
    'B',
    () => undefined,
    0,
  );
  const offer = a.makeOffer();
  expect(b.receive(a.seal(0, 0, [offer]), 0).type).toBe('opened');
  b.tick(0);
  expect(b.position).toEqual({ expected: 1, next: 1 });
  expect(() => b.receive(a.seal(1, 0, [offer]), 0)).toThrow(RemoteProtocolError);
});
