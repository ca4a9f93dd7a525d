import type { Log } from '../lib/log';

/** A program that runs, as its command ends it. */
export interface RunningProgram {
  /** Resolves when it has no reason to go on. Rejects with FailureError when it can't go on. */
  readonly ended: Promise<void>;
  /** Delivers points that wait and frees everything, within 5 seconds. */
  stop(): Promise<void>;
  /** Logs how many points are lost, where the program is killed because its end takes too long. */
  killed(): void;
}

/** The program that is ended by `stop`. @param outputs tells what is lost where it is killed */
export function runningProgram(
  { ended, stop }: Omit<RunningProgram, 'killed'>,
  { log, outputs }: { readonly log: Log; readonly outputs: Pick<RunningProgram, 'killed'> },
): RunningProgram {
  return {
    ended,
    stop: async () => {
      await stop();
      log.info('stopped');
    },
    killed: () => outputs.killed(),
  };
}

/**
 * The end of a program that comes from inside: the reader of its points has gone, or a part of it can't go
 * on.
 */
export class ProgramEnd {
  /** Resolves when the program has no reason to go on. Rejects where it can't go on. */
  readonly ended: Promise<void>;
  private resolve: () => void = () => undefined;
  private reject: (error: Error) => void = () => undefined;

  constructor() {
    this.ended = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Without this, an end that nobody waits for yet would be an unhandled rejection. A later waiter still
    // gets it.
    this.ended.catch(() => undefined);
  }

  end(): void {
    this.resolve();
  }

  fail(error: Error): void {
    this.reject(error);
  }
}
