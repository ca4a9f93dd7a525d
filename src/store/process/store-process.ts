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
  /** Path of the process's program; default the one that the build made. */
  readonly program?: string;
}

/**
 * A store in a process of its own, which writes it and answers questions about it: DuckDB lets either one
 * process write a file and answer, or several answer. Statements of strangers can crash DuckDB, take all the
 * memory that it gets, or go on for hours and not be interrupted. Then they end that process alone, and the
 * next one is there within a fraction of a second.
 *
 * A panel is answered within a second although a statement took the process down. Three parts keep that
 * promise together. `Heartbeat` finds a process that answers nothing and kills it: one without memory left
 * collects garbage for many seconds before it ends by itself. `SpareProcess` makes the next process fast: it
 * has loaded Node.js and DuckDB already, which is two thirds of the time until the store is open.
 * `RemoteQuestions` asks the panel again, which its visitor would have to do otherwise. None of them replaces
 * another.
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
    this.runner = new StoreRunner({ path: this.path, readOnly, program }, modules);
    const retries = new Retries();
    this.writer = new RemoteWriter(this.runner, retries);
    this.questions = new RemoteQuestions(this.runner, retries);
  }

  /** The columns of each table in their order. */
  get layout(): ReadonlyMap<string, readonly string[]> {
    return this.runner.layout;
  }

  /** Points that were stored and are lost, at least: their bytes were damaged. */
  get lost(): number {
    return this.runner.lost;
  }

  /** Identifies the process of this moment. */
  get pid(): number | undefined {
    return this.runner.pid;
  }

  /** Identifies the process that stands by while statements are asked. */
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
   * Stores points as one transaction; resolves when they are on disk. Where the process ends meanwhile they
   * are sent to the next one, which looks first whether they are stored.
   * @throws what the store says; the same points may be given again
   */
  async write(points: readonly Point[]): Promise<WriteResult> {
    const { groups, taken, rejection } = encodePoints(points);
    await this.writer.store(groups);
    return confirmed(taken, rejection);
  }

  /** Asks, and gives the parts of the answer. */
  ask(question: Question): AsyncGenerator<unknown, void> {
    return this.questions.ask(question);
  }

  /**
   * Has points rolled up from now on, also by later processes, and removed at the age of `keepMs`; never
   * where it is null.
   */
  retain(keepMs: number | null): void {
    this.runner.retain(keepMs);
  }

  /** Has the store closed and waits, a moment, until the process has ended; then it is killed. */
  close(): Promise<void> {
    return this.runner.close();
  }
}
