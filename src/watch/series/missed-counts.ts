/** Numbers of an interval that are not in the points. */
interface Missed {
  readonly transactions: number;
  readonly fees: number;
  readonly blocks: number;
}

/** Counts what a watched node had and what could not be asked for, so that no loss is silent. */
export class MissedCounts {
  private transactions = 0;
  private fees = 0;
  private blocks = 0;

  add(what: keyof Missed, count = 1): void {
    this[what] += count;
  }

  /** The counts since the last call of this method. */
  take(): Missed {
    const { transactions, fees, blocks } = this;
    this.transactions = 0;
    this.fees = 0;
    this.blocks = 0;
    return { transactions, fees, blocks };
  }
}
