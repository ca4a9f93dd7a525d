// btcd's reading of blocks, in a process of its own that takes turns with the benchmark.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

const SOURCE = new URL('../../test/support/go-judge', import.meta.url);

/** The installed Go's version; null where there is none. */
export function goVersion() {
  try {
    return execFileSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
}

/** Builds test/support/go-judge and starts it on files. */
export function startJudge(files) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-judge-'));
  const program = path.join(folder, 'go-judge');
  execFileSync('go', ['build', '-buildvcs=false', '-o', program, '.'], { cwd: SOURCE, stdio: 'inherit' });
  const child = spawn(program, ['speed', ...files], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  return {
    /**
     * Milliseconds of processor time of one reading of a file, by wire's decoding and TxHash, as the mean of
     * `runs`.
     */
    async read(file, runs) {
      child.stdin.write(`${file} ${runs}\n`);
      const [nanoseconds] = await once(lines, 'line');
      return Number(nanoseconds) / 1e6 / runs;
    },
    async stop() {
      child.stdin.end();
      await once(child, 'close');
      rmSync(folder, { recursive: true });
    },
  };
}
