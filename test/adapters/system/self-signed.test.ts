/** A certificate made in memory: a TLS server takes it, and a client knows it by its pin. */
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { expect, test } from 'vitest';
import { makeSelfSigned } from '../../../adapters/system/self-signed.js';

test('a server shows it, and its pin is the fingerprint of what is shown', async () => {
  const { certificate, key, pin } = await makeSelfSigned(Date.now());
  const server = createServer({ cert: certificate, key }, (socket) => socket.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
  });
  await once(socket, 'secureConnect');
  const shown = socket.getPeerX509Certificate();
  expect(shown?.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(Buffer.from(pin).toString('hex'));
  expect(socket.getProtocol()).toBe('TLSv1.3');
  socket.destroy();
  server.close();
});

test('says nothing about this machine, and no two are alike', async () => {
  const [one, two] = await Promise.all([makeSelfSigned(Date.now()), makeSelfSigned(Date.now())]);
  const read = new X509Certificate(one.certificate);
  expect([read.subject, read.issuer, read.subjectAltName]).toEqual(['CN=securechat', 'CN=securechat', undefined]);
  expect(read.ca).toBe(false);
  expect(createHash('sha256').update(read.raw).digest().equals(one.pin)).toBe(true);
  expect(one.pin).not.toEqual(two.pin);
});
