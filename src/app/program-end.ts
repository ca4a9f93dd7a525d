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
