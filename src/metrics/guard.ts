/** A failing part is logged at most once within this time. */
const COMPLAINT_MS = 60_000;

/** Receives the name of a part that failed, and the error. */
export type Complain = (name: string, error: unknown) => void;

/** Runs an action, or one with its payload. */
export interface Guard {
  (action: () => void): void;
  <T>(action: (payload: T) => void, payload: T): void;
}

/**
 * Runs actions of the part `name`. If one throws, that is reported at most once a minute and does no further
 * harm.
 */
export function guard(name: string, complain: Complain): Guard {
  let last = -Infinity;
  return (action: (payload?: unknown) => void, payload?: unknown) => {
    try {
      action(payload);
    } catch (error) {
      if (performance.now() - last < COMPLAINT_MS) return;
      last = performance.now();
      complain(name, error);
    }
  };
}
