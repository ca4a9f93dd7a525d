import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { diskProblem } from '../lib/disk-errors';
import { FailureError } from '../lib/errors';
import { makeFolder } from '../lib/make-folder';
import type { NetworkName } from '../wire/networks';
import { type CrawlHead, type ReadJournal, readJournal } from './journal';
import { readSnapshot, type Snapshot, writeSnapshot } from './snapshot';

/** The snapshots that are kept: those of four days, with one an hour. */
const MAX_SNAPSHOTS = 100;

/** A crawl that was interrupted longer ago than this shows another network, and is begun anew. */
const RESUME_MS = 6 * 3_600_000;

const SNAPSHOT = /^(\d{8}T\d{6}\.\d{3}Z)\.crawl$/;
const JOURNAL = /^\d{8}T\d{6}\.\d{3}Z\.journal$/;

/** A crawl that was interrupted. */
export interface Interrupted {
  readonly file: string;
  readonly journal: ReadJournal;
}

/**
 * The folder with the crawls of one network, in the data directory: a snapshot of each that is complete, and
 * the journal of one that is not. Each is named after the time when the crawl began.
 */
export class CrawlFolder {
  readonly folder: string;

  constructor(
    dataDir: string,
    readonly network: NetworkName,
  ) {
    this.folder = path.join(dataDir, `crawl-${network}`);
  }

  /** Makes the folder. @throws FailureError */
  async make(): Promise<void> {
    try {
      await makeFolder(this.folder, 0o700);
    } catch (error) {
      throw new FailureError(`crawl: ${this.folder} can't be made: ${diskProblem(error)}`);
    }
  }

  /** The names of the snapshots, the oldest first. */
  async names(): Promise<readonly string[]> {
    const names = await readdir(this.folder).catch((): string[] => []);
    return names.flatMap((name) => SNAPSHOT.exec(name)?.[1] ?? []).sort();
  }

  /** Path of the journal of a crawl. */
  journalOf({ startedMs }: Pick<CrawlHead, 'startedMs'>): string {
    return path.join(this.folder, `${nameOf(startedMs)}.journal`);
  }

  /** Path of the snapshot of a name. */
  fileOf(name: string): string {
    return path.join(this.folder, `${name}.crawl`);
  }

  /** The newest snapshot; null without any that can be read. */
  async newest(warn: (message: string) => void): Promise<Snapshot | null> {
    const name = (await this.names()).at(-1);
    if (name === undefined) return null;
    return readSnapshot(this.fileOf(name), warn).catch((error: unknown) => {
      warn((error as Error).message);
      return null;
    });
  }

  /**
   * The interrupted crawl, if one is recent enough to be continued. Others are removed, with a warning.
   * @param nowMs Unix milliseconds
   */
  async interrupted(nowMs: number, warn: (message: string) => void): Promise<Interrupted | null> {
    const names = (await readdir(this.folder).catch((): string[] => [])).filter((name) => JOURNAL.test(name));
    const complete = await this.names();
    let newest: Interrupted | null = null;
    for (const name of names.sort().reverse()) {
      const file = path.join(this.folder, name);
      // It was killed between the two: there is a snapshot already.
      const isComplete = complete.includes(name.replace('.journal', ''));
      const isWanted: boolean = newest === null && !isComplete;
      const journal: ReadJournal | null = isWanted ? await readJournal(file).catch(() => null) : null;
      const isFresh = journal !== null && Math.abs(nowMs - journal.head.startedMs) < RESUME_MS;
      if (isFresh && journal.head.network === this.network) newest = { file, journal };
      else {
        if (isWanted) warn(`crawl: ${file} is too old or damaged to be continued; a new crawl begins`);
        await rm(file, { force: true });
      }
    }
    return newest;
  }

  /** Keeps a snapshot, and removes the oldest ones beyond a hundred. @throws FailureError */
  async keep(snapshot: Snapshot): Promise<void> {
    const file = this.fileOf(nameOf(snapshot.startedMs));
    await rm(file, { force: true });
    await writeSnapshot(file, snapshot);
    const names = await this.names();
    for (const name of names.slice(0, Math.max(0, names.length - MAX_SNAPSHOTS)))
      await rm(this.fileOf(name), { force: true });
  }
}

/** The name of a crawl: the millisecond in which it began, in UTC. */
export function nameOf(startedMs: number): string {
  return new Date(startedMs).toISOString().replace(/[-:]/g, '');
}
