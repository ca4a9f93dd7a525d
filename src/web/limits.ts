import { busy } from './http-error';

/** Time limit of a query whose answer is shown, in milliseconds. */
export const QUERY_MS = 15_000;

/** Time limit of a download until its last row, in milliseconds. */
export const DOWNLOAD_MS = 60_000;

/** Most rows of an answer that is shown; further rows are cut off. */
export const MAX_ROWS = 50_000;

/** Most bytes of the rows of an answer that is shown; further rows are cut off. */
export const MAX_BYTES = 16_000_000;

/** Most rows of a download. */
export const MAX_DOWNLOAD_ROWS = 5_000_000;

/** Largest body of a query, in bytes. */
export const MAX_QUESTION_BYTES = 64_000;

/** Most memory for answers that slow readers have not taken yet, in bytes. */
const MAX_HELD_BYTES = 64_000_000;

/** Limits the total memory of answers. */
export class AnswerMemory {
  private bytes = 0;

  /**
   * Reserves memory for an answer until the returned function is called.
   * @throws HttpError 503 if other answers use too much
   */
  take(bytes: number): () => void {
    if (this.bytes + bytes > MAX_HELD_BYTES) throw busy('too many large answers at once; try again later');
    this.bytes += bytes;
    return () => (this.bytes -= bytes);
  }
}
