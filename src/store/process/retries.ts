/** How often a write or a question is tried if its process ends before it has replied. */
export const MAX_TRIES = 4;

/** The writes and questions that are being tried again, because their process ended. */
export class Retries {
  private readonly running = new Set<Promise<unknown>>();

  /** Notes that something is tried again. The caller calls the returned function when that is over. */
  begin(): () => void {
    let done = (): void => undefined;
    const trying = new Promise<void>((resolve) => (done = resolve));
    this.running.add(trying);
    return () => {
      this.running.delete(trying);
      done();
    };
  }

  /** Resolves once nothing is being tried again. */
  async ended(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }
}
