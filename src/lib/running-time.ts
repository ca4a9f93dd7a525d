/** How often it is looked how much time has passed, in milliseconds. */
const LOOK_MS = 20;

/** What a running time is measured by. */
interface RunningTimeSource {
  readonly monotonicMs: () => number;
  /** Processor time that this process has used, in milliseconds. */
  readonly processorMs: () => number;
}

const SYSTEM: RunningTimeSource = {
  monotonicMs: () => performance.now(),
  processorMs: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
};

/** How a running time is waited for. */
interface RunningTimeOptions {
  /** Whether the waiting keeps the program running; default yes. */
  readonly holds?: boolean;
  /** Default the system's. */
  readonly source?: RunningTimeSource;
}

/**
 * Calls `action` once, after `ms` milliseconds in which this process could run, and returns a function that
 * cancels it. On a machine that is too busy a process stands still for seconds, and then a deadline would be
 * over though nothing was done until it. So between two looks no more time counts than the look was to take
 * and the process has used of a processor.
 */
export function afterRunning(
  ms: number,
  action: () => void,
  { holds = true, source: { monotonicMs, processorMs } = SYSTEM }: RunningTimeOptions = {},
): () => void {
  const lookMs = Math.max(1, Math.min(LOOK_MS, ms));
  const now = (): { readonly atMs: number; readonly usedMs: number } => ({
    atMs: monotonicMs(),
    usedMs: processorMs(),
  });
  let last = now();
  let left = ms;
  const timer = setInterval(() => {
    const { atMs, usedMs } = now();
    left -= Math.min(atMs - last.atMs, lookMs + usedMs - last.usedMs);
    last = { atMs, usedMs };
    if (left > 0) return;
    clearInterval(timer);
    action();
  }, lookMs);
  if (!holds) timer.unref();
  return () => clearInterval(timer);
}
