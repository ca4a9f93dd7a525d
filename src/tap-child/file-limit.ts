import { readFileSync } from 'node:fs';

/** Descriptors that the process has besides its connections. */
const OTHER_FILES = 64;

/** The most connections, of two sockets each, that the system lets this process have; Infinity if unknown. */
export function connectionLimit(): number {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    return limit === undefined ? Infinity : Math.max(1, Math.floor((Number(limit) - OTHER_FILES) / 2));
  } catch {
    return Infinity;
  }
}
