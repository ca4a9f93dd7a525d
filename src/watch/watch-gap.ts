/** A time for which reports of a node may be missing. Both ends are nanoseconds since the Unix epoch. */
export interface WatchGap {
  /** The last sign of life before. */
  readonly fromNs: bigint;
  /** When the node was heard again. */
  readonly untilNs: bigint;
  /** Why it was not heard, in one line. */
  readonly reason: string;
}
