import { busy } from './http-error';

/** Milliseconds that a query may take whose answer is shown. */
export const QUERY_MS = 15_000;

/** Milliseconds until the last row of a download. */
export const DOWNLOAD_MS = 60_000;

/** Most rows of an answer that is shown; the rest is cut off. */
export const MAX_ROWS = 50_000;

/** Most bytes of its rows, likewise. */
export const MAX_BYTES = 16_000_000;

/** Most rows of a download. */
export const MAX_DOWNLOAD_ROWS = 5_000_000;

/** Bytes of the longest question. */
export const MAX_QUESTION_BYTES = 64_000;

/** Answers in memory that slow readers have not taken yet, in bytes all together. */
const MAX_HELD_BYTES = 64_000_000;

/** Bounds what answers in memory take together. */
export class AnswerMemory {
  private bytes = 0;

  /**
   * Notes an answer until what is returned is called.
   * @throws HttpError 503 where others hold too much
   */
  take(bytes: number): () => void {
    if (this.bytes + bytes > MAX_HELD_BYTES) throw busy('too many large answers at once; try again later');
    this.bytes += bytes;
    return () => (this.bytes -= bytes);
  }
}
