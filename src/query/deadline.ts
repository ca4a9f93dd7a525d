/** When something must end: at a time, or when one of several says so. */
export interface Deadline {
  /** Aborted with what `tooLate` made, or with the reason of whoever said so. */
  readonly signal: AbortSignal;
  /** Lets go of the timer and of those who could say so. */
  end(): void;
}

/**
 * Makes one signal of a time and of others. `AbortSignal.any` does so too, but in Node 20 what it makes lives as long as the
 * longest-lived of those that it was made of.
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
