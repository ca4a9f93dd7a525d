/** A failing part is logged at most once within this time. */
const COMPLAINT_MS = 60_000;

/** Receives the name of a part that failed, and the error. */
export type Complain = (name: string, error: unknown) => void;

/**
 * Runs actions of the part `name`. If one throws, that is reported at most once a minute and does no further
 * harm.
 */
export function guard(name: string, complain: Complain): (action: () => void) => void {
  let last = -Infinity;
  return (action) => {
    try {
      action();
    } catch (error) {
      if (performance.now() - last < COMPLAINT_MS) return;
      last = performance.now();
      complain(name, error);
    }
  };
}
