import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/**
 * One direction of flow: sockets -> p2p -> events -> collectors -> points -> queue -> exporters, and from the store over queries and
 * panels to what shows them. What each folder of src knows of the others; `cli` and `demo` wire them and may know all. `store-child` is
 * the program of another process.
 */
const KNOWS = {
  tx: [],
  p2p: ['tx'],
  chain: ['p2p', 'tx'],
  mempool: ['chain', 'p2p', 'tx'],
  metrics: ['chain', 'mempool', 'p2p', 'tx'],
  influx: ['metrics'],
  store: ['metrics'],
  export: ['influx', 'metrics', 'p2p', 'store'],
  collect: ['export', 'metrics', 'p2p'],
  live: ['chain', 'metrics', 'p2p'],
  query: ['influx', 'live', 'metrics', 'store'],
  panels: ['metrics', 'p2p', 'query'],
  top: ['live', 'metrics', 'p2p', 'query'],
  web: ['live', 'metrics', 'panels', 'query', 'store'],
  'store-child': ['export', 'metrics', 'query', 'store'],
};
const FOLDERS = [...Object.keys(KNOWS), 'cli', 'demo'];

const layer = (folder) => ({
  files: [`src/${folder}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          ...(folder === 'p2p'
            ? []
            : [{ regex: '^(bcoin|bcrypto|bdb)(/|$)', message: 'src/p2p/bcoin.ts alone imports bcoin' }]),
          ...FOLDERS.filter((other) => other !== folder && !KNOWS[folder].includes(other)).map((other) => ({
            regex: `^(\\.\\./)+${other}/`,
            message: `${folder} must not know ${other}`,
          })),
          {
            regex: '^(\\.\\./)+((app|collect-app|serve-app|serving|full)$|(grafana|test|bench|scripts)/)',
            message: `${folder} must not know what wires it, or what is not in the package`,
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
    files: ['grafana/**/*.ts', 'test/grafana/**/*.ts'],
    rules: {
      // The SDK would have its second schema used, which Grafana 11 does not load from files, and 12 only as a preview.
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
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        module: 'writable',
        require: 'readonly',
        __dirname: 'readonly',
        performance: 'readonly',
        Buffer: 'readonly',
        setTimeout: 'readonly',
        setImmediate: 'readonly',
        AbortController: 'readonly',
        AbortSignal: 'readonly',
        fetch: 'readonly',
        URLSearchParams: 'readonly',
      },
    },
  },
);
