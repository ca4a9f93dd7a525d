/**
 * Counts by number, in the order of the numbers, so that a reader sorts nothing. A change looks for its place
 * by halving. A number that is new, or whose count becomes 0, moves those behind it, which is a copy of
 * memory: a few microseconds with ten thousand different ones.
 */
export class RankedCounts {
  private readonly values: number[] = [];
  private readonly counts: number[] = [];
  private sum = 0;

  /** Counts each of these once. */
  static of(values: readonly number[]): RankedCounts {
    const counts = new RankedCounts();
    for (const value of values) counts.add(value, 1);
    return counts;
  }

  /** The sum of all counts. */
  get total(): number {
    return this.sum;
  }

  /** Changes the count of a value. A count does not become less than 0. */
  add(value: number, change: number): void {
    const place = this.placeOf(value);
    const isHere = this.values[place] === value;
    const before = isHere ? (this.counts[place] ?? 0) : 0;
    const after = Math.max(0, before + change);
    this.sum += after - before;
    if (isHere && after > 0) {
      this.counts[place] = after;
    } else if (isHere) {
      this.values.splice(place, 1);
      this.counts.splice(place, 1);
    } else if (after > 0) {
      // There is one 0.
      this.values.splice(place, 0, value + 0);
      this.counts.splice(place, 0, after);
    }
  }

  /** The smallest value that at least this share of the count does not exceed (nearest rank); NaN without. */
  quantile(share: number): number {
    let left = Math.max(1, Math.ceil(this.sum * share));
    for (const [place, count] of this.counts.entries()) {
      left -= count;
      if (left <= 0) return this.values[place] ?? NaN;
    }
    return NaN;
  }

  /** How many are less than a limit. */
  below(limit: number): number {
    return this.counts.slice(0, this.placeOf(limit)).reduce((sum, count) => sum + count, 0);
  }

  /** The place of the first value that is not less than this one. */
  private placeOf(value: number): number {
    let [low, high] = [0, this.values.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.values[middle] ?? Infinity) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
