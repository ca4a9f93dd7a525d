import { messageOf } from '../lib/errors';
import { type WriteResult, combined, confirmed } from '../metrics/write-result';
import { offsetOfLine, seriesOfLine } from './split-lines';

/** Some lines of a batch. */
export interface LineChunk {
  /** Line protocol, a newline behind each line. */
  readonly lines: Buffer;
  /** How many lines. */
  readonly points: number;
}

/** Requests that may fail before the first one succeeds; then the server is at fault, and not the lines. */
const MOST_FAILURES = 24;

/**
 * Finds the lines for which a server refuses a batch without saying so. A line is given up only if the server
 * takes another line, and refuses this one again after that. While it takes none, nothing is given up: then
 * the fault is the server's.
 */
export class BatchBisector {
  /** Single lines that failed before the server had taken any. */
  private readonly doubtful: LineChunk[] = [];
  private failures = 0;
  private hasTaken = false;

  constructor(
    /** Writes lines in one request. */
    private readonly send: (lines: LineChunk) => Promise<WriteResult>,
    /** Whether an error may be due to the lines; any other ends the attempt. */
    private readonly mayBlameLines: (error: unknown) => boolean,
    /**
     * A line that the server took before, and takes twice without harm; it shows what the server does where
     * all of a batch fails.
     */
    private readonly known: LineChunk | undefined,
  ) {}

  /**
   * Writes the parts of a batch that failed as a whole.
   * @throws `error`, with which it failed, where no part of it can be written either
   */
  async write(batch: LineChunk, error: unknown): Promise<WriteResult> {
    let result = await this.divide(batch, error);
    if (!(await this.takesLines())) throw error;
    for (const line of this.doubtful) result = combined(result, await this.again(line));
    return result;
  }

  private async part(lines: LineChunk): Promise<WriteResult> {
    try {
      const result = await this.send(lines);
      if (result.sent > 0) this.hasTaken = true;
      return result;
    } catch (error) {
      if (!this.mayBlameLines(error)) throw error;
      this.failures += 1;
      if (this.failures >= MOST_FAILURES && !(await this.takesLines())) throw error;
      return this.divide(lines, error);
    }
  }

  private async divide(lines: LineChunk, error: unknown): Promise<WriteResult> {
    if (lines.points > 1) {
      const [first, second] = halves(lines);
      return combined(await this.part(first), await this.part(second));
    }
    if (this.hasTaken) return refused(lines, error);
    this.doubtful.push(lines);
    return NOTHING;
  }

  private async takesLines(): Promise<boolean> {
    if (!this.hasTaken && this.known !== undefined) {
      const result = await this.send(this.known).catch(() => NOTHING);
      this.hasTaken = result.sent > 0;
    }
    return this.hasTaken;
  }

  private async again(line: LineChunk): Promise<WriteResult> {
    try {
      return await this.send(line);
    } catch (error) {
      if (!this.mayBlameLines(error)) throw error;
      return refused(line, error);
    }
  }
}

const NOTHING = confirmed(0);

function refused({ lines }: LineChunk, error: unknown): WriteResult {
  const reason = messageOf(error);
  return confirmed(0, `${seriesOfLine(lines)}: ${reason}`);
}

/** Two parts of several lines. */
export function halves({ lines, points }: LineChunk): readonly [LineChunk, LineChunk] {
  const half = points >> 1;
  const middle = offsetOfLine(lines, half);
  return [
    { lines: lines.subarray(0, middle), points: half },
    { lines: lines.subarray(middle), points: points - half },
  ];
}
