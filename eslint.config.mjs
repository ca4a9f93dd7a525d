import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/**
 * One direction of flow: sockets -> p2p -> events -> collectors -> points -> queue -> exporters.
 * Each layer lists what it must not import.
 */
const layer = (folder, forbidden) => ({
  files: [`src/${folder}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          ...(folder === 'p2p'
            ? []
            : [{ regex: '^(bcoin|bcrypto|bdb)(/|$)', message: 'src/p2p/bcoin.ts alone imports bcoin' }]),
          ...forbidden.map((other) => ({
            group: [`**/${other}/**`, `**/${other}`],
            message: `${folder} must not know ${other}`,
          })),
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
  layer('p2p', ['metrics', 'export', 'collect', 'query', 'store', 'cli', 'demo', 'mempool', 'web']),
  layer('tx', [
    'p2p',
    'metrics',
    'export',
    'collect',
    'query',
    'store',
    'cli',
    'demo',
    'mempool',
    'chain',
    'web',
  ]),
  layer('chain', ['metrics', 'export', 'collect', 'query', 'store', 'cli', 'demo', 'mempool', 'web']),
  layer('mempool', ['metrics', 'export', 'collect', 'query', 'store', 'cli', 'demo', 'web']),
  layer('metrics', ['export', 'collect', 'query', 'store', 'cli', 'demo', 'web']),
  layer('export', ['chain', 'collect', 'query', 'cli', 'demo', 'mempool', 'tx', 'web']),
  layer('collect', ['chain', 'query', 'store', 'cli', 'demo', 'mempool', 'tx', 'web']),
  layer('store', ['export', 'collect', 'query', 'cli', 'demo', 'chain', 'mempool', 'tx', 'web']),
  layer('influx', [
    'p2p',
    'export',
    'collect',
    'query',
    'store',
    'cli',
    'demo',
    'chain',
    'mempool',
    'tx',
    'web',
  ]),
  layer('query', ['export', 'collect', 'cli', 'demo', 'chain', 'mempool', 'tx', 'panels', 'web']),
  layer('panels', ['export', 'collect', 'cli', 'demo', 'tx', 'web']),
  layer('web', ['p2p', 'export', 'collect', 'cli', 'demo', 'chain', 'mempool', 'tx']),
  layer('live', ['export', 'collect', 'query', 'store', 'cli', 'demo', 'mempool', 'top', 'web']),
  layer('top', ['export', 'collect', 'store', 'cli', 'demo', 'chain', 'mempool', 'tx', 'panels', 'web']),
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
        fetch: 'readonly',
        URLSearchParams: 'readonly',
      },
    },
  },
);
