/**
 * Points that may wait. Points of outputs, the most frequent ones, then take 45 MB. One transaction can make
 * 111,112 points: one for each output, and an output takes 9 of a million bytes. Two such transactions do not
 * push out other points.
 */
const MAX_POINTS = 250_000;

/** Options of a queue; each has a default. */
export interface QueueOptions {
  /** Name in warnings and in the tag `exporter`; default the exporter's own. */
  readonly name?: string;
  /** Points that may wait in memory, including those of a running write. */
  readonly maxPoints?: number;
  /** Points of one write, to an exporter or to the spool. */
  readonly batchPoints?: number;
  /**
   * How long a point waits for a full batch, in milliseconds. With a spool, `kill -9` can lose the points of
   * this time.
   */
  readonly flushMs?: number;
  /**
   * First pause after a failed write, in milliseconds; doubled at each further failure up to `retryMaxMs`.
   */
  readonly retryMinMs?: number;
  readonly retryMaxMs?: number;
}

/** The options with all their values. */
export type QueueSettings = Required<Omit<QueueOptions, 'name'>>;

/** The options with their defaults. */
export function queueSettings(options: QueueOptions): QueueSettings {
  return {
    maxPoints: options.maxPoints ?? MAX_POINTS,
    batchPoints: options.batchPoints ?? 5_000,
    flushMs: options.flushMs ?? 200,
    retryMinMs: options.retryMinMs ?? 250,
    retryMaxMs: options.retryMaxMs ?? 10_000,
  };
}
