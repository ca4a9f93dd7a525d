import { fork } from 'node:child_process';

/**
 * Runs a part of a benchmark in a process of its own, so that its memory can be measured. The process runs
 * the same file with the part's name as argument and with `--expose-gc`. It calls {@link partOf} and {@link
 * finish}.
 */
export function runPart<Result>(file: string, part: string): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = fork(file, [part], { execArgv: [...process.execArgv, '--expose-gc'] });
    child.once('message', (result) => resolve(result as Result));
    child.once('exit', (code) => reject(new Error(`${part} ended with ${String(code)}`)));
  });
}

/** The name of the part that this process has to run; undefined in the process that the user started. */
export function partOf(): string | undefined {
  return process.send === undefined ? undefined : process.argv[2];
}

/** Sends the result of a part to the process that started it. */
export function finish(result: object): void {
  process.send?.(result);
}

/** Collects garbage. Works only in the process of a part. */
export function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error('node was started without --expose-gc');
  globalThis.gc();
}
