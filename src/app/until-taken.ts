import { setTimeout as sleep } from 'node:timers/promises';
import type { PointQueue } from '../export/point-queue';

/** Reading waits while more points than these wait for an exporter. */
const MAX_QUEUED = 50_000;

/** Milliseconds between two looks at the points that wait. */
const LOOK_MS = 20;

/**
 * Waits while more than `most` points wait for an exporter. So points that come faster than they are written
 * are not lost.
 */
export async function untilTaken(
  queues: readonly PointQueue[],
  signal: AbortSignal,
  most = MAX_QUEUED,
): Promise<void> {
  while (!signal.aborted && queues.some((queue) => queue.stats().queued > most)) await sleep(LOOK_MS);
}
