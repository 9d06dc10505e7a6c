/**
 * Lint rules: what the type checker cannot see, and the purity of core. Never layout: that is biome's.
 * Run from the root: `npm run lint`.
 */
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Who may depend on a clock, chance, a platform: everybody but core. */
const NOT_IN_CORE = [
  ...['process', 'Buffer', 'global', 'require', '__dirname', '__filename', 'setImmediate', 'clearImmediate'],
  ...['Date', 'performance', 'setTimeout', 'setInterval', 'clearTimeout', 'clearInterval', 'queueMicrotask'],
  ...['crypto', 'console', 'fetch', 'WebSocket', 'TextEncoder', 'TextDecoder', 'URL', 'AbortSignal', 'structuredClone'],
  ...['eval', 'Function', 'WeakRef', 'FinalizationRegistry', 'Intl'],
];

export default defineConfig(
  { ignores: ['**/node_modules/**', '**/dist/**', '.build/**', 'coverage/**'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      // Byte code indexes arrays whose length it has just checked; noUncheckedIndexedAccess makes each a possible
      // undefined, and a guard for each would hide the guards that matter.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // A number in a template is what it looks like.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowNever: true }],
      // `return refuse(why)` where both return nothing says "and that is all".
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // Adapters are closures in object literals: no method of ours looks at `this`.
      '@typescript-eslint/unbound-method': 'off',
      // The library ws hands out `this` typed as its own class where it is the one that we gave to it.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // An adapter says by name what it does not use: `_event`.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', caughtErrors: 'all' }],
      // A variable that only a callback changes is a constant to this rule, and our code is made of callbacks.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // A port answers with promises even where an adapter (memory, tweetnacl) has nothing to wait for.
      '@typescript-eslint/require-await': 'off',

      'no-console': 'error',
      'no-eval': 'error',
      'no-new-func': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Name what you export.' },
        { selector: 'ExportAllDeclaration', message: 'No barrels: import from the file that defines it.' },
        { selector: 'TSEnumDeclaration', message: 'A union of literals, or an object `as const`.' },
      ],
      eqeqeq: 'error',
    },
  },
  {
    // Read by tools before anything is built: no types to ask for.
    files: ['.config/**/*.ts'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { parserOptions: { projectService: false } },
  },
  {
    files: ['core/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...NOT_IN_CORE.map((name) => ({
          name,
          message: 'core is pure: time, chance and the platform come by a port.',
        })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'core is pure: randomness comes by CryptoPort.' },
        { object: 'globalThis', message: 'core is pure: it knows no platform.' },
      ],
      'no-restricted-imports': ['error', { patterns: [{ regex: '^[^.]', message: 'core imports core only.' }] }],
    },
  },
  {
    // The only default exports: a plugin's index, as a stranger writes it, and the configuration files of tools.
    files: ['plugins/*/index.ts', '.config/**', 'test/**/fixtures/**'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      // A skipped test says so aloud; a bench prints its figures.
      'no-console': 'off',
      // `[...text]` is how a test takes a hostile string apart, code point by code point.
      '@typescript-eslint/no-misused-spread': 'off',
    },
  },
);
