// Hostile peers against a listener: compiles test/zoo, and runs it with the arguments that are given.
//   npm run zoo -- --help
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { buildSync } from 'esbuild';

const root = new URL('..', import.meta.url).pathname;
// In the tree, so that the processes find its packages.
const folder = mkdtempSync(path.join(root, 'node_modules', '.zoo-'));
try {
  buildSync({
    entryPoints: ['main', 'listener-child', 'culprits-child'].map((name) => `${root}test/zoo/${name}.ts`),
    outdir: path.join(folder, 'zoo'),
    bundle: true,
    platform: 'node',
    packages: 'external',
    logLevel: 'error',
  });
  const args = [path.join(folder, 'zoo', 'main.js'), ...process.argv.slice(2)];
  process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
