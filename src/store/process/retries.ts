/** How often points are sent, and questions asked, again whose process ended meanwhile. */
export const MAX_TRIES = 4;

/** What is being sent or asked again, since the process that had it ended. */
export class Retries {
  private readonly running = new Set<Promise<unknown>>();

  /** Notes that something is tried again, until what is returned is called. */
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
