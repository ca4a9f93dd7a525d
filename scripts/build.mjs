// Compiles src to dist, then inlines bcoin into the one file that imports it.
//
// bcoin's dependency tree carries native add-ons whose install scripts need a compiler. An installed package
// must not run them, and npm applies `overrides` in the root package alone; so the published package contains
// bcoin's JavaScript and depends on none of its packages. leveldown stays outside: it is native, ships
// prebuilt binaries, and is loaded only where a chain is kept on disk. The page of the browser is bundled by
// scripts/build-page.mjs.
import { readFileSync, rmSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { build } from 'esbuild';
import { buildPage } from './build-page.mjs';

const require = createRequire(import.meta.url);
const root = new URL('..', import.meta.url).pathname;

rmSync(`${root}dist`, { recursive: true, force: true });
execFileSync(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});

/**
 * What is changed in bcoin's tree as it is inlined. drbg.js and bn.js call the constructor of Buffer, for
 * which Node prints a warning outside of node_modules; bdb loads leveldown also for a database in memory.
 */
const PATCHES = [
  [/drbg\.js[\\/][a-z]+\.js$/, 'new Buffer([', 'Buffer.from(['],
  [/drbg\.js[\\/][a-z]+\.js$/, 'new Buffer(', 'Buffer.alloc('],
  [
    /bn\.js[\\/]lib[\\/]bn\.js$/,
    'new ArrayType(reqLength)',
    '(ArrayType === Array ? new Array(reqLength) : Buffer.alloc(reqLength))',
  ],
  [
    /bdb[\\/]lib[\\/]level\.js$/,
    "module.exports = require('leveldown')",
    "module.exports = function Level(location) { return require('leveldown')(location); }",
  ],
];

const patched = {
  name: 'patched',
  setup: (bundle) =>
    bundle.onLoad({ filter: /(drbg\.js|bn\.js|bdb)[\\/].*\.js$/ }, ({ path }) => ({
      contents: PATCHES.filter(([file]) => file.test(path)).reduce(
        (text, [, from, to]) => text.replaceAll(from, to),
        readFileSync(path, 'utf8'),
      ),
    })),
};

const bcoin = `${root}dist/bcoin/bcoin.js`;
await build({
  entryPoints: [bcoin],
  outfile: bcoin,
  allowOverwrite: true,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // Node keeps the text of what it runs: comments and indentation are a megabyte of it.
  minifyWhitespace: true,
  lineLimit: 160,
  external: ['leveldown'],
  plugins: [patched],
  // Back ends that NODE_BACKEND=js never reaches look these up at run time.
  logOverride: { 'require-resolve-not-external': 'silent' },
  logLevel: 'warning',
});

await buildPage(root);
