import type { Clock, ClockStep, ClockSteps } from '../lib/clock';

/** Receives the readings of a clock. */
export interface ClockListener {
  toldUnique(ns: bigint): void;
  toldMonotonic(ms: number): void;
}

/**
 * A clock whose readings are recorded, so that a replay has the same. It does not record what the program
 * does because the system's clock was set: a replay's clock is never set.
 */
export class RecordingClock implements Clock, ClockSteps {
  private isMuted = false;

  constructor(
    private readonly inner: Clock & ClockSteps,
    private readonly listener: ClockListener,
  ) {}

  uniqueNs(): bigint {
    const ns = this.inner.uniqueNs();
    if (!this.isMuted) this.listener.toldUnique(ns);
    return ns;
  }

  monotonicMs(): number {
    const ms = this.inner.monotonicMs();
    if (!this.isMuted) this.listener.toldMonotonic(ms);
    return ms;
  }

  onStep(listener: (step: ClockStep) => void): void {
    this.inner.onStep((step) => {
      this.isMuted = true;
      try {
        listener(step);
      } finally {
        this.isMuted = false;
      }
    });
  }

  withoutSteps(action: () => void): void {
    this.inner.withoutSteps(action);
  }
}
