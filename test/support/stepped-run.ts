import { SystemClock } from '../../src/lib/clock';
import { EventBus } from '../../src/lib/event-bus';
import { connectCollectors } from '../../src/metrics/connect-collectors';
import type { MonitorEvents } from '../../src/metrics/collector';
import { btcdmon } from '../../src/metrics/collectors/btcdmon';
import { Emitter } from '../../src/metrics/emitter';
import type { Point } from '../../src/metrics/point';

/**
 * A run whose points are made by the program's own clock and collector, while a test sets the system's clock.
 */
export class SteppedRun {
  readonly points: Point[] = [];
  private wallNs: bigint;
  private monotonicNs = 7_000_000_000n;
  private readonly emitter: Emitter;
  private readonly interval: () => void;

  constructor(node: string, startedMs: number) {
    this.wallNs = BigInt(startedMs) * 1_000_000n;
    const clock = new SystemClock({
      wallMs: () => Number(this.wallNs / 1_000_000n),
      monotonicNs: () => {
        this.wallNs += 90n;
        return (this.monotonicNs += 90n);
      },
    });
    this.emitter = new Emitter(
      { node, network: 'regtest' },
      { clock, sink: { push: (point) => this.points.push(point) } },
    );
    const { emit } = this.emitter;
    const now = jest.spyOn(Date, 'now').mockReturnValue(startedMs);
    const collector = btcdmon({
      emit,
      emitted: (series) => this.emitter.emitted(series),
      exporters: () => [{ name: 'duckdb', sent: 0, acked: 0, dropped: 0, queued: 0, retried: 0 }],
      mempool: () => ({ transactions: 0, bytes: 0, withFee: 0, orphans: 0 }),
      intervalMs: 5_000,
      clockSteps: clock,
    });
    now.mockRestore();
    this.interval = connectCollectors([collector], new EventBus<MonitorEvents>(), (name, error) => {
      throw new Error(name, { cause: error });
    });
  }

  get wallMs(): number {
    return Number(this.wallNs / 1_000_000n);
  }

  /** Lets time pass, with three points every second and the accounts every fifth second. */
  pass(seconds: number): this {
    for (let second = 0; second < seconds; second++) {
      for (let i = 0; i < 3; i++) this.emitter.emit('tx', { sha: 'x', tx_size: 1 });
      this.wallNs += 1_000_000_000n;
      this.monotonicNs += 1_000_000_000n;
      if (Math.floor(Number(this.monotonicNs / 1_000_000_000n)) % 5 === 0) this.interval();
    }
    return this;
  }

  /** Sets the system's clock. */
  set(seconds: number): this {
    this.wallNs += BigInt(seconds) * 1_000_000_000n;
    return this;
  }

  /** Makes the last accounts, as at the end of a run. */
  end(): this {
    this.interval();
    return this;
  }
}
