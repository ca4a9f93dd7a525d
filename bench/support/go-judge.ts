import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { buildJudge, go } from '../../test/support/go-judge';

/** btcd's parsing of blocks, in a process of its own that takes turns with the benchmark. */
export interface SpeedJudge {
  /** The version of Go that it was built with. */
  readonly version: string;
  /**
   * Parses a file `runs` times with btcd's `wire` and TxHash. Returns the mean processor time of one pass in
   * milliseconds.
   */
  read(file: string, runs: number): Promise<number>;
  stop(): Promise<void>;
}

/** Builds test/support/go-judge and starts it on files; null if Go was not found. */
export function startJudge(files: readonly string[]): SpeedJudge | null {
  if (go.path === null) return null;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-judge-'));
  const child = spawn(buildJudge(go.path, folder), ['speed', ...files], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  return {
    version: execFileSync(go.path, ['env', 'GOVERSION'], { encoding: 'utf8' }).trim(),
    async read(file, runs) {
      child.stdin.write(`${file} ${runs}\n`);
      const [nanoseconds] = (await once(lines, 'line')) as [string];
      return Number(nanoseconds) / 1e6 / runs;
    },
    async stop() {
      child.stdin.end();
      await once(child, 'close');
      rmSync(folder, { recursive: true });
    },
  };
}
