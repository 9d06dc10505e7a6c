/** A bare client of a relay that polls (engine.io 4 over plain HTTP), for tests. No expectation may be in this file. */
import { Agent, type IncomingMessage, request } from 'node:http';
import { type Join, joinMessage } from '../../core/wire/control.js';

const SEPARATOR = '\x1e';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export interface Poller {
  readonly sid: string;
  /** One packet or more in one request; undefined: the connection ended without an answer. */
  post(packets: readonly string[], query?: string): Promise<Answer | undefined>;
  /** Everything that waits. */
  poll(): Promise<readonly string[]>;
  close(): void;
}

export const PATH = '/socket.io/?EIO=4&transport=polling';

/** A frame as a packet. */
export function framePacket(frame: Uint8Array): string {
  return `b${Buffer.from(frame).toString('base64')}`;
}

/** One request; undefined: no answer. */
export function ask(
  relay: URL,
  path: string,
  { method = 'GET', body = '', agent }: { method?: string; body?: string; agent: Agent },
): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const asked = request({ host: relay.hostname, port: relay.port, method, path, agent });
    asked.on('response', (response: IncomingMessage) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', () => resolve(undefined));
    });
    asked.on('error', () => resolve(undefined));
    asked.end(body);
  });
}

/** In the namespace, and in a room when a join is given. */
export async function poller(relay: URL, localAddress: string, join?: Join): Promise<Poller> {
  const agent = new Agent({ keepAlive: true, localAddress });
  const opened = await ask(relay, PATH, { agent });
  const sid = /"sid":"([^"]+)"/.exec(opened?.text ?? '')?.[1] ?? '';
  const self: Poller = {
    sid,
    post: (packets, query = `sid=${sid}`) =>
      ask(relay, `${PATH}&${query}`, { method: 'POST', body: packets.join(SEPARATOR), agent }),
    poll: async () => (await ask(relay, `${PATH}&sid=${sid}`, { agent }))?.text.split(SEPARATOR) ?? [],
    close: () => agent.destroy(),
  };
  await self.post(['40']);
  await self.poll();
  if (join !== undefined) {
    await self.post([`42${JSON.stringify(['control', joinMessage(join)])}`]);
    await self.poll();
  }
  return self;
}
