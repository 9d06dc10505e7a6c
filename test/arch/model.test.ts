/**
 * The models of docs/models say what the code does: the states of delivery.pml are those of the transition table, numbers
 * of messages and counts of attempts are the code's, and whoever changes a label or the order of a derivation must look
 * at the symbolic models, too. Whether spin and proverif find in them what they should is docs/models/check.mjs.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { CHUNK_TYPE, FRAME_TYPE } from '../../core/protocol/frame.js';
import { RESUME_TYPE } from '../../core/protocol/resume.js';
import { rows } from '../../core/session/transitions.js';

const MODEL = readFileSync(new URL('../../docs/models/delivery.pml', import.meta.url), 'utf8');
const README = readFileSync(new URL('../../docs/models/README.md', import.meta.url), 'utf8');

const moves = new Set(
  [...MODEL.matchAll(/MOVE\(S_(\w+), S_(\w+)\)/g)].map(([, from, to]) => `${from ?? ''} ${to ?? ''}`),
);
const states = new Set([...moves].flatMap((move) => move.split(' ')));
const table = new Set(
  rows()
    // It compares no words.
    .filter(
      ([from, transition, to]) =>
        transition !== 'wordsMatch' && states.has(from) && states.has(to) && from !== 'reconnecting',
    )
    .map(([from, , to]) => `${from} ${to}`),
);
/** Back from a resume; the other ways out of `reconnecting` belong to a new handshake, which the model leaves out. */
const back = rows()
  .filter(([, transition, to]) => transition.startsWith('resumed') && states.has(to))
  .map(([from, , to]) => `${from} ${to}`);

it('the model moves as the table says, and the table as the model', () => {
  expect([...moves].toSorted()).toEqual([...table, ...back].toSorted());
});

it('every file that the map names is there', () => {
  for (const [, file] of README.matchAll(/`((?:core|test)\/[\w/.-]+\.ts)`/g)) {
    expect(() => readFileSync(new URL(`../../${file ?? ''}`, import.meta.url))).not.toThrow();
  }
});

const models = (folder: string): string[] => readdirSync(new URL(`../../docs/models/${folder}`, import.meta.url));
const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const CHECK = read('docs/models/check.mjs');

it('every model is run, and every planted fault of a model is looked for', () => {
  const promela = models('.').filter((name) => name.endsWith('.pml'));
  for (const name of promela) {
    expect(CHECK).toContain(`${name.replace('.pml', '')}: {`);
    const planted = read(`docs/models/${name}`).matchAll(
      /^#ifn?def (BREAK_\w+|NOALT|BADDROP|NOTRIAL|NOSEQ|COMMIT|LITERAL)/gm,
    );
    for (const [, fault] of planted) expect(CHECK).toContain(`['${fault ?? ''} `);
  }
  const symbolic = models('proverif').filter((name) => name.endsWith('.pv'));
  const lines = read('docs/models/proverif/expected.txt').trim().split('\n');
  expect(lines.map((line) => `${line.split(' ')[0] ?? ''}.pv`).toSorted()).toEqual(symbolic.toSorted());
  for (const line of lines) {
    const [name, ...wanted] = line.split(' ');
    const questions =
      read(`docs/models/proverif/${name ?? ''}.pv`).match(/\b(?:query|weaksecret|noninterf) |choice\[/g) ?? [];
    expect(questions.length > 0, line).toBe(true);
    for (const each of wanted) expect(['true', 'false', 'unproved'], line).toContain(each);
  }
});

it('a control that must fail stands beside what must hold', () => {
  const lines = read('docs/models/proverif/expected.txt').trim().split('\n');
  for (const group of ['bulk', 'cmp', 'resume', 'rk', 'sas']) {
    const own = lines.filter((line) => line.startsWith(`${group}_`));
    expect(
      own.some((line) => line.includes(' false')),
      group,
    ).toBe(true);
    expect(
      own.some((line) => line.includes(' true')),
      group,
    ).toBe(true);
  }
});

it('the types on the wire that the models count are those of the code', () => {
  const model = read('docs/models/establishment.pml');
  const defined = new Map(
    [...model.matchAll(/^#define (\w+) (\d+)/gm)].map(([, name, value]) => [name, Number(value)]),
  );
  expect(['M0', 'M1', 'M2', 'M3'].map((name) => defined.get(name))).toEqual([1, 2, 3, 4]);
  expect([FRAME_TYPE, CHUNK_TYPE, RESUME_TYPE.one, RESUME_TYPE.two]).toEqual([0x10, 0x20, 5, 6]);
});

/** What each symbolic model rests on: a derivation by its label, and where the code makes it. */
const RESTS: readonly (readonly [model: string, word: string, file: string, code: string])[] = [
  ['hs_agB_client', 'commit(TAG,nb)', 'core/protocol/handshake-keys.ts', "label('commit'), TAG, nonce"],
  ['hs_agB_client', 'sidh(Ca,Cb)', 'core/protocol/handshake.ts', "label('sid'), A, B"],
  [
    'hs_agB_client',
    'extract(th,isk(sid,K,Ya,ek,Yb,ct),ss)',
    'core/protocol/handshake-keys.ts',
    'crypto.extract(transcript, lv(isk, sides.kem))',
  ],
  ['hs_agB_client', 'mac(kdf(root,cB),th)', 'core/protocol/handshake-keys.ts', 'label(`confirm ${role}`), 64'],
  ['hs_agB_client', 'senc((nb,Rb),kdf(root,hB))', 'core/protocol/handshake-keys.ts', 'label(`handshake ${role}`), 32'],
  [
    'hs_agB_client',
    'thf(TAG,md,room,Ca,Cb,ek,Ya,Yb,ct)',
    'core/protocol/handshake-keys.ts',
    'lvBytes(TAG, Uint8Array.of(mode), roomId, commitments.A, commitments.B, ADa, Ya, Yb, ADb)',
  ],
  ['bulk_keys', 'kdf(s0,ky)', 'core/session/bulk/keys.ts', "KEY = label('key')"],
  ['bulk_keys', 'kdf(s0,nx)', 'core/session/bulk/keys.ts', "NEXT = label('next')"],
  ['rk_reach', 'kdf(rk0,chA)', 'core/protocol/ratchet.ts', 'label(`chain ${sender}`), CHAIN_LENGTH'],
  ['rk_reach', 'nx', 'core/protocol/ratchet.ts', "'next', label('next'), 64"],
  ['resume_agree', 'hello,', 'core/protocol/resume.ts', "label('resume hello'), roleByte(sealer), n"],
  ['resume_agree', '(resA,na,nb,ea,eb)', 'core/protocol/resume.ts', 'label(`resume ${sealer}`), a.nonce, b.nonce'],
  ['resume_agree', 'kdf(rs(ea)', 'core/protocol/resume.ts', 'prover.proof(a.epoch)'],
  ['cmp_rekey', 'kdf(rk,wk)', 'core/protocol/ratchet.ts', "'words key', label('words key')"],
  ['cmp_words', 'sas(k,na,nb)', 'core/protocol/safety-words.ts', "label('safety words'), nonceA, nonceB"],
  ['cmp_words', 'commit(na)', 'core/session/compare.ts', "label('words commit'), nonce"],
  ['cmp_rekey', 'h((o,(Rb,ct)))', 'core/protocol/ratchet.ts', 'lvBytes(offerValue, answerValue)'],
  ['cmp_rekey', 'extract(nx,', 'core/protocol/ratchet.ts', 'crypto.extract(epoch.next, lv<Part>(shared, kem, bound))'],
  ['bulk_order', 'stream', 'core/protocol/stream-keys.ts', "label('stream'), roleByte(opener), uint(record.id, 4)"],
];

it.each(RESTS)('%s: %s', (model, word, file, code) => {
  expect(read(`docs/models/proverif/${model}.pv`)).toContain(word);
  expect(read(file)).toContain(code);
});

/**
 * Labels outside every symbolic model: the direct path, tickets, names of rooms, the local network, and keys that only lead
 * on to modeled ones.
 */
const UNMODELED = [
  ...['path', 'path 1', 'path 2', 'path 3', 'ticket', 'room', 'name', 'lan'],
  ...['ratchet', 'resume', 'resume proof', 'text: string'],
];

it('every label of the code is in a model, or named here as in none', () => {
  const files = readdirSync(new URL('../../core', import.meta.url), { recursive: true, encoding: 'utf8' });
  const labels = files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) =>
      [...read(`core/${file}`).matchAll(/\blabel\(['"`]?([^)'"`]+)['"`]?\)/g)].map(([, name]) => name ?? ''),
    );
  const modeled = RESTS.map(([, , , code]) => code).join(' ');
  const known = (name: string): boolean => UNMODELED.includes(name) || modeled.includes(`label('${name}')`);
  expect(labels.filter((name) => !known(name) && !modeled.includes(`label(\`${name}\`)`))).toEqual([]);
  expect(UNMODELED.filter((name) => !labels.includes(name))).toEqual([]);
});
