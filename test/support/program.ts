import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { promisify } from 'node:util';

/** What is run: the program as the build left it. */
export const BIN = path.join(__dirname, '..', '..', 'bin', 'btcdmon-node');

/** The program at work in a process of its own. */
export interface Program {
  readonly pid: number | undefined;
  /** What it has written to stderr, its log, so far. */
  readonly log: () => string;
  /** Where it has ended: how, and its log. A reason to wait no longer. */
  readonly ended: () => string | undefined;
  /** Tells it to stop, as a service manager does, and returns its exit status once it has. */
  stop(): Promise<number | null>;
  /** Ends it as a power cut does: SIGKILL. */
  kill(): Promise<void>;
}

/**
 * Runs btcdmon-node with these arguments, its home being `home`, by the command `under` that starts another
 * where given, with `env` beside its environment.
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
    env: { PATH: process.env['PATH'], HOME: home, BTCDMON_HTTP: 'off', ...env },
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const killOnExit = (): boolean => child.kill('SIGKILL');
  process.once('exit', killOnExit);
  return {
    pid: child.pid,
    log: () => log,
    ended: () => {
      if (child.exitCode === null && child.signalCode === null) return undefined;
      return `btcdmon-node ended with ${String(child.exitCode ?? child.signalCode)}:\n${log}`;
    },
    stop: async () => {
      child.kill('SIGTERM');
      const [status] = await exited;
      process.off('exit', killOnExit);
      return status;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
      process.off('exit', killOnExit);
    },
  };
}

/**
 * What btcdmon-node writes to stdout when it is run with these arguments, with `more` beside its environment.
 * @throws where it ends with another status than 0
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
