/**
 * The bundle of the client and of what plugins import. By rolldown, because it can be told which modules share a file:
 * what every start needs is in as few as can be, and all else is loaded only when it is chosen. As CommonJS: Node has it
 * at hand, and reads and starts its loader of modules first where there are any. Nothing is written here.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { rolldown } from 'rolldown';

/** Until the code is known: the options, and who asks for it. */
const START = [
  ...['adapters/cli/run.ts', 'adapters/system/input.ts', 'adapters/cli/code-entry.ts', 'adapters/cli/prompt.ts'],
  ...['adapters/system/clock.ts', 'core/room/words.ts', 'node_modules/@scure/bip39/wordlists/english.js'],
];
/** Of every chat on the usual way. */
const CHAT = [
  'adapters/cli/compose.ts',
  'core/session/driver.ts',
  'adapters/cli/told-ui.ts',
  'adapters/transport/ws.ts',
];

/** libsodium's WebAssembly lies beside the client: as text in its JavaScript it is read and decoded at every start. */
const WASM = 'libsodium.wasm';
const BINARY = `import { readFileSync } from 'node:fs';
export const binary = () => readFileSync(new URL('../${WASM}', import.meta.url));
`;

/** Takes the text out of the library, and puts what it says into `found`. */
function takeWasm(found) {
  return {
    name: 'wasm',
    load: {
      filter: { id: /(?:[\\/]sodium-binary\.ts|[\\/]libsodium-sumo\.mjs)$/ },
      async handler(id) {
        if (id.endsWith('sodium-binary.ts')) return { code: BINARY, moduleType: 'js' };
        const text = await readFile(id, 'utf8');
        const literals = [...text.matchAll(/"([A-Za-z0-9+/=]{1000,})"/g)];
        if (literals.length !== 1) throw new Error(`libsodium has ${literals.length} long texts, not one`);
        const bytes = Buffer.from(literals[0][1], 'base64');
        if (!WebAssembly.validate(bytes)) throw new Error('the long text of libsodium is not WebAssembly');
        found.wasm = bytes;
        return { code: text.replace(literals[0][0], '""'), moduleType: 'js' };
      },
    },
  };
}

/** What ws takes of Node and a usual chat does not need: loaded where it is used. With TLS it is 3 ms of every start. */
const LATE = { websocket: ['https', 'tls'], 'permessage-deflate': ['zlib'] };

const loadLate = {
  name: 'late',
  load: {
    filter: { id: /[\\/]ws[\\/]lib[\\/](?:websocket|permessage-deflate)\.js$/ },
    async handler(id) {
      let code = await readFile(id, 'utf8');
      for (const name of LATE[path.basename(id, '.js')]) {
        const now = `const ${name} = require('${name}');`;
        if (!code.includes(now)) throw new Error(`${id} does not load ${name}`);
        code = code.replace(now, `const ${name} = new Proxy({}, { get: (_, key) => require('${name}')[key] });`);
      }
      return { code, moduleType: 'js' };
    },
  },
};

/**
 * The files of the bundle, `{ name, text, imports, inputs, program }`, text or bytes, names relative to `dist`. Programs and libraries are
 * name → source; the libraries may be none. A library is a module of its own, which gives what is in the bundle: there is
 * one copy of it.
 */
export async function bundleClient({ root, dist, programs, libraries, define, external }) {
  const input = { ...programs, ...libraries };
  const at = (file) => path.join(root, file);
  /** Which modules a module imports at once, by its id. */
  const edges = new Map();
  const found = {};
  const bundle = await rolldown({
    cwd: root,
    input,
    platform: 'node',
    // How long a plugin takes is that of a busy machine.
    checks: { pluginTimings: false },
    external,
    transform: { target: 'node20.19', define },
    onLog(level, log) {
      // A module that one file loads later and another at once is loaded at once: nothing is lost.
      if (level !== 'warn' || log.code === 'INEFFECTIVE_DYNAMIC_IMPORT') return;
      throw new Error(`rolldown says: ${log.message}; the build must be silent`);
    },
    plugins: [
      takeWasm(found),
      loadLate,
      {
        name: 'edges',
        buildEnd() {
          for (const id of this.getModuleIds()) edges.set(id, this.getModuleInfo(id)?.importedIds ?? []);
        },
      },
    ],
  });
  const reached = (...files) => {
    const seen = new Set(files.map(at));
    for (const id of seen) for (const next of edges.get(id) ?? []) seen.add(next);
    return seen;
  };
  // Asked for when all modules are known.
  let rooms;
  const room = (id) => {
    rooms ??= {
      base: reached(...Object.values(programs), ...(libraries.plugin === undefined ? [] : [libraries.plugin])),
      testing: libraries.testing === undefined ? new Set() : reached(libraries.testing),
      start: reached(...START),
      chat: reached(...CHAT),
    };
    if (rooms.base.has(id)) return 'base';
    const name = rooms.start.has(id) ? 'start' : rooms.chat.has(id) ? 'chat' : undefined;
    // What the tests of a plugin import brings no program along.
    return name !== undefined && rooms.testing.has(id) ? 'shared' : name;
  };
  const entries = new Set(Object.values(programs).map(at));
  // The first takes what it needs, with all that this needs.
  const groups = ['base', 'shared', 'start', 'chat'].map((name, n, all) => ({
    name,
    priority: all.length - n,
    test: (id) => !entries.has(id) && room(id) === name,
  }));
  const { output } = await bundle.generate({
    dir: dist,
    format: 'cjs',
    entryFileNames: ({ name }) => (name in programs ? '[name].cjs' : 'chunks/[name].cjs'),
    chunkFileNames: 'chunks/[name]-[hash].cjs',
    comments: { legal: false, annotation: false, jsdoc: false },
    codeSplitting: { groups },
  });
  await bundle.close();
  const own = new Set(output.map(({ fileName }) => fileName));
  const code = output.flatMap((file) => {
    if (file.type !== 'chunk') throw new Error(`${file.fileName} is not code`);
    const names = (kind, list) => list.filter((name) => own.has(name)).map((name) => ({ path: `dist/${name}`, kind }));
    const made = {
      name: file.fileName,
      text: file.code,
      program: file.isEntry && file.name in programs,
      imports: [...names('import-statement', file.imports), ...names('dynamic-import', file.dynamicImports)],
      inputs: file.moduleIds
        .filter((id) => path.isAbsolute(id))
        .map((id) => path.relative(root, id).split(path.sep).join('/')),
    };
    return file.isEntry && file.name in libraries ? [made, moduleOf(file)] : [made];
  });
  return [...code, { name: WASM, text: found.wasm, program: false, imports: [], inputs: [] }];
}

function moduleOf({ name, fileName, exports }) {
  return {
    name: `${name}.js`,
    text: `import bundled from './${fileName}';\nexport const { ${exports.toSorted().join(', ')} } = bundled;\n`,
    program: false,
    imports: [{ path: `dist/${fileName}`, kind: 'import-statement' }],
    inputs: [],
  };
}
