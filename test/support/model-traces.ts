/**
 * Runs of two sessions as docs/models/delivery.pml sees them, and the model's verdict on them. What a side does is read off
 * its CryptoPort (every frame and proof that it seals or opens passes there) and off what it is shown; spin compiles the
 * model into a program that accepts a run or does not. No rule of the protocol and no expectation may be in this file.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CryptoPort } from '../../core/ports.js';
import { readUint } from '../../core/protocol/bytes.js';
import { decodePlaintext, frameAd } from '../../core/protocol/frame.js';
import type { ProtocolRecord } from '../../core/protocol/records.js';
import type { SessionView } from '../../core/session/events.js';
import { SIDES, type Side } from './pair.js';

/** As in the model: what is in a frame, and what is seen of a side. */
export const KIND = { text: 1, offer: 4, answer: 8, bye: 16, 'bye-ack': 32 } as const;
const OTHER_RECORD = 2;
export const EVENT = { seal: 1, open: 2, down: 3, hello: 4, answer: 5, up: 6, end: 7 } as const;

export interface TraceEvent {
  what: number;
  numbers: [number, number, number, number];
}

/** Events of A and of B, each in its own order: what the network did in between is for the model to find. */
export interface Trace {
  readonly events: readonly [TraceEvent[], TraceEvent[]];
  /** Texts that each of them wanted to send, in frames. */
  readonly texts: [number, number];
}

const PROOF = { hello: 8, answer: 12 } as const;
const NUMBERS = 14;
const ADS = [frameAd('A'), frameAd('B')].map((ad) => ad(0, 0).slice(0, -NUMBERS));

interface Seen {
  role: number | undefined;
  up: boolean;
  texts: number;
  /** Own messages that wait here. */
  readonly held: Set<number>;
  readonly events: TraceEvent[];
}

export interface Recorder {
  readonly cryptos: Readonly<Record<Side, CryptoPort>>;
  told(side: Side, view: SessionView): void;
  /** Undefined when they have not met. */
  trace(): Trace | undefined;
}

export function createRecorder(cryptos: Readonly<Record<Side, CryptoPort>>): Recorder {
  const fresh = (): Seen => ({ role: undefined, up: true, texts: 0, held: new Set(), events: [] });
  const sides = { left: fresh(), right: fresh() };

  function note({ events }: Seen, what: number, ...[a = 0, b = 0, c = 0, d = 0]: number[]): void {
    events.push({ what, numbers: [a, b, c, d] });
  }

  function frame(seen: Seen, what: number, ad: Uint8Array, plaintext: Uint8Array): void {
    const { ack, records } = decodePlaintext(plaintext);
    const kinds = records.reduce((all, record) => all | kindOf(record), 0);
    const at = ad.length - NUMBERS;
    if (what === EVENT.seal && (kinds & KIND.text) !== 0) seen.texts += 1;
    note(seen, what, kinds, readUint(ad, at + 8, 6), readUint(ad, at, 8), ack);
  }

  function down(seen: Seen): void {
    if (!seen.up) return;
    seen.up = false;
    note(seen, EVENT.down);
  }

  function sealed(seen: Seen, ad: Uint8Array, plaintext: Uint8Array): void {
    const role = ADS.findIndex((start) => start.every((byte, at) => ad[at] === byte));
    if (role >= 0 && ad.length === (ADS[0]?.length ?? 0) + NUMBERS) {
      seen.role = role;
      frame(seen, EVENT.seal, ad, plaintext);
    } else if (ad.length === 0 && plaintext.length === PROOF.hello) {
      // The peer came again before the line was missed.
      down(seen);
      note(seen, EVENT.hello, 0, 0, readUint(plaintext, 0, 8));
    } else if (ad.length === 0 && plaintext.length === PROOF.answer) {
      note(seen, EVENT.answer, 0, readUint(plaintext, 0, 6), readUint(plaintext, 6, 6));
    }
  }

  function opened(seen: Seen, ad: Uint8Array, plaintext: Uint8Array): void {
    if (ad.length === (ADS[0]?.length ?? 0) + NUMBERS) frame(seen, EVENT.open, ad, plaintext);
    else if (ad.length === 0 && plaintext.length === PROOF.answer) {
      seen.up = true;
      note(seen, EVENT.up, 0, readUint(plaintext, 0, 6), readUint(plaintext, 6, 6));
    }
  }

  function watched(side: Side): CryptoPort {
    const crypto = cryptos[side];
    const seen = sides[side];
    const seal: CryptoPort['seal'] = (key, nonce, ad, plaintext, head) => {
      sealed(seen, ad, plaintext[0] ?? new Uint8Array(0));
      return crypto.seal(key, nonce, ad, plaintext, head);
    };
    const open: CryptoPort['open'] = (key, nonce, ad, ciphertext) => {
      const plaintext = crypto.open(key, nonce, ad, ciphertext);
      if (plaintext !== undefined) opened(seen, ad, plaintext);
      return plaintext;
    };
    return Object.create(crypto, { seal: { value: seal }, open: { value: open } }) as CryptoPort;
  }

  return {
    cryptos: { left: watched('left'), right: watched('right') },
    told(side, view) {
      if (view.type === 'state' && view.state === 'reconnecting') down(sides[side]);
      if (view.type === 'own') sides[side].held.add(view.id);
      if (view.type === 'status' && (view.status === 'sent' || view.status === 'delivered'))
        sides[side].held.delete(view.id);
      if (view.type === 'ended') note(sides[side], EVENT.end, Number(Number(view.detail['count'] ?? 0) > 0));
    },
    trace() {
      const [a, b] = [0, 1].map((role) => SIDES.map((side) => sides[side]).find((seen) => seen.role === role));
      if (a === undefined || b === undefined) return undefined;
      return { events: [a.events, b.events], texts: [wanted(a), wanted(b)] };
    },
  };
}

/** What was never sealed counts as one frame: whether there was any is all that the model asks. */
function wanted({ texts, held }: Seen): number {
  return texts + Number(held.size > 0);
}

function kindOf({ type }: ProtocolRecord): number {
  return type in KIND ? KIND[type as keyof typeof KIND] : OTHER_RECORD;
}

const MODEL = fileURLToPath(new URL('../../docs/models/delivery.pml', import.meta.url));

/** Whether what the verdict needs is here. */
export const SPIN = ['spin', 'gcc'].every((program) => spawnSync(program, ['--version']).error === undefined);

export interface Monitor {
  accepts(trace: Trace): boolean;
  remove(): void;
}

/** One thing that people or the network do in a run of the model; `who`: 0 is A. */
export interface Move {
  readonly what: 'text' | 'rekey' | 'quit' | 'take' | 'cut' | 'drop';
  readonly who: 0 | 1;
}

/** What people and the network do in the run that spin draws by this seed. */
export function movesOf(seed: number): Move[] {
  const sizes = ['TELL', 'TEXTS=4', 'CUTS=3', 'DROPS=1', 'REKEYS=2', 'OTHERS=1', 'LEAVERS=3'];
  const args = ['-T', `-n${String(seed)}`, '-u20000', ...sizes.map((each) => `-D${each}`), MODEL];
  const { stdout } = spawnSync('spin', args, { encoding: 'utf8' });
  const moves = stdout.matchAll(/^(text|rekey|quit|take|cut|drop) ([01])$/gm);
  return [...moves].map(([, what, who]) => ({ what: what as Move['what'], who: who === '0' ? 0 : 1 }));
}

/** The model in its real sizes, compiled. */
export function createMonitor(): Monitor {
  const folder = mkdtempSync(path.join(tmpdir(), 'securechat-model-'));
  const run = (program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): string => {
    const done = spawnSync(program, args, { cwd: folder, encoding: 'utf8', env: { ...process.env, ...env } });
    if (done.error !== undefined || (done.status ?? 1) !== 0) {
      throw new Error(`${program} ${args.join(' ')}: ${done.stdout}${done.stderr}`);
    }
    return done.stdout;
  };
  const sizes = ['TRACE', 'CUTS=60', 'REKEYS=100', 'OTHERS=200', 'LEAVERS=3', 'GIVEUPS=2'];
  run('spin', ['-a', ...sizes.map((each) => `-D${each}`), MODEL]);
  const flags = ['-O1', '-w', '-DSAFETY', '-DNOREDUCE', '-DCOLLAPSE', '-DVECTORSZ=4096', '-DMEMLIM=2048'];
  run('gcc', [...flags, '-o', 'pan', 'pan.c']);
  return {
    accepts({ events, texts }) {
      const lines = events.flatMap((own, side) => own.map(({ what, numbers }) => [side, what, ...numbers].join(' ')));
      writeFileSync(path.join(folder, 'trace'), [texts.join(' '), ...lines, ''].join('\n'));
      const said = run('./pan', ['-m1000000', '-E', '-n', '-w18'], { TRACE: path.join(folder, 'trace') });
      if (/^ACCEPTED$/m.test(said)) return true;
      if (!said.includes('errors: 0') || /depth too small|not completed/.test(said)) throw new Error(said);
      return false;
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
