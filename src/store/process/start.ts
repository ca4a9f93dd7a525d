import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import path from 'node:path';
import { childEnvironment } from '../../lib/child-environment';

/** Path of the built program of the process, both from here in src and in dist. */
export const PROGRAM = path.join(__dirname, '..', '..', '..', 'dist', 'store-child', 'main.js');

const SHELL = '/bin/sh';

/**
 * A young generation of 1 MB, one helper thread, and a heap that gives memory back early: each full
 * collection moves together what is alive, and drops code that did not run since the one before. In
 * alternation with the same batches, young generations of 1, 2 and 8 MB took 3.8 to 4.0 us of processor time
 * a point; two processes with 8 MB differed as much.
 */
const NODE_FLAGS = [
  '--max-semi-space-size=1',
  '--max-old-space-size=256',
  '--v8-pool-size=1',
  '--heap-growing-percent=30',
  '--compact-on-every-full-gc',
  '--bytecode-old-age=1',
];

/**
 * Threads that DuckDB's calls wait in: one for each question that is answered at once (`RUNNING` in
 * query/query-scheduler.ts, five together), one for the writer and one for the sign of life. With fewer of
 * them these would wait for the end of a statement. Node.js has four.
 */
const UV_THREADS = '7';

/** A process that was started, and the pipe to it. */
export interface StartedProcess {
  readonly child: ChildProcess;
  readonly pipe: Duplex;
  /** Whether the system enforces the limit; where not, the caller must watch its memory. */
  readonly isLimited: boolean;
}

/**
 * Starts `program`, the process of a store, with a limit of memory in bytes. On Linux a shell sets the limit
 * of its data (RLIMIT_DATA: private memory that can be written) before it becomes Node.js, and turns off core
 * dumps, which would have a gigabyte. An allocation beyond the limit fails, and the function that asked for
 * it fails with a message. A limit of addresses (RLIMIT_AS) would refuse the gigabytes that V8 reserves and
 * never uses. macOS has RLIMIT_DATA and does not heed it.
 */
export function startProcess(program: string, memoryBytes: number): StartedProcess {
  const isLimited = process.platform === 'linux' && existsSync(SHELL);
  const node = [process.execPath, ...NODE_FLAGS, program];
  const [command = '', ...args] = isLimited
    ? [
        SHELL,
        '-c',
        `ulimit -c 0; ulimit -d ${Math.floor(memoryBytes / 1024)} 2>/dev/null; exec "$0" "$@"`,
        ...node,
      ]
    : node;
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    env: {
      ...childEnvironment(),
      UV_THREADPOOL_SIZE: UV_THREADS,
    },
  });
  return { child, pipe: child.stdio[3] as Duplex, isLimited };
}
