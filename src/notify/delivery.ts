import { type FiringAlert, alertKey } from '../alerts/states';
import { Backoff } from '../lib/backoff';
import type { Clock } from '../lib/clock';
import type { Timer } from '../lib/timer';
import { messageFor } from './message';
import type { Receiver } from './receiver';

/**
 * The least time between two messages. A change in this time is in the next message, if it still holds then.
 */
const GAP_MS = 60_000;

/** An alert must have been cleared for so long before it is called resolved: it may come and go. */
const CALM_MS = 120_000;

/** Time limit of an attempt. */
const SEND_MS = 30_000;

/** Pauses after attempts that failed. */
const PAUSE = { minMs: 5_000, maxMs: 300_000 };

export interface DeliveryModules {
  readonly monitor: string;
  /** The URL of the page that has the runbooks. */
  readonly runbooks?: string | undefined;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly timer: Timer;
  readonly warn: (message: string) => void;
  /** Keeps what the receiver was told. */
  readonly keep: (alerts: readonly FiringAlert[]) => void;
}

/**
 * Keeps one receiver informed: compares the firing alerts with those that the receiver was told of, and sends
 * the difference. There is no queue: a receiver that was away for long gets one message about the alerts that
 * fire when it is back.
 */
export class Delivery {
  private firing: ReadonlyMap<string, FiringAlert>;
  private readonly told: Map<string, FiringAlert>;
  /** When alerts that the receiver was told of were cleared. */
  private readonly clearedMs = new Map<string, number>();
  private readonly backoff: Backoff;
  /** The next message comes no earlier. */
  private notBeforeMs = -Infinity;
  private isBusy = false;
  private cancel: () => void = () => undefined;
  private readonly stopping = new AbortController();

  constructor(
    private readonly receiver: Receiver,
    told: readonly FiringAlert[],
    private readonly modules: DeliveryModules,
  ) {
    this.told = new Map(told.map((one) => [alertKey(one.alert, one.labels), one]));
    this.firing = this.told;
    const { clock, warn } = modules;
    this.backoff = new Backoff(PAUSE, { clock, warn });
  }

  /** Takes the alerts that fire now, by their key. */
  update(firing: ReadonlyMap<string, FiringAlert>): void {
    this.firing = firing;
    const now = this.monotonicMs();
    for (const key of this.told.keys())
      if (firing.has(key)) this.clearedMs.delete(key);
      else if (!this.clearedMs.has(key)) this.clearedMs.set(key, now);
    if (!this.isBusy) this.next();
  }

  stop(): void {
    this.cancel();
    this.stopping.abort();
  }

  /** Sends what is due, or waits until something is. */
  private next(): void {
    this.cancel();
    if (this.stopping.signal.aborted) return;
    const dueMs = Math.max(this.notBeforeMs, this.newsMs());
    if (dueMs === Infinity) return;
    const waitMs = dueMs - this.monotonicMs();
    if (waitMs > 0) this.cancel = this.modules.timer(waitMs, () => this.next());
    else void this.send();
  }

  /** When there is something to tell; Infinity for never. */
  private newsMs(): number {
    if ([...this.firing.keys()].some((key) => !this.told.has(key))) return -Infinity;
    return Math.min(Infinity, ...[...this.clearedMs.values()].map((ms) => ms + CALM_MS));
  }

  private async send(): Promise<void> {
    const { modules, told, stopping } = this;
    const now = this.monotonicMs();
    const news = [...this.firing].filter(([key]) => !told.has(key));
    const over = [...told].filter(([key]) => now - (this.clearedMs.get(key) ?? Infinity) >= CALM_MS);
    const message = messageFor(
      news.map(([, one]) => one),
      over.map(([, one]) => one),
      modules.monitor,
      modules.runbooks,
    );
    this.isBusy = true;
    const limit = new AbortController();
    const cancelLimit = modules.timer(SEND_MS, () => limit.abort());
    try {
      await this.receiver.send(message, AbortSignal.any([limit.signal, stopping.signal]));
      this.backoff.success();
      this.notBeforeMs = this.monotonicMs() + GAP_MS;
      for (const [key, one] of news) {
        told.set(key, one);
        if (!this.firing.has(key)) this.clearedMs.set(key, this.monotonicMs());
      }
      for (const [key] of over) {
        told.delete(key);
        this.clearedMs.delete(key);
      }
      modules.keep([...told.values()]);
    } catch (error) {
      if (stopping.signal.aborted) return;
      this.backoff.failure(error, 'a message is not delivered yet');
      this.notBeforeMs = this.monotonicMs() + this.backoff.pauseMs(false);
    } finally {
      cancelLimit();
      this.isBusy = false;
    }
    this.next();
  }

  private monotonicMs(): number {
    return this.modules.clock.monotonicMs();
  }
}
