/** A failing part is named in the log once in this time. */
const COMPLAINT_MS = 60_000;

/** Hears which part failed, and of what. */
export type Complain = (name: string, error: unknown) => void;

/** Runs actions of the part `name`: one that throws is named, once a minute, and does no further harm. */
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
