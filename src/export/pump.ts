import type { Backoff } from '../lib/backoff';
import type { QueueBuffer } from './queue-buffer';

/** Source and destination of a pump. */
export interface PumpOptions<Batch> {
  readonly from: Pick<QueueBuffer<Batch>, 'next' | 'putBack'>;
  /** Delivers a batch and marks it as done. @throws where the batch must be delivered again */
  readonly deliver: (batch: Batch) => Promise<void>;
  readonly backoff: Backoff;
  /** Begins the warning of a failure. */
  readonly failureText: () => string;
  /** Called after each attempt, successful or not. */
  readonly onIdle: () => void;
}

/**
 * Moves the batches of a buffer to their destination, one at a time; after a failure it pauses and tries
 * again.
 */
export class Pump<Batch> {
  private isRunning = false;
  private isHurried = false;
  private isStopped = false;
  private pause: NodeJS.Timeout | undefined;

  constructor(private readonly options: PumpOptions<Batch>) {}

  /** Moves the next batch, unless one is being delivered or a pause is not over. */
  run(): void {
    if (this.isRunning || this.isStopped || this.pause !== undefined) return;
    this.isRunning = true;
    void this.moveNext().finally(() => {
      this.isRunning = false;
      if (!this.isStopped) this.options.onIdle();
    });
  }

  /** Ends a pause now and keeps later pauses short. */
  hurry(): void {
    this.isHurried = true;
    this.resume();
  }

  /** Moves no more batches. The outcome of a running delivery is ignored. */
  stop(): void {
    this.isStopped = true;
    clearTimeout(this.pause);
  }

  private async moveNext(): Promise<void> {
    const { from, deliver, backoff, failureText } = this.options;
    try {
      const batch = await from.next();
      if (batch === undefined || this.isStopped) return;
      await deliver(batch);
      backoff.success();
    } catch (error) {
      if (this.isStopped) return;
      from.putBack();
      backoff.failure(error, failureText());
      this.pause = setTimeout(this.resume, backoff.pauseMs(this.isHurried));
    }
  }

  private readonly resume = (): void => {
    clearTimeout(this.pause);
    this.pause = undefined;
    this.run();
  };
}
