/** Lets through what may be told only so often, as a complaint about a disk that stays full. */
export class Seldom {
  private toldAt = -Infinity;

  constructor(
    /** Milliseconds on a clock that never steps. */
    private readonly nowMs: () => number,
    private readonly everyMs = 60_000,
  ) {}

  /** Whether it may be told now; it then counts as told. */
  may(): boolean {
    const now = this.nowMs();
    if (now - this.toldAt < this.everyMs) return false;
    this.toldAt = now;
    return true;
  }
}
