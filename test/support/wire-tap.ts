/**
 * A recording TCP forwarder in front of a relay or a proxy: all that a client sends, as it came, and the payloads of its
 * WebSocket frames without their masks. No expectation may be in this file.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface WireTap {
  readonly port: number;
  /** All that clients have sent so far, one byte a character. */
  sent(): string;
  close(): void;
}

export async function startWireTap(target: number): Promise<WireTap> {
  const streams: Buffer[][] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const chunks: Buffer[] = [];
    streams.push(chunks);
    const upstream = connect(target, '127.0.0.1');
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => other.destroy());
    }
    client.on('data', (bytes: Buffer) => chunks.push(bytes));
    client.pipe(upstream).pipe(client);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    sent: () =>
      streams
        .map((chunks) => Buffer.concat(chunks))
        .map((stream) => stream.toString('latin1') + unmasked(stream))
        .join('\n'),
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** The payloads of the frames (RFC 6455, section 5.2) that follow the request for an upgrade, if there is one. */
function unmasked(stream: Buffer): string {
  const asked = /upgrade: websocket/i.exec(stream.toString('latin1'));
  if (asked === null) return '';
  let found = '';
  let at = stream.indexOf('\r\n\r\n', asked.index) + 4;
  while (at + 6 <= stream.length) {
    const short = (stream[at + 1] ?? 0) & 0x7f;
    const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
    if (at + 6 + extra > stream.length) break;
    const length =
      extra === 0 ? short : extra === 2 ? stream.readUInt16BE(at + 2) : Number(stream.readBigUInt64BE(at + 2));
    const mask = stream.subarray(at + 2 + extra, at + 6 + extra);
    const payload = stream.subarray(at + 6 + extra, at + 6 + extra + length);
    found += Buffer.from(payload.map((byte, i) => byte ^ (mask[i % 4] ?? 0))).toString('latin1');
    at += 6 + extra + length;
  }
  return found;
}
