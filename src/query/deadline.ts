/** A deadline: a timeout, or another signal that comes first. */
export interface Deadline {
  /** Aborted with the error of `tooLate`, or with the reason of another signal. */
  readonly signal: AbortSignal;
  /** Releases the timer and the listeners on the other signals. */
  end(): void;
}

/**
 * Combines a timeout and other signals into one signal. `AbortSignal.any` does this too, but in Node 20 its
 * result lives as long as the longest-lived of its sources.
 */
export function deadlineOf(
  timeoutMs: number,
  tooLate: () => Error,
  others: readonly AbortSignal[],
): Deadline {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(tooLate()), timeoutMs).unref();
  const undo = others.map((other) => {
    const abort = (): void => controller.abort(other.reason);
    if (other.aborted) abort();
    else other.addEventListener('abort', abort);
    return () => other.removeEventListener('abort', abort);
  });
  return {
    signal: controller.signal,
    end: () => {
      clearTimeout(timer);
      for (const step of undo) step();
    },
  };
}
