/**
 * Points that may wait; outputs', which are most, take 45 MB then. One transaction can make 111,112: it has a
 * point for each output, and an output takes 9 of a million bytes. Two of those do not push out what waits
 * beside them.
 */
const MAX_POINTS = 250_000;

/** How a queue works; everything has a default. */
export interface QueueOptions {
  /** Name in warnings and in the tag `exporter`; default the exporter's own. */
  readonly name?: string;
  /** Points that may wait in memory, those of a running write included. */
  readonly maxPoints?: number;
  /** Points handed to one write, of an exporter or of the spool. */
  readonly batchPoints?: number;
  /**
   * How long a point waits for others to go with it, in milliseconds: what `kill -9` can take where there is
   * a spool.
   */
  readonly flushMs?: number;
  /**
   * First pause after a write that failed, in milliseconds; doubled at each further failure up to
   * `retryMaxMs`.
   */
  readonly retryMinMs?: number;
  readonly retryMaxMs?: number;
}

/** The same with every number told. */
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
