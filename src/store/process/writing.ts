/** What a process writes while DuckDB begins no transaction. */
export type Work = 'commit' | 'checkpoint';

/** Where {@link Writing} looks. */
export interface WritingModules {
  /** The marks of the store's files at this moment. */
  readonly marks: () => string;
  /** Whether the process waits for the disk at this moment. */
  readonly waitsForDisk: () => boolean;
}

/**
 * Whether a COMMIT or a checkpoint of another process waits for the disk. It does where it has begun to write
 * and has written since the last look, or a thread of the process waits for the disk. One that does neither
 * waits for a statement, or has not begun.
 */
export class Writing {
  /** The marks of the store's files before each work that runs. */
  private readonly before = new Map<Work, string>();
  private lastMarks: string | undefined;

  constructor(private readonly modules: WritingModules) {}

  /** Notes that a work begins; `marks` are those of the files before it. */
  begins(work: Work, marks: string): void {
    this.before.set(work, marks);
  }

  ends(work: Work): void {
    this.before.delete(work);
    this.lastMarks = undefined;
  }

  /** Looks; the caller does so at short intervals. */
  look(): boolean {
    if (this.before.size === 0) return false;
    const { lastMarks } = this;
    const marks = this.modules.marks();
    this.lastMarks = marks;
    if ([...this.before.values()].every((before) => before === marks)) return false;
    return marks !== lastMarks || this.modules.waitsForDisk();
  }
}
