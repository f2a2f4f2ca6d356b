import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';
import * as jsonParser from 'jsonc-eslint-parser';

/** Who may import whom: each row is a room of the house and the rooms that it may call. A project without a tag may import nothing. */
const depConstraints = [
  { sourceTag: 'layer:core', onlyDependOnLibsWithTags: [] },
  { sourceTag: 'layer:protocol', onlyDependOnLibsWithTags: ['pkg:quorum'] },
  { sourceTag: 'layer:client', onlyDependOnLibsWithTags: ['pkg:wire', 'pkg:hash-ring', 'pkg:quorum'] },
  { sourceTag: 'layer:member', onlyDependOnLibsWithTags: ['layer:core', 'layer:protocol'] },
  {
    sourceTag: 'layer:simulation',
    onlyDependOnLibsWithTags: ['layer:core', 'layer:protocol', 'layer:member', 'layer:client'],
  },
  {
    sourceTag: 'layer:app',
    onlyDependOnLibsWithTags: ['layer:core', 'layer:protocol', 'layer:member', 'layer:client'],
  },
  {
    sourceTag: 'layer:outside',
    onlyDependOnLibsWithTags: [
      'layer:core',
      'layer:protocol',
      'layer:member',
      'layer:client',
      'layer:simulation',
      'layer:outside',
    ],
  },
];

/** The core takes time, randomness, network and disk from outside; each ban names what to use instead. */
const determinism = {
  'no-restricted-globals': [
    'error',
    ...['Date', 'performance'].map((name) => ({ name, message: 'Take the time as an argument (now).' })),
    ...[
      'setTimeout',
      'setInterval',
      'setImmediate',
      'clearTimeout',
      'clearInterval',
      'clearImmediate',
      'queueMicrotask',
    ].map((name) => ({ name, message: 'Take timers from a port, or be ticked.' })),
    ...['process', 'Buffer', 'require', '__dirname', '__filename', 'global', 'globalThis'].map((name) => ({
      name,
      message: 'The core packages do not know Node; take what you need through a port.',
    })),
    ...['fetch', 'WebSocket', 'XMLHttpRequest'].map((name) => ({ name, message: 'Take the network through a port.' })),
    ...['crypto', 'WeakRef', 'FinalizationRegistry'].map((name) => ({
      name,
      message: 'Not deterministic; take randomness and lifetimes from outside.',
    })),
    { name: 'Intl', message: 'It knows the clock, the time zone and the locale of the machine; format outside.' },
    ...['eval', 'Function'].map((name) => ({ name, message: 'Code made of text escapes every other ban.' })),
  ],
  'no-restricted-properties': [
    'error',
    { object: 'Math', property: 'random', message: 'Take an injected generator.' },
    ...[
      'localeCompare',
      'toLocaleDateString',
      'toLocaleLowerCase',
      'toLocaleString',
      'toLocaleTimeString',
      'toLocaleUpperCase',
    ].map((property) => ({
      property,
      message: 'It follows the locale of the machine; compare and format without one.',
    })),
  ],
};

/** Every module of Node, those included that are known only by their `node:` name. */
const namesOfNodeModules = [
  'assert',
  'async_hooks',
  'buffer',
  'child_process',
  'cluster',
  'console',
  'constants',
  'crypto',
  'dgram',
  'diagnostics_channel',
  'dns',
  'domain',
  'events',
  'fs',
  'http',
  'http2',
  'https',
  'inspector',
  'module',
  'net',
  'os',
  'path',
  'perf_hooks',
  'process',
  'punycode',
  'querystring',
  'readline',
  'repl',
  'sea',
  'sqlite',
  'stream',
  'string_decoder',
  'sys',
  'test',
  'timers',
  'tls',
  'trace_events',
  'tty',
  'url',
  'util',
  'v8',
  'vm',
  'wasi',
  'worker_threads',
  'zlib',
];

/** Modules that would bring clock, network or disk into the core: Node's own, with and without the prefix. */
const nodeModules = {
  'no-restricted-imports': [
    'error',
    {
      patterns: [
        {
          regex: `^(node:|(${namesOfNodeModules.join('|')})(/|$))`,
          message: 'The core packages do not import Node modules; take what you need through a port.',
        },
      ],
    },
  ],
};

const corePackages = ['hash-ring', 'gossip', 'quorum', 'anti-entropy', 'lsm-storage', 'wire', 'cluster-node'];
const tests = '**/*.test.ts';
const nodeParts = ['packages/lsm-storage/src/{node,level}/**'];

export default tseslint.config(
  { ignores: ['**/dist', '**/out-tsc', '**/node_modules', '**/.nx', '**/.data', '**/testdata', '**/vitest.config.*'] },
  ...tseslint.configs.recommendedTypeChecked.map((config) => ({ ...config, files: ['**/*.ts'] })),
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        { enforceBuildableLibDependency: true, banTransitiveDependencies: true, allow: [], depConstraints },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // A cache miss is thrown as a signal, and no error: it would record a stack that nobody reads.
      '@typescript-eslint/only-throw-error': ['error', { allow: [{ from: 'file', name: 'CacheMiss' }] }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/require-await': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: corePackages.map((name) => `packages/${name}/src/**/*.ts`),
    ignores: [tests, '**/testing/**', ...nodeParts],
    rules: { ...determinism, ...nodeModules },
  },
  { files: ['packages/simulation/src/**/*.ts'], ignores: [tests, '**/cli/**'], rules: determinism },
  { files: [tests], rules: { '@typescript-eslint/no-non-null-assertion': 'off' } },
  {
    files: [
      'tools/**/*.ts',
      'examples/**/*.ts',
      'test-e2e/src/cli.ts',
      'test-e2e/src/*/command.ts',
      'packages/simulation/src/cli/**/*.ts',
    ],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['packages/*/package.json', 'apps/*/package.json'],
    languageOptions: { parser: jsonParser },
    plugins: { '@nx': nx },
    rules: {
      '@nx/dependency-checks': [
        'error',
        {
          ignoredFiles: ['{projectRoot}/**/*.test.ts', '{projectRoot}/vitest.config.mts'],
          checkVersionMismatches: false,
        },
      ],
    },
  },
);
