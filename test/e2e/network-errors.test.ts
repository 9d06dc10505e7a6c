/** What a person is told when something else than the relay answers: certificates, the other kind of relay, web pages. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { startRelay as startSocketio } from '../../relay-socketio/server.js';
import { startRelay as startWs } from '../../relay-ws/server.js';
import { repeats } from '../support/chance.js';
import { hasOpenssl, makeCertificate, makeSigned, type TestCertificate } from '../support/certificate.js';
import { killAll, start } from '../support/program.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  killAll();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

/** The exit status and what was said on stderr. */
async function told(relay: string, transport: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const program = start(['--ui', 'line', '--transport', transport, '--relay', relay, 'room-secret'], { env });
  return `${String(await program.exit)} ${program.stderr()}`;
}

const nothing: RequestListener = (_request, response) => response.writeHead(404).end();

if (!hasOpenssl) console.warn('SKIPPED, loudly: no openssl here, so what is told of certificates is not tested');

describe.skipIf(!hasOpenssl)('the certificate of the relay', () => {
  async function relayWith({ cert, key, remove }: TestCertificate): Promise<string> {
    cleanups.push(remove);
    return `wss://${await listening(createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, nothing))}/`;
  }

  test.each(repeats(['ws', 'socketio']))(
    'is self-signed, expired, for another name, of an unknown authority (%s)',
    async (kind) => {
      const selfSigned = makeCertificate();
      expect(await told(await relayWith(selfSigned), kind)).toMatch(
        /^3 .*The certificate of the relay is self-signed: .*.*NODE_EXTRA_CA_CERTS=.*\(SC-113\)/s,
      );
      const expired = makeCertificate('localhost', -1);
      expect(await told(await relayWith(expired), kind, { NODE_EXTRA_CA_CERTS: expired.cert })).toMatch(
        /^3 .*The certificate of the relay has expired .*Check the clock.*\(SC-113\)/s,
      );
      const named = makeCertificate('other.example', 2, '127.0.0.2');
      expect(await told(await relayWith(named), kind, { NODE_EXTRA_CA_CERTS: named.cert })).toMatch(
        /^3 .*The certificate at this address is for another name .*Check the address.*\(SC-113\)/s,
      );
      const signed = makeSigned();
      expect(await told(await relayWith(signed), kind)).toMatch(
        /^3 .*The certificate of the relay is from an authority that .* not know .*.*authority.*\(SC-113\)/s,
      );
      // The same one with its authority, so that the above is why.
      expect(await told(await relayWith(makeSigned()), kind, { NODE_EXTRA_CA_CERTS: signed.ca })).toMatch(/SC-113/);
      const trusted = makeSigned();
      expect(await told(await relayWith(trusted), kind, { NODE_EXTRA_CA_CERTS: trusted.ca })).toMatch(/SC-107/);
    },
  );
});

test.each(repeats(['ws', 'socketio']))('no TLS at all (%s)', async (kind) => {
  expect(await told(`wss://${await listening(createServer(nothing))}/`, kind)).toMatch(
    /^3 .*Whatever answered does not speak TLS .*Check the port.*\(SC-113\)/s,
  );
});

test('a relay of the other kind is named, with the flag that helps', async () => {
  const ws = await startWs({ port: 0 });
  cleanups.push(() => ws.close());
  const socketio = await startSocketio({ port: 0 });
  cleanups.push(() => socketio.close());
  expect(await told(socketio.url.href, 'ws')).toMatch(
    /^3 .*This relay speaks socket\.io\. Use --transport socketio\..*\(SC-114\)/s,
  );
  expect(await told(ws.url.href, 'socketio')).toMatch(
    /^3 .*This relay speaks plain WebSocket\. Use --transport ws\..*\(SC-114\)/s,
  );
});

test.each<[number, RegExp]>([
  [302, /A web page answered .*HTTP 302.*If this network has a sign-in page.*\(SC-107\)/s],
  [511, /A web page answered .*If this network has a sign-in page.*\(SC-107\)/s],
  [403, /A server that refuses access answered .*Try another network.*\(SC-107\)/s],
  [407, /A proxy on the way answered .*Name it with --proxy.*\(SC-107\)/s],
  [503, /A gateway answered .*The relay behind it.*\(SC-107\)/s],
  [404, /Something else answered .*Check the address.*\(SC-107\)/s],
])('an answer of HTTP %s instead of the relay', async (status, words) => {
  const page: RequestListener = (_request, response) => response.writeHead(status, { location: '/sign-in' }).end();
  const address = `ws://${await listening(createServer(page))}/`;
  for (const kind of ['ws', 'socketio']) expect(await told(address, kind), kind).toMatch(words);
});
