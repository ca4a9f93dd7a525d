import { open, readFile } from 'node:fs/promises';
import { readProblem } from '../lib/disk-errors';
import { FailureError } from '../lib/errors';
import { makeNewFile } from '../lib/new-file';
import { type FoundNode, nodeFromJson, nodeToJson } from './found-node';
import { type CrawlHead, headLine, headOf } from './journal';
import { parseRecords, recordLine } from './record-lines';

/** Numbers of a crawl. */
export interface CrawlCounts {
  /** Addresses that could be dialled, those that were left alone included. */
  readonly known: number;
  /** Addresses that were not visited, because the user excludes them. */
  readonly excluded: number;
  /** Tellings of addresses that were ignored, since a bound was reached. */
  readonly dropped: number;
  readonly tried: number;
}

/** A crawl that is complete. */
export interface Snapshot extends CrawlHead {
  readonly endedMs: number;
  readonly counts: CrawlCounts;
  /** The nodes that were reached. */
  readonly nodes: readonly FoundNode[];
}

const NO_COUNTS: CrawlCounts = { known: 0, excluded: 0, dropped: 0, tried: 0 };

/** Writes a snapshot as a file, which is whole or not there. @throws FailureError or UsageError */
export async function writeSnapshot(file: string, snapshot: Snapshot): Promise<void> {
  const { counts, endedMs, nodes } = snapshot;
  const lines = nodes.map((node) => recordLine({ node: nodeToJson(node) }));
  await makeNewFile(file, `crawl: ${file}`, async (temporary) => {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile([headLine(snapshot), ...lines, recordLine({ endedMs, counts })].join(''));
    } finally {
      await handle.close();
    }
  });
}

/**
 * Reads a snapshot. Damaged lines are left out.
 * @param warn gets a line where there are any
 * @throws FailureError where the file can't be read, or is no snapshot
 */
export async function readSnapshot(file: string, warn: (message: string) => void): Promise<Snapshot> {
  let text: string;
  try {
    text = await readFile(file, 'latin1');
  } catch (error) {
    throw new FailureError(`crawl: ${file} can't be read: ${readProblem(error)}`);
  }
  const { values, damaged, wholeBytes } = parseRecords(text);
  const head = headOf(values[0]);
  if (head === null)
    throw new FailureError(`crawl: ${file} is no snapshot of this version; name another file`);
  const lost = damaged + (wholeBytes < text.length ? 1 : 0);
  if (lost > 0) warn(`crawl: ${lost} lines of ${file} are damaged and left out`);
  const nodes = values.flatMap((value) => {
    const node = nodeFromJson((value as { readonly node?: unknown } | null)?.node);
    return node === null ? [] : [node];
  });
  const end = values.at(-1) as Partial<Pick<Snapshot, 'endedMs' | 'counts'>> | null;
  return {
    ...head,
    nodes,
    endedMs: Number.isSafeInteger(end?.endedMs) ? Number(end?.endedMs) : head.startedMs,
    counts: { ...NO_COUNTS, ...end?.counts },
  };
}
