import path from 'node:path';
import type { Point } from '../../metrics/point';
import { type WriteResult, confirmed } from '../../metrics/write-result';
import { encodePoints } from '../encode';
import { type Question, RemoteQuestions } from './remote-questions';
import { RemoteWriter } from './remote-writer';
import { Retries } from './retries';
import { type RunnerModules, StoreRunner } from './runner';
import { PROGRAM } from './start';

/** How a store is opened. */
export interface StoreProcessOptions {
  readonly path: string;
  readonly readOnly?: boolean;
  /** Path of the process's program. Default: the built one. */
  readonly program?: string;
}

/**
 * A store in a process of its own, which writes the store and answers questions about it. One process does
 * both, because DuckDB lets either one process write and read a file, or several processes read it.
 * Statements of strangers can crash DuckDB, use up its memory, or run for hours without a way to interrupt
 * them. Such a statement ends that process only, and the next process is ready within a fraction of a second.
 *
 * A panel is answered within a second even if a statement ends the process. Three parts make that possible,
 * and each of them is needed. `Heartbeat` detects a process that does not answer and kills it: a process
 * without free memory would collect garbage for many seconds before it ends by itself. `SpareProcess` makes
 * the next process start fast: it has loaded Node.js and DuckDB already, which is two thirds of the time
 * until the store is open. `RemoteQuestions` asks the panel again, so that the visitor does not have to.
 */
export class StoreProcess {
  /** Absolute. */
  readonly path: string;
  private readonly runner: StoreRunner;
  private readonly writer: RemoteWriter;
  private readonly questions: RemoteQuestions;

  constructor(
    { path: file, readOnly = false, program = PROGRAM }: StoreProcessOptions,
    modules: RunnerModules,
  ) {
    this.path = path.resolve(file);
    const retries = new Retries();
    this.runner = new StoreRunner({ path: this.path, readOnly, program }, modules, retries);
    this.writer = new RemoteWriter(this.runner, retries);
    this.questions = new RemoteQuestions(this.runner, retries);
  }

  /** The series that lack columns, in a store that is only read. */
  get outdated(): readonly string[] {
    return this.runner.outdated;
  }

  /** The least number of stored points that are lost, because their bytes were damaged. */
  get lost(): number {
    return this.runner.lost;
  }

  /** The id of the current process. */
  get pid(): number | undefined {
    return this.runner.pid;
  }

  /** The id of the spare process. */
  get sparePid(): number | undefined {
    return this.runner.sparePid;
  }

  /**
   * Starts the process.
   * @throws FailureError where it can't open the store
   */
  open(): Promise<void> {
    return this.runner.open();
  }

  /**
   * Stores points as one transaction. Resolves when they are on disk. If the process ends before that, the
   * next process gets the points. It first checks whether they are stored.
   * @throws the store's error; the caller may pass the same points again
   */
  async write(points: readonly Point[]): Promise<WriteResult> {
    const { groups, taken, rejection } = encodePoints(points);
    await this.writer.store(groups);
    return confirmed(taken, rejection);
  }

  /** Asks a question and yields the parts of the answer. */
  ask(question: Question): AsyncGenerator<unknown, void> {
    return this.questions.ask(question);
  }

  /**
   * Starts to roll up points, and to remove them at the age of `keepMs`; null means never. Later processes
   * continue it.
   */
  retain(keepMs: number | null): void {
    this.runner.retain(keepMs);
  }

  /** Closes the store and waits until the process has ended. A process that takes too long is killed. */
  close(): Promise<void> {
    return this.runner.close();
  }
}
