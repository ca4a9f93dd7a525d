// Hostile peers against a listener: compiles test/zoo, and runs it beside the built listener with the
// arguments that are given.
//   npm run zoo -- --help
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-zoo-'));
const env = { ...process.env, NODE_PATH: path.join(root, 'node_modules'), ZOO_DIST: path.join(root, 'dist') };
try {
  buildSync({
    entryPoints: ['main', 'listener-child', 'culprits-child'].map((name) =>
      path.join(root, 'test', 'zoo', `${name}.ts`),
    ),
    outdir: path.join(folder, 'zoo'),
    bundle: true,
    platform: 'node',
    packages: 'external',
    logLevel: 'error',
  });
  const args = [path.join(folder, 'zoo', 'main.js'), ...process.argv.slice(2)];
  process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit', env }).status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
