import { execFileSync, spawnSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { findProgram, requirement } from './requires';

const PACKAGES = ['duckdb', 'matplotlib'];

/**
 * Declares that a test file needs a Python with the packages of docs/examples: the one that PYTHON_BIN names,
 * that of the user's cache folder (`btcdmon-node/python`), where scripts/ci-install.sh puts it, or python3.
 */
export const python = requirement(
  `Python with ${PACKAGES.join(' and ')}`,
  findPython,
  `make one: python3 -m venv ~/.cache/btcdmon-node/python && ~/.cache/btcdmon-node/python/bin/pip install ${PACKAGES.join(' ')}`,
);

function findPython(): string | null {
  const cache = path.join(process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache'), 'btcdmon-node');
  const candidates = [
    process.env['PYTHON_BIN'],
    path.join(cache, 'python', 'bin', 'python3'),
    findProgram('python3') ?? undefined,
  ];
  return candidates.find((program) => program !== undefined && hasPackages(program)) ?? null;
}

function hasPackages(program: string): boolean {
  try {
    const text = `from importlib.util import find_spec as f; assert all(map(f, ${JSON.stringify(PACKAGES)}))`;
    execFileSync(program, ['-c', text], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The one sentence with which a script has failed. */
export function failureOf({ status, stdout, stderr }: ReturnType<typeof runPython>): string {
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).not.toContain('Traceback');
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  return stderr.trimEnd();
}

/** Runs a script, and returns its exit status and what it wrote. */
export function runPython(
  program: string,
  args: readonly string[],
  cwd: string,
): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  // matplotlib keeps a list of fonts in its folder.
  const env = { ...process.env, MPLCONFIGDIR: cwd };
  return spawnSync(program, args, { cwd, encoding: 'utf8', env });
}
