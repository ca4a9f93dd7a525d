import { readdir } from 'node:fs/promises';
import path from 'node:path';

/** Names of the files of a recording: when the run began, and the number of the file in it. */
const NAME = /^frames-(\d{8}T\d{9}Z)-(\d{6,})\.gz$/;

/** A file of a recording. */
export interface RecordFile {
  readonly path: string;
  /** The beginning of its run, from its name. */
  readonly run: string;
  /** Its number in the run, from 1. */
  readonly number: number;
}

/** The text for a run in names of files, which sort by time. */
export function runName(startedMs: number): string {
  return new Date(startedMs).toISOString().replace(/[-:.]/g, '');
}

export function fileName(run: string, number: number): string {
  return `frames-${run}-${String(number).padStart(6, '0')}.gz`;
}

/** The files of the recordings in a folder, in the order in which they were written. */
export async function recordFiles(directory: string): Promise<RecordFile[]> {
  // Opening anything but a file may wait forever.
  const entries = (await readdir(directory, { withFileTypes: true })).filter((entry) => entry.isFile());
  const files = entries.flatMap(({ name }): RecordFile[] => {
    const [, run, number] = NAME.exec(name) ?? [];
    if (run === undefined || number === undefined) return [];
    return [{ path: path.join(directory, name), run, number: Number(number) }];
  });
  return files.sort((a, b) => (a.run === b.run ? a.number - b.number : a.run < b.run ? -1 : 1));
}
