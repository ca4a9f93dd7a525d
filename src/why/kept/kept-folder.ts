import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { diskProblem } from '../../lib/disk-errors';
import { BtcdmonError, FailureError, messageOf } from '../../lib/errors';
import { lockFolder } from '../../lib/lock-folder';
import { makeFolder } from '../../lib/make-folder';
import type { Chunk } from '../chunk-ring';
import { type ChunkSummary, KeptPart } from './kept-part';
import { readSegmentName, type SegmentFile } from './kept-segment';

export interface KeptFolderModules {
  readonly monotonicMs: () => number;
  /** Unix time in milliseconds. */
  readonly nowMs: () => number;
  readonly warn: (message: string) => void;
}

/** The folder where a node keeps what no longer fits into the memory of `--why`. One process has it. */
export class KeptFolder {
  private hasWarned = false;
  /** The parts whose last chunk could not be written. */
  private readonly failing = new Set<string>();
  private readonly runMs: number;
  /** The runs that left something, by when they began. */
  private readonly runs: Map<number, number>;

  private constructor(
    private readonly folder: string,
    private readonly files: readonly SegmentFile[],
    private readonly unlock: () => Promise<void>,
    private readonly modules: KeptFolderModules,
  ) {
    this.runMs = modules.nowMs();
    this.runs = new Map([[this.runMs, 0]]);
  }

  /**
   * Opens a folder, and makes it where it is missing.
   * @throws FailureError where it can't be used
   */
  static async open(folder: string, modules: KeptFolderModules): Promise<KeptFolder> {
    try {
      await makeFolder(folder, 0o700);
      const unlock = await lockFolder(path.join(folder, 'lock'), folder);
      const files = (await readdir(folder)).flatMap((name) => readSegmentName(name) ?? []);
      return new KeptFolder(folder, files, unlock, modules);
    } catch (error) {
      const why = error instanceof BtcdmonError ? messageOf(error) : `${folder}: ${diskProblem(error)}`;
      throw new FailureError(`--why remembers in memory alone: ${why}`);
    }
  }

  /** Opens the files of a log. */
  part(name: string, maxBytes: number, summaryOf: (chunk: Chunk) => ChunkSummary): KeptPart {
    const { folder, runMs, modules } = this;
    const numbers = new Set(this.files.flatMap((file) => (file.part === name ? [file.number] : [])));
    return new KeptPart(
      {
        ...{ folder, name, maxBytes, runMs, monotonicMs: modules.monotonicMs, nowMs: modules.nowMs },
        numbers: [...numbers].sort((a, b) => a - b),
        runOf: (began) => this.runOf(began),
        wrote: () => void this.failing.delete(name),
        failed: (error) => this.warnOfFailure(name, error),
        damaged: () => this.warnOfDamage(),
      },
      summaryOf,
    );
  }

  close(): Promise<void> {
    return this.unlock();
  }

  private runOf(began: number): number {
    const run = this.runs.get(began) ?? this.runs.size;
    this.runs.set(began, run);
    return run;
  }

  /** Warns once until all can be written again. */
  private warnOfFailure(name: string, error: unknown): void {
    const isFirst = this.failing.size === 0;
    this.failing.add(name);
    if (isFirst)
      this.modules.warn(
        `--why: ${this.folder} can't be written, so what memory no longer holds is forgotten: ${diskProblem(error)}`,
      );
  }

  private warnOfDamage(): void {
    if (this.hasWarned) return;
    this.hasWarned = true;
    this.modules.warn(`--why: files of ${this.folder} are damaged; what can't be read is left out`);
  }
}
