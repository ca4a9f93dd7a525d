import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { promisify } from 'node:util';
import { familyOf, hasEnded } from './proc';
import { until } from './until';

/** The program, which runs the code of the last build. */
export const BIN = path.join(__dirname, '..', '..', 'bin', 'btcdmon-node');

/** The running program in a process of its own. */
export interface Program {
  readonly pid: number | undefined;
  /** Its log so far: what it has written to stderr. */
  readonly log: () => string;
  /** How it has ended, and its whole log; undefined while it runs. A reason to stop waiting. */
  readonly ended: () => string | undefined;
  /** Tells it to stop (SIGTERM), like a service manager. Returns its exit status once its log is whole. */
  stop(): Promise<number | null>;
  /** Ends it like a power cut: SIGKILL. Resolves once the processes that it started have ended as well. */
  kill(): Promise<void>;
}

/**
 * Runs btcdmon-node with these arguments. Its home is `home`. `under` is a command that starts another one,
 * if it is given; `env` is added to its environment.
 */
export function runProgram(
  args: readonly string[],
  home: string,
  under: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Program {
  const [command = process.execPath, ...rest] = [...under, process.execPath, BIN, ...args];
  const child = spawn(command, rest, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...{ PATH: process.env['PATH'], HOME: home, BTCDMON_HTTP: 'off' },
      // Fake peers, and counts of a recorder, are of the plain transport. A flag asks for another one.
      ...{ BTCDMON_TRANSPORT: 'v1', ...env },
    },
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  // After its exit the rest of its log may still be in the pipe.
  let isClosed = false;
  const ended = (once(child, 'close') as Promise<[number | null]>).finally(() => (isClosed = true));
  const killOnExit = (): boolean => child.kill('SIGKILL');
  process.once('exit', killOnExit);
  return {
    pid: child.pid,
    log: () => log,
    ended: () => {
      if (!isClosed) return undefined;
      return `btcdmon-node ended with ${String(child.exitCode ?? child.signalCode)}:\n${log}`;
    },
    stop: async () => {
      child.kill('SIGTERM');
      const [status] = await ended;
      process.off('exit', killOnExit);
      return status;
    },
    kill: async () => {
      const family = familyOf(child.pid);
      child.kill('SIGKILL');
      await ended;
      process.off('exit', killOnExit);
      // That of the store ends by itself, and has its files open until then.
      await until('the end of all that it started', () => family.every(hasEnded));
    },
  };
}

/**
 * Runs btcdmon-node with these arguments and returns what it writes to stdout. `more` is added to its
 * environment.
 * @throws Error where its exit status is not 0
 */
export async function outputOf(
  args: readonly string[],
  home: string,
  more: NodeJS.ProcessEnv = {},
): Promise<string> {
  const env = { PATH: process.env['PATH'], HOME: home, ...more };
  const { stdout } = await promisify(execFile)(process.execPath, [BIN, ...args], { env });
  return stdout;
}
