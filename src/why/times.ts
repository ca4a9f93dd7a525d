/** Unix time in milliseconds of a moment on the monotonic clock. */
export type UnixOf = (monotonicMs: number) => number;

/** Reads times of the monotonic clock as Unix times, as the system's clock is now. */
export function unixFrom(nowMs: number, monotonicNowMs: number): UnixOf {
  const ahead = nowMs - monotonicNowMs;
  return (monotonicMs) => monotonicMs + ahead;
}

/** A duration as a person reads it: `0.4 ms`, `12 s`, `4 min`, `3 h 20 min`, `2 days`. */
export function durationText(ms: number): string {
  if (ms < 10) return `${Number(ms.toFixed(1))} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Number((ms / 1_000).toFixed(1))} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48
    ? `${hours} h${minutes % 60 === 0 ? '' : ` ${minutes % 60} min`}`
    : `${Math.floor(hours / 24)} days`;
}
