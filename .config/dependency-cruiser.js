/**
 * Who may import whom: rule 1 of docs/architecture.md. Run by .config/cruise.mjs, which also checks that the rules had
 * something to look at.
 */
const OURS = '^(core|adapters|plugins|relay-ws|relay-socketio|test|bench|docs)/';
const SHIPPED = '^(core|adapters|plugins|relay-ws|relay-socketio)/';
/** An npm package, or the declarations of it. */
const npm = (...names) => `(^|/)node_modules/(@types/)?(${names.join('|')})/`;

/** A relay knows core, what the relays share, its one socket library, and Node. */
const relay = (folder, ...libraries) => [
  {
    name: `${folder}-imports`,
    severity: 'error',
    from: { path: `^${folder}/` },
    to: { pathNot: [`^core/`, '^adapters/relay/', `^${folder}/`, npm(...libraries)], dependencyTypesNot: ['core'] },
  },
];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    { name: 'core-imports-core', severity: 'error', from: { path: '^core/' }, to: { pathNot: '^core/' } },
    {
      name: 'adapters-import-core-and-plugins',
      severity: 'error',
      from: { path: '^adapters/' },
      to: { path: OURS, pathNot: ['^core/', '^plugins/kit/', '^adapters/', '^relay-[^/]+/'] },
    },
    {
      name: 'relays-are-imported-by-one-file-of-the-client-only',
      severity: 'error',
      from: { path: OURS, pathNot: ['^adapters/cli/relays\\.ts$', '^relay-', '^(test|bench)/'] },
      to: { path: '^relay-' },
    },
    {
      name: 'plugin-kit-imports-core',
      severity: 'error',
      from: { path: '^plugins/(kit|testing)/' },
      to: { pathNot: ['^core/', '^plugins/(kit|testing)/'], dependencyTypesNot: ['core'] },
    },
    {
      name: 'plugins-import-core-and-kit',
      severity: 'error',
      from: { path: '^plugins/([^/]+)/' },
      to: { path: OURS, pathNot: ['^core/', '^plugins/(kit|testing)/', '^plugins/$1/'] },
    },
    {
      name: 'shared-relay-imports',
      severity: 'error',
      from: { path: '^adapters/relay/' },
      to: {
        pathNot: [
          '^core/',
          '^adapters/relay/',
          '^adapters/words/relay\\.ts$',
          '^adapters/system/command-line\\.ts$',
          '^adapters/text/(ascii|locale|neutral)\\.ts$',
          npm('prom-client', 'ioredis'),
        ],
        dependencyTypesNot: ['core'],
      },
    },
    ...relay('relay-ws', 'ws'),
    ...relay('relay-socketio', 'socket\\.io', 'socket\\.io-[^/]+', 'engine\\.io', 'ws'),
    {
      name: 'nobody-imports-tests',
      severity: 'error',
      from: { path: SHIPPED },
      to: { path: '^(test|bench|docs)/' },
    },
    {
      name: 'container-in-compose-only',
      severity: 'error',
      // What makes certificates is built on the same metadata.
      from: { path: OURS, pathNot: '^adapters/(cli/compose|system/self-signed)\\.ts$' },
      to: { path: npm('inversify', '@inversifyjs', 'reflect-metadata') },
    },
    {
      name: 'shipped-code-uses-dependencies',
      severity: 'error',
      from: { path: SHIPPED },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], pathNot: '(^|/)node_modules/@types/' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    // Declarations of a package that has none: nobody imports the file.
    { name: 'no-orphans', severity: 'error', from: { orphan: true, path: SHIPPED, pathNot: '\\.d\\.ts$' }, to: {} },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|\\.build)/' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};
