/**
 * The outcome of writing one batch of points. A batch that could not be written at all is an exception, and
 * the queue tries again.
 */
export interface WriteResult {
  /**
   * Points handed to the transport. The others can never be written (a value that the format cannot hold);
   * they are skipped.
   */
  readonly sent: number;
  /** Points that the receiver confirmed to have stored; 0 where it cannot confirm (UDP, pipes). */
  readonly acked: number;
  /** Says what was wrong with one of the skipped points, for the log. */
  readonly rejection?: string | undefined;
}

/** The result where the receiver confirmed all points that were sent. */
export function confirmed(sent: number, rejection?: string): WriteResult {
  return { sent, acked: sent, rejection };
}

/** The result where the receiver confirms nothing. */
export function unconfirmed(sent: number, rejection?: string): WriteResult {
  return { sent, acked: 0, rejection };
}

/** The result of a batch that was written in two parts. */
export function combined(first: WriteResult, second: WriteResult): WriteResult {
  return {
    sent: first.sent + second.sent,
    acked: first.acked + second.acked,
    rejection: first.rejection ?? second.rejection,
  };
}
