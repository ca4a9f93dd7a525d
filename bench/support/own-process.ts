import { fork } from 'node:child_process';

/**
 * Runs a part of a bench in a process of its own, so that its memory is its own: the bench itself is started
 * again with the part's name, and `--expose-gc`. There it calls {@link partOf} and {@link finish}.
 */
export function runPart<Result>(file: string, part: string): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = fork(file, [part], { execArgv: [...process.execArgv, '--expose-gc'] });
    child.once('message', (result) => resolve(result as Result));
    child.once('exit', (code) => reject(new Error(`${part} ended with ${String(code)}`)));
  });
}

/** The name of the part that this process is to run; undefined in the process that was started first. */
export function partOf(): string | undefined {
  return process.send === undefined ? undefined : process.argv[2];
}

/** Hands the result of a part to the process that started it. */
export function finish(result: object): void {
  process.send?.(result);
}

/** Collects garbage; a part's process has the function for it. */
export function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error('node was started without --expose-gc');
  globalThis.gc();
}
