// Compiles src to dist, then inlines bcoin into the one file that imports it.
//
// bcoin's dependency tree carries native add-ons whose install scripts need a compiler. An installed
// package must not run them, and npm applies `overrides` in the root package alone; so the published
// package contains bcoin's JavaScript and depends on none of its packages. leveldown stays outside: it
// is native, ships prebuilt binaries, and is loaded only where a chain is kept on disk.
import { rmSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { build } from 'esbuild';

const require = createRequire(import.meta.url);
const root = new URL('..', import.meta.url).pathname;

rmSync(`${root}dist`, { recursive: true, force: true });
execFileSync(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});

const bcoin = `${root}dist/p2p/bcoin.js`;
await build({
  entryPoints: [bcoin],
  outfile: bcoin,
  allowOverwrite: true,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  external: ['leveldown'],
  // Back ends that NODE_BACKEND=js never reaches look these up at run time.
  logOverride: { 'require-resolve-not-external': 'silent' },
  logLevel: 'warning',
});
