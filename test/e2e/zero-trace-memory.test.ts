/**
 * What is left in the memory of the real program after it has wiped, before it exits: no key it ever held, no code, no
 * message (docs/zero-trace.md, proof 2). The program is held there by a change that only this test builds; it writes each
 * secret to a file at the moment at which it is made. Two planted leaks show that the search finds what is there.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { canReadMemory, copiesIn } from '../support/memory.js';
import { ENV, IS_EXECUTABLE, killAll, start } from '../support/program.js';
import { type HostileRelay, startHostileRelay } from '../support/hostile-relay.js';
import { hasPty, killTerminals, startInTerminal } from '../support/terminal.js';
import { killPiped, startPiped } from '../support/pipes.js';
import { CONTROLS, seededBytes } from '../support/chance.js';
import { buildVariant, type Change, type Variant } from '../support/planted.js';

if (!canReadMemory) console.warn('SKIPPED, loudly: there is no /proc here, the memory after the end is not looked at');

const SECRET = 'kitten-lounge-orbit';
const MESSAGES = 6;
/** Bytes from which on a secret cannot be there by chance. */
const LEAST = 12;

let folder: string;
let secrets: string;
let relay: HostileRelay;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'securechat memory-'));
  secrets = path.join(folder, 'secrets');
  // It records: what a relay has seen is no secret.
  relay = await startHostileRelay();
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  killTerminals();
  killPiped();
  killAll();
});
afterAll(async () => {
  await relay.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Holds the program between wiping and exiting, and writes down every secret when it is made. */
function held(crypto: 'sodium' | 'tweetnacl'): Change[] {
  const made = {
    sodium: ['handles.own(at, length)', 'view(at, length)'],
    tweetnacl: ['handles.own(bytes, bytes.length)', 'bytes'],
  } as const;
  const [from, bytes] = made[crypto];
  return [
    { file: `adapters/crypto/${crypto}.ts`, from, to: `((globalThis as any).tell(${bytes}), ${from})` },
    {
      file: 'adapters/cli/main.ts',
      from: 'process.exit(status);',
      to: "process.title = 'held'; await new Promise(() => setInterval(() => {}, 1e6));",
    },
    {
      // The executable gives up its rights at its first line: the file has to be open by then.
      file: IS_EXECUTABLE ? 'adapters/cli/executable.ts' : 'core/version.ts',
      from: IS_EXECUTABLE ? 'void begin();' : 'export const VERSION',
      to: `import { openSync, writeSync } from 'node:fs';
        const file = openSync(${JSON.stringify(secrets)}, 'a');
        (globalThis as any).tell = (bytes: Uint8Array) => {
          writeSync(file, Uint8Array.of(bytes.length & 255, bytes.length >> 8));
          if (bytes.length > 0) writeSync(file, bytes);
        };
        ${IS_EXECUTABLE ? 'void begin();' : 'export const VERSION'}`,
    },
  ];
}

/** Everything that came to the relay in the clear. */
function seenByRelay(): Buffer {
  const parts = relay.rooms.flatMap(({ seen, joins }) => [
    ...seen.flat(),
    ...joins.flatMap(({ room, seat }) => [Buffer.from(room, 'base64url'), Buffer.from(seat, 'base64url')]),
  ]);
  return Buffer.concat(parts);
}

function readList(file: string): Buffer[] {
  const raw = readFileSync(file);
  const list: Buffer[] = [];
  for (let at = 0; at < raw.length; ) {
    const length = raw.readUInt16LE(at);
    list.push(raw.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return list;
}

type Ui = 'json' | 'line' | 'rich';

interface Left {
  readonly keys: number;
  readonly copies: { readonly keys: number; readonly code: number; readonly messages: number };
}

/** Without the launcher, which lets nothing be written down. */
function commandOf({ launcher, program }: Variant): string[] {
  return IS_EXECUTABLE ? [launcher] : [process.execPath, '--disallow-code-generation-from-strings', program];
}

let plates = 0;

/** A whole chat with a held program; then what of it is in its memory. */
async function chat(variant: Variant, ui: Ui, crypto: string, by: 'code' | 'secret' = 'code'): Promise<Left> {
  writeFileSync(secrets, '');
  // A nameplate of its own each time; the secret is what must not be found.
  const plate = `room${process.pid}x${(plates += 1)}`;
  const code = `${plate}-${SECRET}`;
  const args = [...commandOf(variant), '--ui', ui, '--crypto', crypto, '--relay', relay.url.href];
  const side = ui === 'rich' ? onTerminal(args) : onPipes([...args, '--code-stdin']);
  if (ui === 'rich') await side.shows('Room code');
  side.type(by === 'code' ? code : plate);
  side.enter();
  if (by === 'secret') {
    await side.shows('Type a secret');
    side.type('\x1b[B');
    side.enter();
    await side.shows('Shared secret');
    side.type(SECRET);
    side.enter();
  }
  const other = start(['--ui', 'json', '--relay', relay.url.href, '--code-stdin']);
  other.write(`${code}\n`);
  await other.event('state', (event) => event['state'] === 'active');
  const texts: string[] = [];
  for (let i = 0; i < MESSAGES; i++) {
    const [mine, theirs] = [`mine ${i} Qx7vK2pLw9Zt`, `theirs ${i} Rt5yHs8uNb3c`];
    texts.push(mine, theirs);
    side.type(ui === 'json' ? JSON.stringify({ do: 'send', text: mine }) : mine);
    side.enter();
    await other.event('message', (event) => event['text'] === mine);
    other.command({ do: 'send', text: theirs });
    await side.shows(theirs);
  }
  if (ui === 'rich') side.type('written and not sent Wm4nB6cV');
  other.command({ do: 'quit' });
  await other.exit;
  await atHold(side.pid);

  const seen = seenByRelay();
  const all = readList(secrets).filter(({ length }) => length >= LEAST);
  // The rinse after the wipe works on constants.
  const constant = (bytes: Buffer): boolean => bytes.every((byte) => byte === bytes[0]);
  const keys = all.filter((bytes) => !seen.includes(bytes) && !bytes.equals(Buffer.from(SECRET)) && !constant(bytes));
  const needles = new Map<string, Uint8Array>(keys.map((key, i) => [`key ${i}`, key]));
  const words = [...texts, 'written and not sent Wm4nB6cV'];
  for (const [kind, list] of [
    ['code', [SECRET]],
    ['message', words],
  ] as const)
    for (const text of list)
      for (const encoding of ['utf8', 'utf16le'] as const)
        needles.set(`${kind} ${text} ${encoding}`, Buffer.from(text, encoding));
  const found = copiesIn(side.pid, needles);
  const sum = (kind: string): number =>
    [...found].reduce((count, [name, copies]) => count + (name.startsWith(kind) ? copies : 0), 0);
  return { keys: keys.length, copies: { keys: sum('key'), code: sum('code'), messages: sum('message') } };
}

interface Side {
  readonly pid: number;
  type(text: string): void;
  enter(): void;
  shows(text: string): Promise<unknown>;
}

function onPipes([file = '', ...args]: readonly string[]): Side {
  const child = spawn(file, args, { env: ENV, cwd: folder });
  children.add(child);
  let out = '';
  let look = (): void => undefined;
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      look();
    });
  return {
    pid: child.pid ?? 0,
    type: (text) => void child.stdin.write(text),
    enter: () => void child.stdin.write('\n'),
    shows: (text) =>
      new Promise<void>((resolve) => {
        look = () => {
          if (out.includes(text)) resolve();
        };
        look();
      }),
  };
}

function onTerminal([file = '', ...args]: readonly string[]): Side {
  const terminal = startInTerminal(args, { file, cwd: folder });
  return {
    pid: terminal.pid,
    type: terminal.type,
    enter: () => terminal.type('\r'),
    shows: (text) => terminal.shows(text),
  };
}

/** The change sets the name of the process when everything is over. */
async function atHold(pid: number): Promise<void> {
  while (readFileSync(`/proc/${pid}/comm`, 'utf8') !== 'held\n')
    await new Promise((resolve) => setTimeout(resolve, 20));
}

describe.skipIf(!canReadMemory)('after the wipe and before the exit', () => {
  let variant: Variant;
  beforeAll(async () => {
    variant = await buildVariant(held('sodium'));
  });
  afterAll(() => variant.remove());

  it.each<Ui>(['json', 'line', ...(hasPty ? (['rich'] as const) : [])])(
    'sodium, --ui %s: nothing is left',
    async (ui) => {
      const { keys, copies } = await chat(variant, ui, 'sodium');
      expect(keys).toBeGreaterThan(30);
      expect(copies).toEqual({ keys: 0, code: 0, messages: 0 });
    },
  );

  it.skipIf(!hasPty)('a secret typed at the prompt: nothing is left', async () => {
    expect((await chat(variant, 'rich', 'sodium', 'secret')).copies).toEqual({ keys: 0, code: 0, messages: 0 });
  });

  it('tweetnacl: the figures', async () => {
    const other = await buildVariant(held('tweetnacl'));
    try {
      const { keys, copies } = await chat(other, 'line', 'tweetnacl');
      console.log(
        `tweetnacl, --ui line: of ${keys} keys ${copies.keys} copies, code ${copies.code}, messages ${copies.messages}`,
      );
      expect(copies.messages + copies.code).toBe(0);
    } finally {
      other.remove();
    }
  });
});

/** Of what goes through a pipe, so many bytes are looked for at so many places. */
const SAMPLE = 24;
const SAMPLES = 40;

/** A pipe in both directions with a held program; then what of its keys and of what it carried is in its memory. */
async function pipe(variant: Variant): Promise<{ keys: number; copies: { keys: number; content: number } }> {
  writeFileSync(secrets, '');
  const code = `room${process.pid}x${(plates += 1)}-${SECRET}`;
  const [file, ...args] = [...commandOf(variant), 'pipe', '--code-fd', '3', '--relay', relay.url.href];
  const child = spawn(file, args, {
    env: ENV,
    cwd: folder,
    stdio: ['pipe', 'pipe', 'ignore', 'pipe'],
  });
  children.add(child);
  child.stdout?.resume();
  (child.stdio[3] as Writable).end(`${code}\n`);
  const peer = startPiped(['pipe', code, '--relay', relay.url.href]);
  const draw = seededBytes('piped');
  const contents = [draw(3_000_000), draw(3_000_000)] as const;
  child.stdin?.end(contents[0]);
  await peer.feed([contents[1]]);
  expect(await peer.exit).toBe(0);
  await atHold(child.pid ?? 0);
  const seen = seenByRelay();
  const keys = readList(secrets).filter((bytes) => bytes.length >= LEAST && !seen.includes(bytes));
  const constant = (bytes: Buffer): boolean => bytes.every((byte) => byte === bytes[0]);
  const needles = new Map<string, Uint8Array>();
  for (const [i, key] of keys.entries()) if (!constant(key)) needles.set(`key ${i}`, key);
  for (const [i, content] of contents.entries()) {
    for (let k = 0; k < SAMPLES; k++) {
      const at = Math.floor((content.length - SAMPLE) * (k / (SAMPLES - 1)));
      needles.set(`content ${i} ${k}`, content.subarray(at, at + SAMPLE));
    }
  }
  const found = copiesIn(child.pid ?? 0, needles);
  const sum = (kind: string): number =>
    [...found].reduce((count, [name, copies]) => count + (name.startsWith(kind) ? copies : 0), 0);
  return { keys: keys.length, copies: { keys: sum('key'), content: sum('content') } };
}

describe.skipIf(!canReadMemory)('a pipe, after the wipe and before the exit', () => {
  it('keys of streams, which OpenSSL has worked with: nothing is left; of what went through hardly anything', async () => {
    const variant = await buildVariant(held('sodium'));
    try {
      const { keys, copies } = await pipe(variant);
      // 46 chunks each way: a key and a step for each 16 of them.
      expect(keys).toBeGreaterThan(40);
      expect(copies.keys).toBe(0);
      // Newer Nodes shorten what OpenSSL deciphered by a copy, and free the longer one as it is: nobody can overwrite that. Each
      // chunk takes the place of the one before, and the rinse at the end that of the last ones; one may be left.
      expect(copies.content).toBeLessThanOrEqual(2);
    } finally {
      variant.remove();
    }
  });

  it.runIf(CONTROLS)(
    'a planted leak is found: a key that is kept where OpenSSL got it, a piece that is not wiped',
    async () => {
      const variant = await buildVariant([
        ...held('sodium'),
        {
          file: 'adapters/crypto/node-aead.ts',
          from: 'cipher.setAAD(ad, { plaintextLength: length });',
          to: '((globalThis as any).kept ??= []).push(Buffer.from(key)); cipher.setAAD(ad, { plaintextLength: length });',
        },
        {
          file: 'adapters/files/pipe.ts',
          from: 'data.fill(0);\n      if (error !== undefined',
          to: '((globalThis as any).kept ??= []).push(data);\n      if (error !== undefined',
        },
      ]);
      try {
        const { copies } = await pipe(variant);
        expect(copies.keys).toBeGreaterThan(0);
        expect(copies.content).toBeGreaterThan(SAMPLES / 2);
      } finally {
        variant.remove();
      }
    },
  );
});

describe.runIf(canReadMemory && CONTROLS)('a planted leak is found', () => {
  it.each<[string, 'keys' | 'messages', Change]>([
    [
      'keys that are given back as they are',
      'keys',
      {
        file: 'adapters/crypto/sodium-module.ts',
        from: 'raw.HEAPU8.fill(0, at, at + length);\n    raw._free(at);',
        to: 'void length; void at;',
      },
    ],
    [
      'what was written is not overwritten',
      'messages',
      {
        file: 'plugins/kit/outlet.ts',
        from: 'bytes.fill(0);\n    if (pending.delete(bytes))',
        // Kept, so that it does not depend on what the collector has reused by then.
        to: '((globalThis as any).written ??= []).push(bytes); if (pending.delete(bytes))',
      },
    ],
    [
      'a string that is kept',
      'messages',
      {
        file: 'adapters/text/utf8.ts',
        from: 'export function isUtf8(',
        to: 'const kept: string[] = []; export function isUtf8(text: Uint8Array): boolean { kept.push(Buffer.from(text).toString()); (globalThis as any).kept = kept; return isUtf8Really(text); }\nfunction isUtf8Really(',
      },
    ],
  ])('%s', async (_name, kind, leak) => {
    const variant = await buildVariant([...held('sodium'), leak]);
    try {
      const { copies } = await chat(variant, 'line', 'sodium');
      expect(copies[kind]).toBeGreaterThan(0);
    } finally {
      variant.remove();
    }
  });
});
