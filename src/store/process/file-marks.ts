import { statSync } from 'node:fs';

/**
 * Sizes and times of change of a store's file and of its log, as one text: where it differs from an earlier
 * one, DuckDB has written.
 */
export function fileMarks(file: string): string {
  return [file, `${file}.wal`].map(markOf).join(' ');
}

function markOf(file: string): string {
  try {
    const { size, mtimeNs } = statSync(file, { bigint: true });
    return `${size}:${mtimeNs}`;
  } catch {
    // There is no log after a checkpoint.
    return '-';
  }
}
