import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buildSync } from 'esbuild';

const ROOT = path.join(__dirname, '..', '..');

/** A test's script, compiled together with the sources that it imports, for another process to run. */
export interface ChildScript {
  /** Path of the compiled script. */
  readonly file: string;
  /** The environment that it needs: it names the folder of the packages. */
  readonly env: NodeJS.ProcessEnv;
  remove(): void;
}

/**
 * Compiles `entry` (TypeScript, relative to test/) into a folder of its own. The packages that it uses are
 * not bundled.
 */
export function childScript(entry: string): ChildScript {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-child-'));
  const file = path.join(folder, 'child.js');
  buildSync({
    entryPoints: [path.join(ROOT, 'test', entry)],
    outfile: file,
    bundle: true,
    platform: 'node',
    packages: 'external',
    logLevel: 'error',
  });
  return {
    file,
    env: { ...process.env, NODE_PATH: path.join(ROOT, 'node_modules') },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
