import type { FailureError } from '../lib/errors';

/**
 * The end of a program that comes from within: a reader of its points that went away, or a part that can't go
 * on.
 */
export class Ending {
  /** Resolves when going on makes no sense. Rejects where the program can't go on. */
  readonly ended: Promise<void>;
  private resolve: () => void = () => undefined;
  private reject: (error: FailureError) => void = () => undefined;

  constructor() {
    this.ended = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // An end before somebody waits for it is no unhandled rejection: whoever waits later hears of it.
    this.ended.catch(() => undefined);
  }

  end(): void {
    this.resolve();
  }

  fail(error: FailureError): void {
    this.reject(error);
  }
}
