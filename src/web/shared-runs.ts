interface Run<T> {
  readonly result: Promise<T>;
  readonly abandoned: AbortController;
  waiting: number;
}

/**
 * Shares one run among all requests for the same thing at the same time; pages that are open side by side
 * request their panels together. The run continues until the last of them has left. Nothing is cached,
 * because a request after a block must include the block.
 */
export class SharedRuns<T> {
  private readonly runs = new Map<string, Run<T>>();

  /** @throws what `make` throws, or what `left` was aborted with */
  async get(key: string, left: AbortSignal, make: (abandoned: AbortSignal) => Promise<T>): Promise<T> {
    left.throwIfAborted();
    const run = this.runs.get(key) ?? this.begin(key, make);
    run.waiting++;
    const leave = (): void => {
      run.waiting--;
      if (run.waiting > 0) return;
      run.abandoned.abort(left.reason);
      // A later request starts a new run.
      if (this.runs.get(key) === run) this.runs.delete(key);
    };
    left.addEventListener('abort', leave, { once: true });
    try {
      const result = await run.result;
      left.throwIfAborted();
      return result;
    } finally {
      left.removeEventListener('abort', leave);
    }
  }

  private begin(key: string, make: (abandoned: AbortSignal) => Promise<T>): Run<T> {
    const abandoned = new AbortController();
    const result = make(abandoned.signal);
    const run = { result, abandoned, waiting: 0 };
    this.runs.set(key, run);
    const done = (): void => {
      if (this.runs.get(key) === run) this.runs.delete(key);
    };
    result.then(done, done);
    return run;
  }
}
