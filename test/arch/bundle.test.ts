/**
 * What is built: an adapter is loaded only when it is chosen, the licences are there, nothing makes code from strings.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ENV } from '../support/program.js';
import { ROOT } from './sources.js';

interface Output {
  readonly imports: readonly { readonly path: string; readonly kind: string }[];
  readonly inputs: Readonly<Record<string, unknown>>;
}

function readText(file: string): string {
  const place = path.join(ROOT, file);
  if (!existsSync(place)) throw new Error(`${file} is missing: run \`npm run build\` (npm test does)`);
  return readFileSync(place, 'utf8');
}
const readJson = (file: string): unknown => JSON.parse(readText(file));

const OUTPUTS = readJson('.build/bundle.json') as Readonly<Record<string, Output>>;

/** Sources that are loaded with a file of dist/, without what it imports later. */
function loadedWith(entry: string): string[] {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    const output = OUTPUTS[file];
    if (seen.has(file) || output === undefined) return;
    seen.add(file);
    for (const each of output.imports) if (each.kind !== 'dynamic-import') visit(each.path);
  };
  visit(entry);
  return [...seen].flatMap((file) => Object.keys(OUTPUTS[file]!.inputs));
}

/** The file of dist/ that a source became a part of, for the client. */
function chunkOf(source: string): string {
  const found = Object.keys(OUTPUTS).find((file) => file.startsWith('dist/chunks/') && source in OUTPUTS[file]!.inputs);
  if (found === undefined) throw new Error(`${source} is in no chunk`);
  return found;
}

test('the program and the modules for plugins share one copy of the errors', () => {
  const holders = ['dist/securechat.cjs', 'dist/plugin.js', 'dist/testing.js'].map((entry) => {
    const seen = new Set([entry]);
    for (const file of seen) for (const each of OUTPUTS[file]?.imports ?? []) seen.add(each.path);
    return [...seen].filter((file) => 'core/errors.ts' in (OUTPUTS[file]?.inputs ?? {}));
  });
  expect(holders[0]).toHaveLength(1);
  expect(holders).toEqual([holders[0], holders[0], holders[0]]);
});

/** The first that is loaded for a chat, and what is in its chunk. */
const START = 'adapters/cli/run.ts';

describe('loaded only when chosen', () => {
  test('a usual chat reads few files: until the question, until the connection', () => {
    const files = (...sources: string[]): number => {
      const seen = new Set(sources.map(chunkOf));
      for (const file of seen)
        for (const each of OUTPUTS[file]!.imports) if (each.kind === 'import-statement') seen.add(each.path);
      return [...seen].filter((file) => file in OUTPUTS).length;
    };
    const prompt = [START, 'adapters/cli/code-entry.ts', 'adapters/cli/prompt.ts', 'adapters/system/input.ts'];
    expect(files(...prompt)).toBeLessThanOrEqual(4);
    const chat = ['adapters/cli/compose.ts', 'core/session/driver.ts', 'adapters/transport/ws.ts'];
    expect(files(...prompt, ...chat)).toBeLessThanOrEqual(5);
    expect(files(...prompt, ...chat, 'adapters/crypto/sodium.ts')).toBeLessThanOrEqual(7);
  });

  test('until the question neither a session nor its protocol is read, and no help', () => {
    const read = loadedWith(chunkOf(START)).filter((source) =>
      /^core\/(?:session\/|checked-ports|protocol\/(?:records|resume|handshake))|words\/help/.test(source),
    );
    expect(read).toEqual([]);
  });

  test('a chat loads neither TLS nor zlib of Node with the rest', () => {
    const load = `require('./${chunkOf('adapters/transport/ws.ts')}'); console.log(process.moduleLoadList.join('\\n'))`;
    const { stdout } = spawnSync(process.execPath, ['-e', load], { cwd: ROOT, encoding: 'utf8', env: ENV });
    const loaded = stdout.split('\n').map((each) => each.replace(/^NativeModule /, ''));
    expect(loaded).toEqual(expect.arrayContaining(['http', 'crypto']));
    expect(loaded.filter((each) => ['https', 'tls', 'zlib'].includes(each))).toEqual([]);
  });

  test('--version loads no package and no adapter', () => {
    const loaded = loadedWith('dist/securechat.cjs');
    expect(loaded.sort()).toEqual([
      'adapters/cli/main.ts',
      'adapters/cli/print.ts',
      'adapters/system/enforced.ts',
      'adapters/system/folder.ts',
      'adapters/words/command.ts',
      'core/errors.ts',
      'core/protocol/bytes.ts',
      'core/quick.ts',
      'core/version.ts',
      // What plugins import shares the errors.
      'core/wire/control.ts',
      'plugins/kit/define.ts',
      'plugins/kit/handles.ts',
      'plugins/kit/lines.ts',
      'plugins/kit/outlet.ts',
    ]);
  });

  test('the library brings no program, no container and no UI along, and a page no Node', () => {
    for (const entry of ['dist/library/library.js', 'dist/library/browser.js']) {
      const loaded = loadedWith(entry);
      expect(loaded).toContain('core/session/driver.ts');
      expect(
        loaded.filter((each) =>
          /^adapters\/(ui|terminal|relay|tor|cli\/(?!relay-address|proxy-address))|^relay-|node_modules\/(inversify|reflect-metadata|ws|tweetnacl|libsodium)/.test(
            each,
          ),
        ),
      ).toEqual([]);
    }
    const all = Object.keys(OUTPUTS).filter((file) => file.startsWith('dist/library/browser'));
    const inputs = all.flatMap((file) => Object.keys(OUTPUTS[file]!.inputs));
    expect(
      inputs.filter((each) => /^adapters\/(transport\/(?!browser|messages|pipe)|direct)|node_modules\/ws\//.test(each)),
    ).toEqual([]);
  });

  test('the relay in the client brings no monitor and no addon, and runs none of it', () => {
    for (const source of ['relay-ws/server.ts', 'relay-socketio/server.ts', 'adapters/cli/relays.ts']) {
      const loaded = loadedWith(chunkOf(source));
      expect(loaded).toContain(source);
      expect(
        loaded.filter((each) => /prom-client|opentelemetry|ioredis|adapters\/relay\/(monitor|addon|redis)/.test(each)),
      ).toEqual([]);
    }
  });

  test.each([
    ['adapters/crypto/tweetnacl.ts', /^adapters\/(crypto\/sodium|transport|ui)|^relay-|node_modules\/(libsodium|ws)/],
    ['adapters/transport/ws.ts', /^adapters\/(crypto|ui)|^relay-|node_modules\/(tweetnacl|@noble|libsodium)/],
    [
      'adapters/ui/line/line.ts',
      /^adapters\/(crypto|transport|ui\/(json|rich))|^relay-|node_modules\/(?!get-east-asian-width\/)/,
    ],
    ['adapters/ui/json/json.ts', /^adapters\/(crypto|transport|ui\/line\/)|^relay-|node_modules\//],
    [START, /^adapters\/(crypto|transport|ui\/(line|json)\.)|^relay-|node_modules\/(ws|prompts|inversify)\//],
  ])('%s brings no other adapter', (source, others) => {
    // What every start loads is there already.
    const before = new Set(source === START ? [] : loadedWith(chunkOf(START)));
    const loaded = loadedWith(chunkOf(source));
    expect(loaded).toContain(source);
    expect(loaded.filter((each) => others.test(each) && !before.has(each))).toEqual([]);
  });
});

describe('the programs', () => {
  const { bin, version } = readJson('package.json') as { bin: Record<string, string>; version: string };

  test.each(Object.entries(bin))('%s can be executed', (_name, file) => {
    // The client's command is a shell script: it sets up what the program may before there is one.
    expect(readText(file).split('\n', 1)).toEqual([file.endsWith('.js') ? '#!/usr/bin/env node' : '#!/bin/sh']);
    expect(statSync(path.join(ROOT, file)).mode & 0o111).toBe(0o111);
  });

  test.each(['securechat', 'securechat-node'])('%s --version is that of package.json', (name) => {
    const run = spawnSync(path.join(ROOT, bin[name]!), ['--version'], { encoding: 'utf8', env: ENV });
    expect(run).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
  });
});

test('the licence of every bundled package is there', () => {
  const licences = readText('dist/THIRD-PARTY-LICENSES.txt');
  const names = Object.values(OUTPUTS)
    .flatMap(({ inputs }) => Object.keys(inputs))
    .flatMap((source) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1] ?? []);
  expect(new Set(names).size).toBeGreaterThan(5);
  for (const name of new Set(names)) expect(licences).toMatch(new RegExp(`^${name} \\d+\\.`, 'm'));
});

test('the WebAssembly of libsodium is a file beside the client, byte for byte that of the library', () => {
  const library = readText('node_modules/libsodium-sumo/dist/modules-sumo-esm/libsodium-sumo.mjs');
  const [, text = ''] = /"([A-Za-z0-9+/=]{100000,})"/.exec(library) ?? [];
  expect(readFileSync(path.join(ROOT, 'dist/libsodium.wasm')).equals(Buffer.from(text, 'base64'))).toBe(true);
  const holders = readdirSync(path.join(ROOT, 'dist/chunks')).filter((file) =>
    readText(`dist/chunks/${file}`).includes(text.slice(0, 100)),
  );
  expect(holders).toEqual([]);
});

test('the client looks for no native addon', () => {
  const chunks = readdirSync(path.join(ROOT, 'dist/chunks')).map((file) => readText(`dist/chunks/${file}`));
  expect(chunks.some((chunk) => chunk.includes('perMessageDeflate'))).toBe(true);
  expect(chunks.filter((chunk) => /["'](bufferutil|utf-8-validate)["']/.test(chunk))).toEqual([]);
  // The relay takes one when it is there: the condition is real.
  expect(readText('dist/relay-ws.js')).toContain('"bufferutil"');
});

// As to all tests but those of programs and tools (.config/vitest.config.ts), so that the flag is known to have arrived.
test('code from strings is refused here', () => {
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, no-new-func -- that it cannot be done is the test
  expect(() => new Function('return 1')).toThrow(EvalError);
});
