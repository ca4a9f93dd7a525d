import type { Point } from '../metrics/point';
import type { DropCause } from './drops';

/** What a buffer tells the queue that it belongs to. */
export interface BufferOwner {
  /** Points were given up; `example` says what was wrong with one of them. */
  readonly drop: (count: number, cause: DropCause, example?: string) => void;
  /** It is time to ask for the next batch. */
  readonly onReady: () => void;
}

/**
 * Where the points of a queue wait, in their order: in memory or on disk. It gives them out in batches, one
 * at a time.
 */
export interface QueueBuffer<Batch> {
  /** Points in memory, those of a batch that is out included. */
  readonly queued: number;
  /** Points on disk, those of a batch that is out included; undefined where there is no disk. */
  readonly spooled: number | undefined;
  /**
   * Points that were on disk and are lost, since their bytes were damaged; undefined where there is no disk.
   */
  readonly damaged: number | undefined;
  /** Whether so much waits that points would soon have to be given up. */
  readonly isCrowded: boolean;
  /** What is said of a delivery that failed: that it is tried again, and how many points wait where. */
  readonly failureText: string;
  /**
   * Takes a point. A full buffer gives its oldest points up; points of inbound peers find it full sooner, and
   * are given up themselves.
   */
  push(point: Point, isInbound: boolean): void;
  /** The oldest batch, or undefined where nothing waits. It is out until `done` or `putBack` is called. */
  next(): Promise<Batch | undefined> | Batch | undefined;
  /** Lets go of the batch that is out: from the call on its points do not count any more. */
  done(): Promise<void> | undefined;
  /** Keeps the batch that is out for another attempt. */
  putBack(): void;
  /** Arranges for `onReady` where something waits and no batch is out. */
  wake(): void;
  /**
   * Has the points that wait go out without the usual pause. Resolves to true once all that were pushed
   * before the call have left memory, to false where the end came first.
   */
  flush(): Promise<boolean>;
  /** From now on no point waits for others to go with it, and no pause is long: the end is near. */
  hurry(): void;
  /** Stops and gives up the points in memory; returns how many. Points on disk stay there. */
  giveUp(): number;
  /** Lets go of files. */
  close(): Promise<void>;
}
