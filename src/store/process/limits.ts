import { availableParallelism } from 'node:os';

/**
 * The most memory that the process of a store gets, in bytes: DuckDB's own limit of 1 GB, which it does not
 * apply to everything, and room for Node.js (95 MB when idle) and for what functions allocate beyond the
 * limit.
 */
const MEMORY_BYTES = 1_400_000_000;

/**
 * Bytes for each processor: DuckDB has a thread for each, whose stack of 8 MB counts as a whole, and its
 * caches.
 */
const THREAD_BYTES = 16_000_000;

/** The limit on this machine. */
export function memoryLimit(): number {
  return MEMORY_BYTES + availableParallelism() * THREAD_BYTES;
}
