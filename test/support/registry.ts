import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { messageOf } from '../../src/lib/errors';
import { type Requirement, findProgram, requirement } from './requires';

/** Declares that a test needs npm and a registry to install from. It asks for one of our own dependencies. */
export const registry = requirement(
  'the npm registry',
  () => {
    const npm = findProgram('npm');
    if (npm === null) return null;
    try {
      execFileSync(npm, ['view', 'yargs@17.7.2', 'version'], { stdio: 'ignore', timeout: 60_000 });
      return npm;
    } catch {
      return null;
    }
  },
  'npm must be on the PATH and reach a registry',
);

/**
 * Declares that a test needs another major version of Node. The registry has Node's binaries as packages. A
 * binary that was fetched stays in the user's cache folder.
 */
export function nodeOf(major: number): Requirement {
  return requirement(
    `Node ${major}`,
    () => {
      const cacheHome = process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache');
      const folder = path.join(cacheHome, 'btcdmon-node', `node-${major}`);
      const name = `node-${process.platform}-${process.arch}`;
      const node = path.join(folder, 'node_modules', name, 'bin', 'node');
      const npm = findProgram('npm');
      if (existsSync(node)) return node;
      if (npm === null) return null;
      try {
        mkdirSync(folder, { recursive: true });
        const args = ['install', '--prefix', folder, '--no-save', '--ignore-scripts', `${name}@${major}`];
        execFileSync(npm, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], timeout: 300_000 });
      } catch (error) {
        process.stderr.write(`npm install of ${name}@${major} failed: ${messageOf(error)}\n`);
      }
      return existsSync(node) ? node : null;
    },
    `it is fetched from the npm registry, which has it for Linux, macOS and Windows alone`,
  );
}
