import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import path from 'node:path';

/** Where the build leaves the program of the process, seen from here in src as in dist. */
export const PROGRAM = path.join(__dirname, '..', '..', '..', 'dist', 'store-child', 'main.js');

const SHELL = '/bin/sh';

/**
 * A young generation of 2 MB, one helping thread, and a heap that gives memory back early. With the same
 * batches in alternation 1, 2 and 8 MB took 3.8 to 4.0 us of processor time a point, and two processes with 8
 * MB differed by as much.
 */
const NODE_FLAGS = [
  '--max-semi-space-size=2',
  '--max-old-space-size=256',
  '--v8-pool-size=1',
  '--heap-growing-percent=30',
];

/**
 * Threads that DuckDB's calls wait in: for each question that is answered at once (`RUNNING` in
 * query/asking.ts, five together), and one for the writer, which else would wait for a statement's end.
 * Node.js has four.
 */
const UV_THREADS = '6';

/** What the process needs of the environment: nothing that is a secret of this program or of others. */
const ENVIRONMENT = /^(PATH|HOME|TMPDIR|TZ|LANG|LC_\w+|LD_\w+|DYLD_\w+|FAKETIME\w*)$/;

/**
 * One arena of glibc's allocator for all threads: with one for each, what they free stays with it. An idle
 * process then has 5 MB less. DuckDB's data is in its own allocator.
 */
const ONE_ARENA = { MALLOC_ARENA_MAX: '1' };

/** A process that was started, and the pipe over which it is spoken to. */
export interface StartedProcess {
  readonly child: ChildProcess;
  readonly pipe: Duplex;
  /** Whether the system holds the process to the limit; where not, somebody has to watch it. */
  readonly isLimited: boolean;
}

/**
 * Starts `program`, the process of a store, with a limit of memory in bytes. On Linux a shell sets the limit
 * of its data (RLIMIT_DATA: private memory that can be written) before it becomes Node.js, and that no image
 * of a gigabyte is written where it crashes: what goes beyond it is refused to the function that asks for it,
 * which fails with a message. A limit of addresses (RLIMIT_AS) would refuse the gigabytes that V8 reserves
 * and never uses. macOS has RLIMIT_DATA and does not heed it.
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
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => ENVIRONMENT.test(name))),
      ...ONE_ARENA,
      UV_THREADPOOL_SIZE: UV_THREADS,
    },
  });
  return { child, pipe: child.stdio[3] as Duplex, isLimited };
}
