import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { BIN } from './program';
import { findProgram, requirement } from './requires';
import { TestScreen } from './screen';
import { until } from './until';

/** Declares that a test file needs `script`, which runs a program on a terminal of its own. */
export const script = requirement(
  'script',
  // The one of the BSDs has other arguments.
  () => (process.platform === 'linux' ? findProgram('script') : null),
  'install util-linux (Debian: bsdutils, which every system has)',
);

/** The program, running on a terminal. */
export interface OnTerminal {
  readonly screen: TestScreen;
  /** Process id of the program itself. */
  pid(): Promise<number>;
  type(keys: string): void;
  /** Waits until the screen shows text that matches. */
  shows(what: string, pattern: RegExp): Promise<void>;
  /** Resolves with its exit status once it has ended. */
  ended(): Promise<number | null>;
  kill(): void;
}

/** The size and state of a terminal. */
export interface TerminalOptions {
  readonly width?: number;
  readonly height?: number;
  /** The terminal has 40 columns and 10 rows until there is a file `grow` in `home`. */
  readonly smallFirst?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs btcdmon-node on a terminal of this size. Its home is `home`. */
export function runOnTerminal(
  args: readonly string[],
  home: string,
  { width = 80, height = 24, smallFirst = false, env = {} }: TerminalOptions = {},
): OnTerminal {
  const pidFile = path.join(home, 'pid');
  const quoted = [process.execPath, BIN, ...args].map((word) => `'${word}'`).join(' ');
  const size = `stty cols ${width} rows ${height}`;
  const grow = `while [ ! -e '${path.join(home, 'grow')}' ]; do sleep 0.1; done; ${size} < /dev/tty`;
  const sized = smallFirst ? `stty cols 40 rows 10; (${grow}) &` : `${size};`;
  const command = `${sized} echo $$ > '${pidFile}'; exec ${quoted}`;
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], HOME: home, TERM: 'xterm', SHELL: '/bin/sh', ...env },
  });
  const screen = new TestScreen(width, height);
  let fault: Error | undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    try {
      screen.write(text);
    } catch (error) {
      fault ??= error as Error;
    }
  });
  // After its exit the rest of what it has shown may still be in the pipe.
  let hasEnded = false;
  const exited = (once(child, 'close') as Promise<[number | null]>).finally(() => (hasEnded = true));
  const check = (): string | undefined =>
    fault?.message ?? (hasEnded ? `it ended with ${child.exitCode ?? 'a signal'}` : undefined);
  return {
    screen,
    pid: async () => Number(await readFile(pidFile, 'utf8')),
    type: (keys) => void child.stdin.write(keys),
    shows: async (what, pattern) => {
      const giveUp = (): string | undefined => {
        const reason = check();
        return reason === undefined ? undefined : `${reason}\n${screen.lines().join('\n')}`;
      };
      await until(what, () => pattern.test(screen.lines().join('\n')), { giveUp }).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${screen.lines().join('\n')}`);
      });
    },
    ended: async () => {
      const [status] = await exited;
      if (fault !== undefined) throw fault;
      return status;
    },
    kill: () => void child.kill('SIGKILL'),
  };
}
