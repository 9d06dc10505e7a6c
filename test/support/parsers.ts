/**
 * Every parser that outside bytes reach, with inputs to begin with: what is tried on them is in test/arch/parsers.test.ts and
 * in `npm run fuzz`. Each answers the way that an input took, and throws for a defect only. No expectation may be in this file.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { createTweetnaclCrypto } from '../../adapters/crypto/tweetnacl.js';
import { readCommand } from '../../adapters/ui/json/ndjson.js';
import { sanitize } from '../../adapters/text/sanitize.js';
import { isUtf8 } from '../../adapters/text/utf8.js';
import { isRemoteProtocolError, isSecurechatError } from '../../core/errors.js';
import { ascii, concat } from '../../core/protocol/bytes.js';
import { decodePayload, encodePayload } from '../../core/protocol/caps.js';
import { classify, decodePlaintext, encodePlaintext, FRAME_SIZES } from '../../core/protocol/frame.js';
import { createAttempt, HANDSHAKE_LENGTHS } from '../../core/protocol/handshake.js';
import { asKey } from '../../core/protocol/keys.js';
import type { ProtocolRecord } from '../../core/protocol/records.js';
import { createProof, type Prover } from '../../core/protocol/resume.js';
import { createReassembly } from '../../core/protocol/text.js';
import { createSocketioClient } from '../../core/wire/socketio-client.js';
import { decodePacket } from '../../core/wire/socketio-packets.js';
import { CONTROL_LIMIT, checkJoin, checkRelayMessage, joinMessage, parseControl } from '../../core/wire/control.js';
import { CODE_LIMIT } from '../../core/room/invite.js';
import { parseTyped } from '../../core/room/code.js';
import { createWordlist } from '../../core/room/words.js';
import { PLUGIN_MARK } from '../../plugins/kit/define.js';
import { loadPlugin } from '../../plugins/kit/load.js';
import { createRegistry } from '../../plugins/kit/registry.js';
import type { FuzzTarget } from './fuzz.js';
import { utf8 } from './pair.js';

export const crypto = createTweetnaclCrypto();
const words = createWordlist(wordlist);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const folder = mkdtempSync(path.join(tmpdir(), 'securechat-fuzz-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** The code of a documented error that is not a defect of ours; anything else is thrown on. */
function codeOf(error: unknown): string {
  if (!isSecurechatError(error) || error.code === 'SC-501') throw error;
  return `${error.code} ${String(error.detail['why'] ?? error.detail['rule'] ?? '')}`;
}

function remoteOnly<T>(run: () => T): T | string {
  try {
    return run();
  } catch (error) {
    if (!isRemoteProtocolError(error)) throw error;
    return codeOf(error);
  }
}

const RECORDS: readonly ProtocolRecord[] = [
  { type: 'text', id: 0, part: 0, last: false, text: utf8('one') },
  { type: 'text', id: 0, part: 1, last: true, text: utf8('two') },
  { type: 'delivered', id: 7 },
  { type: 'words-wanted' },
  { type: 'words-commit', epoch: 3, value: new Uint8Array(32) },
  { type: 'bulk-open', id: 0, offer: { kind: 'files', count: 2, bytes: undefined, name: utf8('photos') } },
  { type: 'bulk-credit', id: 0, counter: 7, window: 16 },
  { type: 'bulk-close', opener: 'B', id: 0, reason: 'whole' },
  {
    type: 'paths',
    token: new Uint8Array(32),
    candidates: [{ observed: true, address: Uint8Array.of(9, 9, 9, 9), port: 5000 }],
  },
  { type: 'confirmed' },
  { type: 'rekey-wanted' },
  { type: 'name', name: utf8('Bo') },
  { type: 'ping' },
  { type: 'bye', reason: 'left' },
  { type: 'bye-ack' },
];

/** A room id is 43 characters of base64url. */
const ID = 'A'.repeat(43);
const room = new Uint8Array(32);
const prs = crypto.take(utf8('tunnel-anchor-mango'));
const attempt = (): ReturnType<typeof createAttempt> =>
  createAttempt(crypto, prs, { mode: 1, roomId: room }, { version: ascii('1'), name: utf8('x'), features: 0 });
const proofKey = asKey<'resume proof'>(crypto.take(new Uint8Array(32)));
const resumeKey = asKey<'resume'>(crypto.take(new Uint8Array(32)));
const prover: Prover = { epoch: 1, proof: (epoch) => (epoch <= 1 ? proofKey : undefined) };
const HERE = { expected: 1, next: 2 };

export const TARGETS: Readonly<Record<string, FuzzTarget>> = {
  'control messages of a relay': {
    corpus: [
      { type: 'joined', peer: true },
      { type: 'peer-joined' },
      { type: 'peer-left' },
      { type: 'error', code: 'busy', retryAfterMs: 500 },
    ].map((message) => utf8(JSON.stringify(message))),
    limit: 2 * CONTROL_LIMIT,
    run: (input) => checkRelayMessage(parseControl(text(input)))?.type ?? 'none',
  },
  'joins of a client': {
    corpus: [utf8(JSON.stringify(joinMessage({ room: ID, seat: ID, mode: 'create' })))],
    limit: 2 * CONTROL_LIMIT,
    run(input) {
      const join = checkJoin(parseControl(text(input)));
      return typeof join === 'string' ? join : join.mode;
    },
  },
  'socket.io packets': {
    corpus: ['0{"sid":"x"}', '1', '2["control",{"type":"peer-left"}]', '4{"message":"no"}', '2["frame",1]'].map(utf8),
    limit: 2 * CONTROL_LIMIT,
    run: (input) => {
      const packet = decodePacket(input.length % 2 === 0 ? text(input) : input);
      return `${packet.type} ${Array.isArray(packet.data) ? String(packet.data[0]) : typeof packet.data}`;
    },
  },
  'what a relay says on socket.io': {
    corpus: [
      '0{"sid":"x"}|40{"sid":"y"}|42["control",{"type":"peer-left"}]|bx|2|1',
      '0{"sid":"x"}|44',
      '0null',
      '0{"sid":"x"}|42["control",{}]|40|40|0{"sid":"x"}',
      '6|1',
    ].map(utf8),
    limit: 2 * CONTROL_LIMIT,
    run(input) {
      const client = createSocketioClient();
      let opened = 0;
      const heard = text(input)
        .split('|')
        .map((packet) => {
          const { type } = client.hear(packet.startsWith('b') ? utf8(packet.slice(1)) : packet);
          if (type === 'open') opened += 1;
          if ((type === 'frame' || type === 'control') && opened === 0) throw new Error('too early');
          return type;
        });
      if (opened > 1) throw new Error('open twice');
      const over = heard.indexOf('end');
      if (over >= 0 && heard.slice(over + 1).some((type) => type !== 'nothing')) throw new Error('it goes on');
      return [...new Set(heard)].join(' ');
    },
  },
  'frames on the wire': {
    corpus: FRAME_SIZES.map((size) => concat(Uint8Array.of(0x10), new Uint8Array(size - 1))),
    limit: FRAME_SIZES[2] + 8,
    run: (input) => classify(input),
  },
  'records in a frame': {
    corpus: [...RECORDS.map((record) => encodePlaintext(0, [record])), encodePlaintext(3, RECORDS)],
    limit: 300,
    run: (input) =>
      remoteOnly(() =>
        decodePlaintext(input)
          .records.map(({ type }) => type)
          .join(' '),
      ),
  },
  'parts of messages': {
    corpus: [encodePlaintext(0, RECORDS)],
    limit: 300,
    run: (input) =>
      String(
        remoteOnly(() => {
          const reassembly = createReassembly();
          let whole = 0;
          for (const record of decodePlaintext(input).records) {
            if (record.type === 'text' && reassembly.add(record) !== undefined) whole += 1;
          }
          return whole;
        }),
      ),
  },
  'payloads of the handshake': {
    corpus: [encodePayload(room, room, { version: ascii('1.0'), name: utf8('Bo'), features: 1 })],
    limit: 260,
    run: (input) => (decodePayload(input) === undefined ? 'malformed' : 'taken'),
  },
  'handshake messages': {
    corpus: Object.values(HANDSHAKE_LENGTHS).map((length, i) =>
      concat(Uint8Array.of(i + 1, 1), new Uint8Array(length - 2)),
    ),
    limit: HANDSHAKE_LENGTHS.m2 + 4,
    run(input) {
      const one = attempt();
      const step = one.handle(input);
      one.wipe();
      if (step.type === 'established') throw new Error('nobody has the code here');
      return step.type;
    },
  },
  'resume messages': {
    corpus: [createProof(crypto, 'B', resumeKey, prover).first, concat(Uint8Array.of(6), new Uint8Array(28))],
    limit: 64,
    run(input) {
      const proof = createProof(crypto, 'A', resumeKey, prover);
      const steps = [proof.handle(input, HERE), proof.handle(input, HERE)].map(({ type }) => type);
      if (steps.includes('proven')) throw new Error('nobody has the key here');
      return steps.join(' ');
    },
  },
  'room codes and links': {
    corpus: [
      '482913-tunnel-anchor-mango',
      '482913',
      'kitchen-x y',
      'securechat://relay.example:1/?transport=socketio#482913-tunnel-anchor-mango',
    ].map(utf8),
    limit: 3 * CODE_LIMIT,
    run(input) {
      try {
        return parseTyped(input, words, (typed) => utf8(text(typed).normalize('NFKC'))).code.form;
      } catch (error) {
        return codeOf(error);
      }
    },
  },
  'commands of the json UI': {
    corpus: [
      '{"do":"send","text":"h\\u00e9\\n\\ud83d\\ude00"}',
      '{"do":"confirm","match":true}',
      '{"do":"quit","x":[1,{"y":null}],"z":-1.5e3}',
    ].map(utf8),
    limit: 400,
    run(input) {
      const command = readCommand(input);
      if (command.do === 'send' && !isUtf8(command.text)) throw new Error('text that is not UTF-8');
      return command.do === 'malformed' ? command.why : command.do;
    },
  },
  'text from outside': {
    corpus: ['plain', '\x1b[31mred\x1b[0m', 'e\u0301\u0301\u0301\u0301\u0301', '\u202eabc', '👩‍👩‍👧‍👦'].map(utf8),
    limit: 400,
    run(input) {
      const shown = sanitize(input);
      if (!isUtf8(shown) || shown.some((byte) => byte < 0x20 || byte === 0x7f))
        throw new Error('a control came through');
      return String(Math.min(9, shown.length - input.length));
    },
  },
  'definitions of plugins': {
    corpus: [
      '{"api":{"major":1,"minor":0},"name":"x","ui":{"y":{"description":"d","flags":{"f":{"description":"e"}}}}}',
    ].map(utf8),
    limit: 400,
    run(input) {
      let definition: unknown;
      try {
        definition = JSON.parse(text(input));
      } catch {
        return 'no JSON';
      }
      if (typeof definition === 'object' && definition !== null) Object.assign(definition, { [PLUGIN_MARK]: true });
      try {
        return createRegistry().register(definition, 'fuzzed');
      } catch (error) {
        return codeOf(error);
      }
    },
  },
  'package.json of plugins': {
    corpus: [
      '{"version":"1.0.0","exports":{".":{"import":"./a.js"}}}',
      '{"main":"a.js"}',
      '{"exports":["./a.js"]}',
    ].map(utf8),
    limit: 200,
    async run(input) {
      writeFileSync(path.join(folder, 'package.json'), input);
      try {
        await loadPlugin(folder, createRegistry(), { cwd: folder, program: folder });
        return 'loaded';
      } catch (error) {
        return codeOf(error).replaceAll(/its file .* is missing/gs, 'its file is missing');
      }
    },
  },
};
