import { MOST_WITHOUT_CROWD } from './crowd';

/** How often a few peers are searched; Core 31 `src/net.cpp` ThreadOpenConnections. */
const FEW_TICK_MS = 500;

/** How often a crowd is dialled. */
const CROWD_TICK_MS = 50;

/** Dials in a second: the first rate, the least, the highest, and what each punctual tick adds. */
const FIRST_RATE = 20;
const LEAST_RATE = 2;
const MOST_RATE = 400;
const GAIN = 2;

/** A tick this late shows that the event loop has too much to do. Then this part of the rate is left. */
const LATE_MS = 15;

/**
 * The same limit for a tick that is late because other programs took the processor: then little of it is left
 * for us.
 */
const FAR_LATE_MS = 100;

const LEFT = 0.75;

/** How long one tick may dial, in milliseconds. The last dial is finished. */
const WORK_MS = 8;

/**
 * The most dials at a time without a complete handshake, with many peers. Most of them wait for an address
 * that does not answer, for 10 s: that is 51 dials in a second.
 */
const MOST_UNFINISHED = 512;

/** After a search that found no address to dial, the next one comes after this time. */
const PAUSE_MS = 500;

export interface DialPaceModules {
  readonly monotonicMs: () => number;
  /** Processor time of the program in milliseconds. */
  readonly processorMs: () => number;
}

/**
 * Says how many addresses may be dialled now. A few peers are dialled as by Core, one in half a second. With
 * many peers the rate grows until the event loop falls behind; late ticks show that, and then the rate is
 * cut. So handshakes take the part of the processor that is free, on any machine. A tick that is a little
 * late because other programs took the processor does not count.
 */
export class DialPace {
  /** How often to dial, in milliseconds. */
  readonly tickMs: number;
  private readonly isCrowd: boolean;
  private rate = FIRST_RATE;
  /** Dials that the rate allows and that were not made yet. */
  private saved = 0;
  private tickedAt: number;
  private processorAt: number;
  private pausedUntil = -Infinity;

  /** @param peers the number of peers that are wanted */
  constructor(
    peers: number,
    private readonly modules: DialPaceModules,
  ) {
    this.isCrowd = peers > MOST_WITHOUT_CROWD;
    this.tickMs = this.isCrowd ? CROWD_TICK_MS : FEW_TICK_MS;
    this.tickedAt = modules.monotonicMs();
    this.processorAt = modules.processorMs();
  }

  /**
   * Dials addresses for as long as the pace allows; to be called every `tickMs`.
   * @param wanted addresses to dial at most
   * @param unfinished dials so far whose handshake is not complete
   * @param dial dials one address; returns whether there was one
   */
  tick(wanted: number, unfinished: number, dial: () => boolean): void {
    if (!this.isCrowd) {
      if (wanted > 0) dial();
      return;
    }
    const now = this.modules.monotonicMs();
    this.adjust(now);
    if (now < this.pausedUntil) return;
    const most = Math.min(wanted, MOST_UNFINISHED - unfinished);
    for (let count = 0; count < most && this.saved >= 1; count++) {
      if (!dial()) {
        this.pausedUntil = now + PAUSE_MS;
        return;
      }
      this.saved -= 1;
      if (this.modules.monotonicMs() - now >= WORK_MS) return;
    }
  }

  private adjust(now: number): void {
    const processor = this.modules.processorMs();
    const elapsedMs = now - this.tickedAt;
    const lateMs = elapsedMs - this.tickMs;
    const isOurs = processor - this.processorAt >= lateMs;
    this.tickedAt = now;
    this.processorAt = processor;
    this.rate =
      lateMs > (isOurs ? LATE_MS : FAR_LATE_MS)
        ? Math.max(LEAST_RATE, this.rate * LEFT)
        : Math.min(MOST_RATE, this.rate + GAIN);
    // What a late tick has missed is not made up for.
    const aTick = (this.rate * this.tickMs) / 1_000;
    this.saved = Math.min(this.saved + aTick, Math.max(1, aTick));
  }
}
