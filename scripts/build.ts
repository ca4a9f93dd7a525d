// Compiles src to dist, and inlines bcoin into the one file that imports it.
//
// bcoin depends on native add-ons whose install scripts need a compiler. A user's installation must not run
// them. `overrides` cannot prevent that, because npm applies them in the root package only. So the published
// package contains bcoin's JavaScript and depends on none of bcoin's packages. leveldown is not inlined: it
// is native, comes with prebuilt binaries, and is loaded only if a chain is stored on disk.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { type Plugin, build } from 'esbuild';
import { buildPage } from './build-page';

const ROOT = path.join(__dirname, '..');
const DIST = path.join(ROOT, 'dist');

/** A build is made here and then moved. Programs that run meanwhile load parts of dist, and start others. */
const CACHE = path.join(ROOT, 'node_modules', '.cache');

/**
 * The changes to bcoin's dependencies when they are inlined. drbg.js and bn.js call the constructor of
 * Buffer, and Node prints a warning for each such call outside of node_modules. bdb loads leveldown even for
 * a database in memory. Each peer makes two filters of 566 kB for what it announces, and a listener announces
 * nothing: without them a dial allocates 4 kB.
 */
const PATCHES: readonly (readonly [file: RegExp, from: string, to: string])[] = [
  [/drbg\.js[\\/][a-z]+\.js$/, 'new Buffer([', 'Buffer.from(['],
  [/drbg\.js[\\/][a-z]+\.js$/, 'new Buffer(', 'Buffer.alloc('],
  [
    /bn\.js[\\/]lib[\\/]bn\.js$/,
    'new ArrayType(reqLength)',
    '(ArrayType === Array ? new Array(reqLength) : Buffer.alloc(reqLength))',
  ],
  [
    /bcoin[\\/]lib[\\/]net[\\/]peer\.js$/,
    'Filter = new RollingFilter(',
    'Filter = options.announcesNothing ? null : new RollingFilter(',
  ],
  [
    /bdb[\\/]lib[\\/]level\.js$/,
    "module.exports = require('leveldown')",
    "module.exports = function Level(location) { return require('leveldown')(location); }",
  ],
];

const patched: Plugin = {
  name: 'patched',
  setup: (bundle) =>
    bundle.onLoad(
      { filter: /(drbg\.js|bn\.js|bdb|bcoin[\\/]lib[\\/]net)[\\/].*\.js$/ },
      ({ path: file }) => ({
        contents: PATCHES.filter(([pattern]) => pattern.test(file)).reduce(
          (text, [, from, to]) => text.replaceAll(from, to),
          readFileSync(file, 'utf8'),
        ),
      }),
    ),
};

async function inlineBcoin(dist: string): Promise<void> {
  const bcoin = path.join(dist, 'bcoin', 'bcoin.js');
  await build({
    entryPoints: [bcoin],
    // The names of modules in the output are relative to it.
    absWorkingDir: path.dirname(dist),
    outfile: bcoin,
    allowOverwrite: true,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // Node keeps the source text of the code that it runs. Comments and indentation would be a megabyte of
    // it.
    minifyWhitespace: true,
    lineLimit: 160,
    external: ['leveldown'],
    plugins: [patched],
    // Some modules look others up at run time, but only in back ends that NODE_BACKEND=js does not use.
    logOverride: { 'require-resolve-not-external': 'silent' },
    logLevel: 'warning',
  });
}

async function main(): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(path.join(CACHE, 'btcdmon-build-'));
  const built = path.join(folder, 'dist');
  try {
    const tsc = [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.build.json', '--outDir', built];
    execFileSync(process.execPath, tsc, { cwd: ROOT, stdio: 'inherit' });
    await inlineBcoin(built);
    await buildPage(ROOT, built);
    if (existsSync(DIST)) renameSync(DIST, path.join(folder, 'old'));
    renameSync(built, DIST);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

void main();
