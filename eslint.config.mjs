import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/**
 * The rooms of `src`, and what each may import from. One direction of flow: sockets -> p2p -> events ->
 * collectors -> points -> queue -> exporters, and from the store over queries and panels to what shows them.
 * `lib` knows no other room; `capture` and `wire` know `lib` alone. `app` wires the rooms, `demo` and `cli`
 * start what is wired. `store-child` and `tap-child` are the programs of other processes.
 */
const PARTS = {
  lib: [],
  capture: ['lib'],
  wire: ['lib'],
  policy: ['wire'],
  bcoin: ['wire'],
  p2p: ['bcoin', 'lib', 'policy', 'wire'],
  record: ['lib', 'p2p', 'policy', 'wire'],
  chain: ['bcoin', 'lib', 'p2p', 'policy', 'wire'],
  mempool: ['chain', 'lib', 'p2p', 'policy', 'wire'],
  metrics: ['chain', 'lib', 'mempool', 'p2p', 'policy', 'wire'],
  watch: ['chain', 'lib', 'mempool', 'metrics', 'p2p', 'policy', 'wire'],
  influx: ['lib', 'metrics'],
  store: ['lib', 'metrics'],
  export: ['influx', 'lib', 'metrics', 'store', 'wire'],
  collect: ['export', 'lib', 'metrics', 'wire'],
  crawl: ['bcoin', 'lib', 'metrics', 'p2p', 'wire'],
  live: ['chain', 'lib', 'mempool', 'metrics', 'p2p', 'watch', 'wire'],
  query: ['influx', 'lib', 'live', 'metrics', 'store'],
  why: ['chain', 'lib', 'mempool', 'metrics', 'p2p', 'policy', 'query', 'wire'],
  panels: ['lib', 'metrics', 'query', 'wire'],
  alerts: ['lib', 'live', 'metrics', 'panels', 'query'],
  notify: ['alerts', 'lib'],
  top: ['lib', 'live', 'metrics', 'query', 'wire'],
  web: ['alerts', 'lib', 'live', 'metrics', 'panels', 'query', 'store', 'why'],
  'store-child': ['lib', 'query', 'store'],
  tap: ['capture', 'lib', 'mempool', 'metrics', 'p2p', 'policy', 'wire'],
  'tap-child': ['lib', 'p2p', 'tap', 'wire'],
};
const KNOWS = {
  ...PARTS,
  app: Object.keys(PARTS),
  demo: [...Object.keys(PARTS), 'app'],
  cli: [...Object.keys(PARTS), 'app', 'demo'],
};

const layer = (folder) => ({
  files: [`src/${folder}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          ...(folder === 'bcoin'
            ? []
            : [{ regex: '^(bcoin|bcrypto|bdb)(/|$)', message: 'src/bcoin/bcoin.ts alone imports bcoin' }]),
          ...Object.keys(KNOWS)
            .filter((other) => other !== folder && !KNOWS[folder].includes(other))
            .map((other) => ({
              regex: `^(\\.\\./)+${other}/`,
              message: `${folder} must not know ${other}`,
            })),
          {
            regex: '^((\\.\\./)+(grafana|test|bench|scripts)|#dist)/',
            message: `${folder} must not know what is not in the package`,
          },
        ],
      },
    ],
  },
});

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'node_modules/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      'no-restricted-syntax': [
        'error',
        {
          selector: ':function > Identifier.params[name="exports"]',
          message: 'what a module exports is read from `exports` once it is compiled; choose another name',
        },
      ],
    },
  },
  ...Object.keys(KNOWS).map(layer),
  {
    files: ['**/*.ts', '**/*.mjs'],
    rules: {
      // The width of prettier, which leaves comments as they are. Texts that a person reads are not cut.
      'max-len': [
        'error',
        {
          code: 110,
          ignoreStrings: true,
          ignoreTemplateLiterals: true,
          ignoreRegExpLiterals: true,
          ignoreUrls: true,
          ignorePattern: 'eslint-disable',
        },
      ],
    },
  },
  {
    files: ['src/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        { selector: 'Program', message: 'each file of src stands in a room' },
      ],
    },
  },
  {
    // The page and `top` run in a process of their own.
    files: ['src/**/*.ts'],
    ignores: ['src/web/page/**', 'src/top/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        ...['toLocaleString', 'localeCompare'].map((property) => ({
          property,
          message: 'it loads 5 MB of the data of languages; take `grouped` of lib, or compare with <',
        })),
      ],
    },
  },
  {
    // The runner compiles sources in another way than the build: the same code takes 15 % longer.
    files: ['bench/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^(\\.\\./)+src/', message: 'a bench measures the built program: #dist/' }] },
      ],
    },
  },
  {
    files: ['grafana/**/*.ts', 'test/grafana/**/*.ts'],
    rules: {
      // The SDK would have its second schema used, which Grafana 11 does not load from files, and 12 only as
      // a preview.
      '@typescript-eslint/no-deprecated': [
        'error',
        {
          allow: [
            {
              from: 'package',
              package: '@grafana/grafana-foundation-sdk',
              name: ['Dashboard', 'DashboardBuilder'],
            },
          ],
        },
      ],
    },
  },
  {
    // What runs in a browser shares types with the server, and no code.
    files: ['src/web/page/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '^\\.\\./', allowTypeImports: true, message: 'the page imports types alone from here' },
          ],
        },
      ],
    },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: {
      globals: {
        module: 'writable',
      },
    },
  },
);
