import { KIND, endOf, kindAt } from './entries';
import { startOf } from './scan';

/**
 * Removes markers of checkpoints that never finished from a whole log; null if there are none. DuckDB writes
 * a marker before a checkpoint. Commits during the checkpoint go into a second log, `<file>.wal.checkpoint`.
 * Entries follow a marker only if that checkpoint was interrupted, for example by a kill, and the next
 * process wrote to the log.
 *
 * DuckDB 1.5.5 and older then take the old marker for that of a later checkpoint. They refuse the store once,
 * or, after a kill during the recovery, lose the entries between the old marker and the second log. DuckDB
 * 1.5.6 refuses a log with two markers for good (DuckDB's `src/storage/wal_replay.cpp`, changed in its pull
 * request 24260).
 */
export function withoutOldMarkers(log: Buffer): Buffer | null {
  const parts: Buffer[] = [];
  let kept = 0;
  let from = startOf(log) ?? log.length;
  let hasMarker = false;
  for (let at = from; ;) {
    const end = endOf(log, at);
    // The end of the log, or a part of an entry, which DuckDB cuts off.
    if (end === null) break;
    const kind = kindAt(log, at);
    if (kind === KIND.checkpoint) hasMarker = true;
    at = end;
    if (kind !== KIND.flush) continue;
    // The last marker may be that of a checkpoint that the second log belongs to.
    if (hasMarker && end < log.length) {
      parts.push(log.subarray(kept, from));
      kept = end;
    }
    hasMarker = false;
    from = end;
  }
  return kept === 0 ? null : Buffer.concat([...parts, log.subarray(kept)]);
}
