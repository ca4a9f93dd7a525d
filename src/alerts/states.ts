import type { Alert } from './alert';
import type { Holding, Labels } from './holding';
import { reasonOf } from './reason';

/** An alert whose condition holds: it waits until that has lasted long enough, or it fires. */
export interface ActiveAlert {
  readonly alert: Alert;
  readonly labels: Labels;
  /** Since when the condition has held, in Unix milliseconds. */
  readonly sinceMs: number;
  /** Since when it has fired; null while it waits. */
  readonly firingMs: number | null;
  /** The reason in words, with the values. */
  readonly reason: string;
}

/** An alert that fires. */
export type FiringAlert = ActiveAlert & { readonly firingMs: number };

/** An alert that began to fire or that was cleared. */
export interface AlertChange {
  readonly kind: 'fired' | 'cleared';
  /** The alert as it was when it fired last, if it was cleared. */
  readonly active: ActiveAlert;
  readonly atMs: number;
}

/**
 * The most alerts at one time. Names of nodes behind a collector come from outside, so their number needs a
 * limit.
 */
const MOST = 1_000;

/** The states of all alerts, from one evaluation to the next. */
export class AlertStates {
  private readonly all = new Map<string, ActiveAlert>();

  /**
   * @param quietUntilMs no alert begins to fire before this time (Unix milliseconds)
   * @param firing the alerts that fired in the run before: they are no news if they still do
   */
  constructor(
    private readonly quietUntilMs = 0,
    firing: readonly FiringAlert[] = [],
  ) {
    for (const active of firing) this.all.set(alertKey(active.alert, active.labels), active);
  }

  /** Takes an evaluation at a time (Unix milliseconds), and returns what it changed. */
  update(held: readonly Holding[], nowMs: number): readonly AlertChange[] {
    const changes: AlertChange[] = [];
    const before = new Map(this.all);
    this.all.clear();
    for (const { alert, labels, values } of held.slice(0, MOST)) {
      const key = alertKey(alert, labels);
      const known = before.get(key);
      before.delete(key);
      // The clock may have been set back.
      const sinceMs = Math.min(known?.sinceMs ?? nowMs, nowMs);
      const lasted = nowMs - sinceMs >= alert.forMinutes * 60_000 && nowMs >= this.quietUntilMs;
      const firingMs = known?.firingMs ?? (lasted ? nowMs : null);
      const active = { alert, labels, sinceMs, firingMs, reason: reasonOf(alert, labels, values) };
      this.all.set(key, active);
      if (firingMs !== null && (known?.firingMs ?? null) === null)
        changes.push({ kind: 'fired', active, atMs: nowMs });
    }
    for (const active of before.values())
      if (active.firingMs !== null) changes.push({ kind: 'cleared', active, atMs: nowMs });
    return changes;
  }

  get firing(): readonly FiringAlert[] {
    return this.active.flatMap(({ firingMs, ...active }) =>
      firingMs === null ? [] : { ...active, firingMs },
    );
  }

  /** The alerts that fire or wait. */
  get active(): readonly ActiveAlert[] {
    return [...this.all.values()];
  }
}

/** Identifies an alert and what it is about. */
export function alertKey({ name }: Pick<Alert, 'name'>, labels: Labels): string {
  return JSON.stringify([name, ...Object.entries(labels).sort()]);
}
