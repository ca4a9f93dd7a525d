import { type FiringAlert, alertKey } from '../alerts/states';
import { type Timer, systemTimer } from '../lib/timer';
import { Delivery } from './delivery';
import type { Receiver } from './receiver';

/** Keeps what receivers were told, from one run to the next. */
interface ToldStore {
  /** The alerts that a receiver takes to be firing. `id` names the receiver. */
  told(id: string): readonly FiringAlert[];
  keepTold(id: string, alerts: readonly FiringAlert[]): void;
}

export interface NotifierModules {
  /** Name of the node that evaluates the alerts. */
  readonly monitor: string;
  /** The URL of the page that has the runbooks. */
  readonly runbooks?: string | undefined;
  readonly kept: ToldStore;
  readonly warn: (message: string) => void;
  /** Milliseconds on a clock that never steps. */
  readonly monotonicMs?: () => number;
  readonly timer?: Timer;
}

/** A receiver, and a name that stays the same from run to run and contains no secret. */
export interface NamedReceiver {
  readonly id: string;
  readonly receiver: Receiver;
}

/** Tells all receivers of alerts. Each gets its own messages at its own pace. */
export class Notifier {
  private readonly deliveries: readonly Delivery[];

  constructor(receivers: readonly NamedReceiver[], modules: NotifierModules) {
    const { monitor, runbooks, kept, warn } = modules;
    const { monotonicMs = () => performance.now(), timer = systemTimer } = modules;
    this.deliveries = receivers.map(
      ({ id, receiver }, index) =>
        new Delivery(receiver, kept.told(id), {
          ...{ monitor, runbooks, timer, clock: { monotonicMs } },
          keep: (alerts) => kept.keepTold(id, alerts),
          warn: (message) => warn(`--notify #${index + 1} (${receiver.shown}): ${message}`),
        }),
    );
  }

  /** Takes the alerts that fire now. */
  update(firing: readonly FiringAlert[]): void {
    const byKey = new Map(firing.map((told) => [alertKey(told.alert, told.labels), told]));
    for (const delivery of this.deliveries) delivery.update(byKey);
  }

  /** Sends nothing more, and ends what is being sent. */
  stop(): void {
    for (const delivery of this.deliveries) delivery.stop();
  }
}
