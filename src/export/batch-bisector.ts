import { messageOf } from '../lib/errors';
import { type WriteResult, combined, confirmed } from '../metrics/write-result';
import { offsetOfLine, seriesOfLine } from './split-lines';

/** Lines of a batch. */
export interface LineChunk {
  /** Line protocol, a newline after each line. */
  readonly lines: Buffer;
  /** Number of lines. */
  readonly points: number;
}

/** If this many requests fail before the first one succeeds, the server is at fault, and not the lines. */
const MOST_FAILURES = 24;

/**
 * Finds the lines for which a server refuses a batch, if the server does not name them. A line is dropped
 * only if the server takes another line, and then refuses this one again. While the server takes no line,
 * none is dropped, because then the fault is the server's.
 */
export class BatchBisector {
  /** Single lines that failed before the server had taken a line. */
  private readonly doubtful: LineChunk[] = [];
  private failures = 0;
  private hasTaken = false;

  constructor(
    /** Sends lines in one request. */
    private readonly send: (lines: LineChunk) => Promise<WriteResult>,
    /** Whether the lines may be the reason for an error; any other error ends the attempt. */
    private readonly mayBlameLines: (error: unknown) => boolean,
    /**
     * A line that the server has stored before; storing it twice does no harm. If all lines of a batch fail,
     * it shows whether the server takes any line.
     */
    private readonly known: LineChunk | undefined,
  ) {}

  /**
   * Writes the parts of a batch that failed as a whole.
   * @throws `error`, the failure of the whole batch, if no part of it can be written either
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

/** Divides several lines into two parts. */
export function halves({ lines, points }: LineChunk): readonly [LineChunk, LineChunk] {
  const half = points >> 1;
  const middle = offsetOfLine(lines, half);
  return [
    { lines: lines.subarray(0, middle), points: half },
    { lines: lines.subarray(middle), points: points - half },
  ];
}
