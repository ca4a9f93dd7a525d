import { availableParallelism } from 'node:os';

/**
 * The most memory in bytes that the process of a store gets: DuckDB's own limit of 1 GB, which it does not
 * apply to everything, and room for Node.js (95 MB when it has nothing to do) and what functions make beside
 * it.
 */
const MEMORY_BYTES = 1_400_000_000;

/** Each processor is a thread of DuckDB, whose stack of 8 MB counts as a whole, and its caches. */
const THREAD_BYTES = 16_000_000;

/** The limit on this machine. */
export function memoryLimit(): number {
  return MEMORY_BYTES + availableParallelism() * THREAD_BYTES;
}
