import type { Point } from '../metrics/point';
import type { DropCause } from './drops';

/** Calls of a buffer to its queue. */
export interface BufferOwner {
  /** Called if points were dropped; `example` says what was wrong with one of them. */
  readonly drop: (count: number, cause: DropCause, example?: string) => void;
  /** It is time to ask for the next batch. */
  readonly onReady: () => void;
}

/**
 * Holds the points of a queue in their order, in memory or on disk. Hands them out in batches, one at a time.
 */
export interface QueueBuffer<Batch> {
  /** Points in memory, including those of a running write. */
  readonly queued: number;
  /** Points on disk, including those of a running write; undefined without a disk. */
  readonly spooled: number | undefined;
  /**
   * Points that were on disk and are lost, because their bytes were damaged; undefined without a disk.
   */
  readonly damaged: number | undefined;
  /** Whether points would soon have to be dropped. */
  readonly isCrowded: boolean;
  /** Begins the warning of a failed delivery: that it is tried again, and how many points wait where. */
  readonly failureText: string;
  /**
   * Adds a point. A full buffer drops its oldest points. For points of inbound peers it is full sooner, and
   * then the new point is dropped.
   */
  push(point: Point, isInbound: boolean): void;
  /** Hands out the oldest batch, until `done` or `putBack` is called; undefined where nothing waits. */
  next(): Promise<Batch | undefined> | Batch | undefined;
  /** The batch was delivered: from the call on its points do not count any more. */
  done(): Promise<void> | undefined;
  /** The batch was not delivered: it is handed out again. */
  putBack(): void;
  /** Arranges for `onReady` if points wait and no batch is handed out. */
  wake(): void;
  /**
   * Makes the waiting points ready without the usual pause. Resolves to true once all points pushed before
   * the call have left memory, to false if the buffer is closed first.
   */
  flush(): Promise<boolean>;
  /** The program is ending: from now on no point waits for a full batch, and pauses are short. */
  hurry(): void;
  /** Stops and drops the points in memory; returns their number. Points on disk stay there. */
  giveUp(): number;
  /** Closes files. */
  close(): Promise<void>;
}
