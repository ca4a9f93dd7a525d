import { systemTimer } from '../lib/timer';

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
  timer = systemTimer,
): Deadline {
  const controller = new AbortController();
  const cancel = timer(timeoutMs, () => controller.abort(tooLate()));
  const undo = others.map((other) => {
    const abort = (): void => controller.abort(other.reason);
    if (other.aborted) abort();
    else other.addEventListener('abort', abort);
    return () => other.removeEventListener('abort', abort);
  });
  return {
    signal: controller.signal,
    end: () => {
      cancel();
      for (const step of undo) step();
    },
  };
}
