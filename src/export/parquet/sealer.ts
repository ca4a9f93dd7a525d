import { open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { makeFolder } from '../../lib/make-folder';
import { SERIES_NAMES, type SeriesName } from '../../metrics/schema';
import { quote } from '../../store/quote';
import type { Store } from '../../store/store';
import { fileName } from './names';

/**
 * Table of the staging file. It lists files that are complete and whose points have left their tables, but
 * that still have their temporary names.
 */
const PENDING = 'btcdmon_parquet';

/** Suffix of files that are being written; `*.parquet` does not match them. */
const TEMPORARY = '.tmp';

/**
 * Moves points from the staging tables into Parquet files, one series and hour at a time. First the file is
 * written with a temporary name. Then one transaction deletes its points from the table and notes the final
 * name. Then the file is renamed. `recover` finishes or undoes steps that were cut short.
 */
export class Sealer {
  private stopped = false;

  constructor(
    private readonly options: { readonly directory: string },
    private readonly modules: {
      /** Holds the store, which it may open again. */
      readonly holder: { readonly store: Store };
      readonly warn: (message: string) => void;
    },
  ) {}

  /** Ends a running `seal` after its current file. Later calls are not affected. */
  stop(): void {
    this.stopped = true;
  }

  /**
   * Renames the files whose points are in no table any more, and removes files that were never finished.
   */
  async recover(): Promise<void> {
    await this.connected(async (connection) => {
      await connection.run(`CREATE TABLE IF NOT EXISTS ${PENDING} (series VARCHAR, name VARCHAR)`);
      await this.namePending(connection);
    });
    for (const series of SERIES_NAMES)
      for (const name of await this.filesOf(series))
        if (name.endsWith(TEMPORARY)) await rm(path.join(this.folderOf(series), name));
  }

  /**
   * Seals the hours that end before `beforeMs` (Unix time), or all hours where it is null, as long as
   * `mayGoOn` returns true.
   */
  async seal(beforeMs: number | null, mayGoOn: () => boolean): Promise<void> {
    this.stopped = false;
    await this.connected(async (connection) => {
      // A file may still lack its name because the last renaming failed.
      await this.namePending(connection);
      const { layout } = this.modules.holder.store;
      for (const series of SERIES_NAMES.filter((name) => layout.has(name)))
        for (const hour of await stagedHours(connection, series)) {
          if (beforeMs !== null && (hour + 1) * 3_600_000 > beforeMs) continue;
          if (this.stopped || !mayGoOn()) return;
          // Sorting an hour needs more memory than the writer has.
          const takeBack = await this.modules.holder.store.lendMemory();
          try {
            await this.sealHour(connection, series, hour);
          } finally {
            await takeBack();
          }
        }
    });
  }

  private async sealHour(connection: DuckDBConnection, series: SeriesName, hour: number): Promise<void> {
    const folder = this.folderOf(series);
    await makeFolder(folder);
    const name = fileName(hour, new Set(await this.filesOf(series)));
    const temporary = path.join(folder, name + TEMPORARY);
    const from = BigInt(hour) * 3_600_000_000_000n;
    const rows = `FROM ${quote(series)} WHERE time >= make_timestamp_ns(${from}) AND time < make_timestamp_ns(${from + 3_600_000_000_000n})`;
    let written = false;
    try {
      // Both statements see the points that existed when the transaction began, and no later ones.
      await connection.run('BEGIN');
      await connection.run(
        `COPY (SELECT * ${rows} ORDER BY time) TO '${temporary.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)`,
      );
      for (const part of [temporary, folder, this.options.directory]) await sync(part);
      await connection.run(`DELETE ${rows}`);
      await connection.run(`INSERT INTO ${PENDING} VALUES ($1, $2)`, [series, name]);
      written = true;
      await connection.run('COMMIT');
    } catch (error) {
      await connection.run('ROLLBACK').catch(() => undefined);
      // Only the table shows whether a failed COMMIT has committed, so the file stays until the table was
      // read.
      if (!written) await rm(temporary, { force: true });
      throw error;
    }
    await this.namePending(connection);
  }

  private async namePending(connection: DuckDBConnection): Promise<void> {
    const reader = await connection.runAndReadAll(`SELECT series, name FROM ${PENDING}`);
    for (const [series = '', name = ''] of reader.getRows() as string[][]) {
      const folder = path.join(this.options.directory, series);
      const files = await filesIn(folder);
      if (files.includes(name + TEMPORARY))
        await rename(path.join(folder, name + TEMPORARY), path.join(folder, name));
      else if (!files.includes(name))
        this.modules.warn(
          `parquet: ${path.join(folder, name)} was written and is missing: somebody has removed it`,
        );
      if (files.length > 0) await sync(folder);
      await connection.run(`DELETE FROM ${PENDING} WHERE series = $1 AND name = $2`, [series, name]);
    }
  }

  private folderOf(series: SeriesName): string {
    return path.join(this.options.directory, series);
  }

  private filesOf(series: SeriesName): Promise<string[]> {
    return filesIn(this.folderOf(series));
  }

  private async connected(work: (connection: DuckDBConnection) => Promise<void>): Promise<void> {
    const connection = await this.modules.holder.store.connect();
    try {
      await work(connection);
    } finally {
      connection.closeSync();
    }
  }
}

/**
 * Names of the files in a folder; none if the folder is missing or is a file. Any other failure is thrown:
 * otherwise an existing file that can't be seen would be replaced by a second one.
 */
async function filesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}

/** Hours since the Unix epoch for which a series has points, in ascending order. */
async function stagedHours(connection: DuckDBConnection, series: SeriesName): Promise<readonly number[]> {
  const reader = await connection.runAndReadAll(
    `SELECT DISTINCT epoch_ns(time) // 3600000000000 AS hour FROM ${quote(series)} ORDER BY hour`,
  );
  return reader.getRows().map(([hour]) => Number(hour));
}

/** Makes sure that a file or a folder's names survive a power cut. */
async function sync(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
