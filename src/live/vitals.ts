import type { ExporterStats } from '../metrics/collector';
import type { Change, Delivery, LoopFacts } from './facts';
import { LIMITS } from './limits';

const MINUTE_MS = 60_000;

/** Minutes that are compared with a time before, and how long before. */
const LATELY = LIMITS.latelyMs / MINUTE_MS;
const PEERS_BEFORE = LIMITS.peersBeforeMs / MINUTE_MS;
const SURGE_BEFORE = LIMITS.surgeBeforeMs / MINUTE_MS;

/** Minutes that are remembered. */
const KEPT = LATELY + SURGE_BEFORE;

/** The state of one minute. */
interface Minute {
  readonly peers: number;
  readonly transactions: number;
}

/** What the event loop did in one interval. */
interface LoopInterval {
  readonly atMs: number;
  readonly lagMs: number;
  readonly stalledMs: number;
}

interface Account {
  sent: number;
  lost: number;
  lostMs: number | null;
  /** When a point was last delivered, or none waited. */
  flowedMs: number;
}

/** The last minutes and hours of the monitor, as far as the verdicts need them. Its memory is bounded. */
export class Vitals {
  private readonly minutes: Minute[] = [];
  private minuteMs: number;
  private readonly beganMs: number;
  private loops: readonly LoopInterval[] = [];
  private reorgs: readonly { readonly atMs: number; readonly depth: number }[] = [];
  private readonly accounts = new Map<string, Account>();

  constructor(private readonly nowMs: () => number) {
    this.beganMs = nowMs();
    this.minuteMs = this.beganMs;
  }

  /** Takes the state at the end of an interval. */
  sample(state: Minute, exporters: readonly ExporterStats[]): void {
    const now = this.nowMs();
    // Where the clock was set back, the next minute begins now.
    if (now < this.minuteMs - MINUTE_MS) this.minuteMs = now;
    if (now >= this.minuteMs) {
      this.minutes.push(state);
      if (this.minutes.length > KEPT) this.minutes.shift();
      this.minuteMs = now + MINUTE_MS;
    }
    for (const exporter of exporters) this.deliver(exporter, now);
  }

  /** Takes what was measured of the event loop in an interval. */
  loop(lagMs: number, stalledMs: number): void {
    const atMs = this.nowMs();
    const since = atMs - Math.max(LIMITS.lagForMs, LIMITS.stalledForMs);
    this.loops = [
      ...this.loops.filter((it) => it.atMs > since && it.atMs <= atMs),
      { atMs, lagMs, stalledMs },
    ];
  }

  /** Takes a reorganisation. */
  reorg(depth: number): void {
    const atMs = this.nowMs();
    this.reorgs = [...this.lateReorgs(), { atMs, depth }].slice(-KEPT);
  }

  get peerChange(): Change {
    const before = this.minutes.slice(-(PEERS_BEFORE + LATELY), -PEERS_BEFORE).map(({ peers }) => peers);
    return {
      lately: this.lately(({ peers }) => peers),
      before: before.length < LATELY ? null : mean(before),
    };
  }

  get transactionChange(): Change {
    const before = this.minutes.slice(-KEPT, -LATELY).map(({ transactions }) => transactions);
    return {
      lately: this.lately(({ transactions }) => transactions),
      before: before.length < SURGE_BEFORE ? null : mean(before),
    };
  }

  get reorgDepth(): number {
    return Math.max(0, ...this.lateReorgs().map(({ depth }) => depth));
  }

  get deliveries(): readonly Delivery[] {
    const now = this.nowMs();
    return [...this.accounts].map(([name, { lost, lostMs, flowedMs }]) => ({
      ...{ name, lost, lostMs },
      stuckForMs: flowedMs < now ? now - flowedMs : null,
    }));
  }

  get loopFacts(): LoopFacts {
    const isLongEnough = this.nowMs() - this.beganMs >= LIMITS.lagForMs;
    const lags = this.loops.map(({ lagMs }) => lagMs);
    return {
      lagMs: lags.at(-1) ?? 0,
      leastLagMs: isLongEnough && lags.length > 0 ? Math.min(...lags) : null,
      stalledMs: this.loops.reduce((sum, { stalledMs }) => sum + stalledMs, 0),
    };
  }

  private deliver(
    { name, sent, dropped, damaged = 0, queued, spooled = 0 }: ExporterStats,
    now: number,
  ): void {
    let account = this.accounts.get(name);
    // What was damaged is found at the start: it counts as lost now.
    if (account === undefined)
      this.accounts.set(name, (account = { sent, lost: 0, lostMs: null, flowedMs: now }));
    const lost = dropped + damaged;
    if (lost > account.lost) Object.assign(account, { lost, lostMs: now });
    if (sent > account.sent || queued + spooled === 0) Object.assign(account, { sent, flowedMs: now });
  }

  private lately(valueOf: (minute: Minute) => number): number {
    return mean(this.minutes.slice(-LATELY).map(valueOf));
  }

  private lateReorgs(): typeof this.reorgs {
    const since = this.nowMs() - LIMITS.reorgMs;
    return this.reorgs.filter(({ atMs }) => atMs > since);
  }
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
