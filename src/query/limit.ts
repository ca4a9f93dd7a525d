/** When something must end: at a time, or when one of several says so. */
export interface Limit {
  readonly signal: AbortSignal;
  /** Whether it was the time. */
  readonly timedOut: () => boolean;
  /** Lets go of the timer and of those who could say so. */
  end(): void;
}

/**
 * Makes one signal of a time and of others. `AbortSignal.any` does so too, but in Node 20 what it makes lives as long as the
 * longest-lived of those that it was made of.
 */
export function limitOf(timeoutMs: number, others: readonly AbortSignal[]): Limit {
  const controller = new AbortController();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = !controller.signal.aborted;
    controller.abort();
  }, timeoutMs);
  const undo = others.map((other) => {
    const abort = (): void => controller.abort(other.reason);
    if (other.aborted) abort();
    else other.addEventListener('abort', abort);
    return () => other.removeEventListener('abort', abort);
  });
  return {
    signal: controller.signal,
    timedOut: () => timedOut,
    end: () => {
      clearTimeout(timer);
      for (const step of undo) step();
    },
  };
}
