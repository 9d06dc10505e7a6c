/**
 * Two honest clients of a relay, either kind, that keep sending numbered frames to each other at the pace of a chat and
 * check what arrives. No expectation may be in this file: it rejects.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rename } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import { createSocketioTransport } from '../../adapters/transport/socketio.js';
import { createWsTransport } from '../../adapters/transport/ws.js';
import type { Connection, TransportEvent } from '../../core/ports.js';
import { ROOT } from './program.js';
import type { RelayProgram } from './relay.js';
import { randomId, randomJoin } from './relay-client.js';

/** Milliseconds between two messages. */
const PACE_MS = 5;
const SIZE = 256;

export interface HonestPair {
  /** Nobody else should know them: a test of abuse does. */
  readonly room: string;
  readonly seats: readonly string[];
  /** Sends `count` numbered messages and awaits each one's echo; milliseconds of each. Rejects for a wrong or lost one. */
  chat(count: number): Promise<number[]>;
  close(): void;
}

/** The pair in this process. */
export async function connectHonestPair(program: RelayProgram, relay: URL): Promise<HonestPair> {
  const transport = program === 'relay-ws' ? createWsTransport({ relay }) : createSocketioTransport({ relay });
  const room = randomId();
  let next = 0;
  let echoed = 0;
  let seen = 0;
  let failed: Error | undefined;
  const waiting = new Set<() => void>();
  const look = (): void => {
    for (const check of [...waiting]) check();
  };
  const fail = (why: string): void => {
    failed ??= new Error(`the honest pair: ${why}`);
    look();
  };
  const until = (reached: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        if (failed === undefined && !reached()) return;
        waiting.delete(check);
        if (failed === undefined) resolve();
        else reject(failed);
      };
      waiting.add(check);
      check();
    });

  const told = [0, 0];
  let closing = false;
  const sink = (side: 0 | 1, onFrame: (frame: Uint8Array) => void) => (event: TransportEvent) => {
    if (event.type === 'frame') onFrame(event.frame);
    else if (event.type === 'closed' && !closing) fail(`closed: ${event.reason} ${event.detail}`);
    else if (event.type === 'control') {
      const { type, peer } = event.message as { type?: string; peer?: boolean };
      if (type === 'peer-joined' || (type === 'joined' && peer === true)) told[side] = 1;
      else if (type !== 'joined') fail(`told ${JSON.stringify(event.message)}`);
    }
    look();
  };
  const numberOf = (frame: Uint8Array): number => new DataView(frame.buffer, frame.byteOffset).getUint32(0);
  const joins = [randomJoin(room), randomJoin(room)] as const;
  const one: Connection = transport.open(
    joins[0],
    sink(0, (frame) => {
      if (numberOf(frame) !== echoed) fail(`the echo of ${String(echoed)} came as ${String(numberOf(frame))}`);
      echoed += 1;
    }),
  );
  const two: Connection = transport.open(
    joins[1],
    sink(1, (frame) => {
      if (numberOf(frame) !== seen) fail(`message ${String(seen)} came as ${String(numberOf(frame))}`);
      seen += 1;
      two.send(frame);
    }),
  );
  await until(() => told[0] === 1 && told[1] === 1);

  return {
    room,
    seats: joins.map(({ seat }) => seat),
    async chat(count) {
      const times: number[] = [];
      for (let n = 0; n < count; n++) {
        const frame = new Uint8Array(SIZE);
        new DataView(frame.buffer).setUint32(0, next);
        next += 1;
        const start = performance.now();
        one.send(frame);
        await until(() => echoed === next);
        times.push(performance.now() - start);
        // The pace of a chat: the relay's limit on frames is not what is tested.
        await new Promise((resolve) => setTimeout(resolve, PACE_MS));
      }
      return times;
    },
    close() {
      closing = true;
      one.close();
      two.close();
    },
  };
}

interface Answer {
  readonly room?: string;
  readonly seats?: readonly string[];
  readonly times?: number[];
  readonly failed?: string;
}

/** The pair in a process of its own: what happens in this one does not slow it down. */
export async function honestPair(program: RelayProgram, relay: URL): Promise<HonestPair> {
  const child = fork(await bundle(), [program, relay.href]);
  const ended = new Promise<[Answer]>((resolve) => {
    child.once('exit', () => resolve([{ failed: 'the process of the honest pair ended' }]));
  });
  const answer = async (): Promise<Answer> => {
    const [given] = (await Promise.race([once(child, 'message'), ended])) as [Answer];
    if (given.failed !== undefined) throw new Error(given.failed);
    return given;
  };
  const { room = '', seats = [] } = await answer();
  return {
    room,
    seats,
    async chat(count) {
      const given = answer();
      child.send(count);
      return (await given).times ?? [];
    },
    close: () => child.disconnect(),
  };
}

async function bundle(): Promise<string> {
  const outfile = path.join(ROOT, '.build', 'test', 'honest-pair.mjs');
  // Other test processes bundle the same at the same moment: each its own file, then one step.
  const own = `${outfile}.${String(process.pid)}`;
  await build({
    entryPoints: [path.join(ROOT, 'test', 'support', 'honest-pair-process.ts')],
    outfile: own,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'error',
  });
  await rename(own, outfile);
  return outfile;
}
