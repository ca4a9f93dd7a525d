import { readFileSync } from 'node:fs';
import { FailureError } from './errors';

/** Open files for everything but peers: the store, exporters, the page and its readers. */
const OTHERS = 200;

/**
 * The number of files that this process may have open at a time; null if the system does not say. Node.js has
 * already raised it to the maximum.
 */
function openFilesLimit(): number | null {
  let text: string;
  try {
    text = readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return null;
  }
  const limit = /^Max open files\s+(\d+)/m.exec(text)?.[1];
  return limit === undefined ? null : Number(limit);
}

/**
 * Checks that as many sockets can be open as options ask for.
 * @param asked the options, such as `--peers 10000`
 * @throws FailureError that says how the limit is raised
 */
export function checkOpenFiles(sockets: number, asked: string, limit = openFilesLimit()): void {
  const needed = sockets + OTHERS;
  if (limit === null || needed <= limit) return;
  throw new FailureError(
    `${asked}: needs ${needed} open files and sockets, and this process may have ${limit}; ` +
      `raise the limit (ulimit -n ${needed}; of systemd LimitNOFILE=${needed}; of Docker --ulimit nofile=${needed}), ` +
      'or ask for fewer',
  );
}
