import { messageOf } from '../lib/errors';
import { Throttle } from '../lib/throttle';
import { type Timer, systemTimer } from '../lib/timer';
import type { Alert } from './alert';
import { ALERTS } from './alerts';
import type { Holding } from './holding';
import { type AlertFeed, type AlertsReport, reportOf } from './report';
import { type Silence, Silences } from './silences';
import { type AlertChange, AlertStates, type FiringAlert } from './states';

/** Time from the start to the first evaluation: points must have been written. */
const FIRST_MS = 10_000;

const EVERY_MS = 60_000;

/** An evaluation takes at most this part of the time. */
const SHARE = 10;

/**
 * No alert begins to fire so soon after the start. After a restart senders deliver waiting points and peers
 * are dialled, and that is no fault.
 */
export const QUIET_MS = 180_000;

/** The process is not ready if the last evaluation is older. */
const OLD_MS = 5 * EVERY_MS;

export interface AlertMonitorModules {
  /** For which groups conditions hold at a time, in Unix nanoseconds. */
  readonly evaluate: (atNs: bigint) => Promise<readonly Holding[]>;
  readonly warn: (message: string) => void;
  /** The alerts that fire, from one run to the next; without it a restart begins anew. */
  readonly kept?: {
    readonly firing: readonly FiringAlert[];
    keepFiring(firing: readonly FiringAlert[]): void;
  };
  readonly silences?: readonly Silence[];
  /** The URL of the page that has the runbooks. */
  readonly runbooks?: string | undefined;
  /** Unix time in milliseconds. */
  readonly nowMs?: () => number;
  readonly timer?: Timer;
}

type Listener = (changes: readonly AlertChange[]) => void;

/** Evaluates all alerts once a minute, and tells what fires. */
export class AlertMonitor implements AlertFeed {
  private readonly nowMs: () => number;
  private readonly timer: Timer;
  private readonly states: AlertStates;
  private readonly silences: Silences;
  private readonly startedMs: number;
  private readonly listeners = new Set<Listener>();
  private readonly throttle = new Throttle(() => performance.now());
  private evaluatedMs: number | null = null;
  private problem: string | null = null;
  private cancel: () => void = () => undefined;
  private stopped = false;

  constructor(private readonly modules: AlertMonitorModules) {
    this.nowMs = modules.nowMs ?? (() => Date.now());
    this.timer = modules.timer ?? systemTimer;
    this.startedMs = this.nowMs();
    this.states = new AlertStates(this.startedMs + QUIET_MS, modules.kept?.firing);
    this.silences = new Silences(modules.silences ?? [], this.startedMs);
  }

  start(): void {
    this.next(FIRST_MS);
  }

  /** Tells nothing more. An evaluation that runs is left to its end. */
  stop(): void {
    this.stopped = true;
    this.cancel();
  }

  report(): AlertsReport {
    const { evaluatedMs, problem } = this;
    const isSilenced = (alert: Alert): boolean => this.silences.covers(alert, this.nowMs());
    const { runbooks } = this.modules;
    return reportOf(ALERTS, this.states.active, { evaluatedMs, problem, isSilenced, runbooks });
  }

  /** The alerts that fire and are not silenced. */
  get audible(): readonly FiringAlert[] {
    return this.states.firing.filter(({ alert }) => !this.silences.covers(alert, this.nowMs()));
  }

  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  health(): { readonly ready: boolean; readonly reasons: readonly string[] } {
    const reasons = this.audible
      .filter(({ alert }) => alert.severity === 'critical')
      .map(({ alert }) => alert.title);
    if (this.nowMs() - (this.evaluatedMs ?? this.startedMs) > OLD_MS)
      reasons.unshift('The alerts can’t be evaluated');
    return { ready: reasons.length === 0, reasons: [...new Set(reasons)] };
  }

  private next(ms: number): void {
    if (this.stopped) return;
    this.cancel = this.timer(ms, () => void this.evaluate());
  }

  private async evaluate(): Promise<void> {
    const begun = performance.now();
    const atMs = this.nowMs();
    try {
      const held = await this.modules.evaluate(BigInt(atMs) * 1_000_000n);
      if (this.stopped) return;
      const changes = this.states.update(held, atMs);
      this.evaluatedMs = atMs;
      this.problem = null;
      if (changes.length > 0) this.modules.kept?.keepFiring(this.states.firing);
      for (const listener of this.listeners) listener(changes);
    } catch (error) {
      this.problem = messageOf(error);
      if (!this.stopped && this.throttle.allows())
        this.modules.warn(`the alerts can't be evaluated: ${this.problem}`);
    }
    this.next(Math.max(EVERY_MS, SHARE * (performance.now() - begun)));
  }
}
