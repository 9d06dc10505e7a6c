/**
 * Runs dependency-cruiser and mistrusts its silence: a TypeScript that it cannot use makes it skip every .ts file and
 * report success. So it must have seen every source file, and have followed an import of each kind that we use.
 *
 * node .config/cruise.mjs [root]   another root is for the test that plants forbidden imports
 */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise } from 'dependency-cruiser';
import configuration from './dependency-cruiser.js';

const FOLDERS = ['core', 'adapters', 'plugins', 'relay-ws', 'relay-socketio', 'test', 'bench', 'docs'];

/** A plain import, one for its types only, one made at run time, one of a package, one of Node. */
const KNOWN_EDGES = [
  ['core/session/session.ts', 'core/session/transitions.ts'],
  ['plugins/kit/define.ts', 'core/ports.ts'],
  ['adapters/cli/relays.ts', 'relay-ws/server.ts'],
  ['relay-ws/server.ts', 'node_modules/ws/'],
  ['adapters/relay/doors.ts', 'http'],
];

function fail(why) {
  process.stderr.write(`cruise: ${why}\n`);
  process.exit(1);
}

const root = path.resolve(process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url)));
process.chdir(root);
const folders = FOLDERS.filter((folder) => existsSync(folder));
const { forbidden, options } = configuration;
/** The public modules by the names that plugins use. */
const alias = {
  'securechat/plugin': path.join(root, 'plugins/kit/define.ts'),
  'securechat/testing': path.join(root, 'plugins/testing/testing.ts'),
};
const { output } = await cruise(
  folders,
  { ...options, ruleSet: { forbidden }, validate: true, baseDir: root },
  { alias },
);
if (typeof output === 'string') fail('dependency-cruiser did not return its result');

const { modules, summary } = output;
const seen = new Map(modules.map((module) => [module.source, module.dependencies.map(({ resolved }) => resolved)]));
const sources = folders.flatMap((folder) =>
  readdirSync(folder, { recursive: true })
    .map((file) => path.join(folder, file))
    .filter((file) => /\.(m?ts|mjs|js)$/.test(file) && !/(^|\/)(node_modules|dist)\//.test(file)),
);
if (sources.length === 0) fail('there is nothing to cruise');
const missed = sources.filter((file) => !seen.has(file));
if (missed.length > 0) fail(`${missed.length} of ${sources.length} files were not looked at, first ${missed[0]}`);
for (const [from, to] of KNOWN_EDGES)
  if (!seen.get(from)?.some((resolved) => (to.endsWith('/') ? resolved.includes(to) : resolved === to)))
    fail(`the import of ${to} in ${from} was not followed: is TypeScript the version that it knows?`);

for (const { rule, from, to, cycle } of summary.violations)
  process.stderr.write(`${rule.name}: ${[from, ...(cycle?.map(({ name }) => name) ?? [to])].join(' → ')}\n`);
if (summary.violations.length > 0) fail(`${summary.violations.length} forbidden imports`);
process.stdout.write(`cruise: ${sources.length} files, ${summary.totalDependenciesCruised} imports, none forbidden\n`);
