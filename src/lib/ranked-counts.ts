/** A cell with more different values is divided. */
const MOST_IN_CELL = 128;

/** Neighbouring cells with fewer different values together become one. */
const FEW_IN_CELLS = MOST_IN_CELL / 2;

/** Neighbouring values in their order, and how often each was counted. */
class Cell {
  sum: number;

  constructor(
    readonly values: number[],
    readonly counts: number[],
  ) {
    this.sum = counts.reduce((sum, count) => sum + count, 0);
  }

  /** Takes the upper half of the values out, and returns a cell of them. */
  divide(): Cell {
    const half = this.values.length >> 1;
    const above = new Cell(this.values.splice(half), this.counts.splice(half));
    this.sum -= above.sum;
    return above;
  }

  /** Adds the values of the next cell. */
  join(above: Cell): void {
    this.values.push(...above.values);
    this.counts.push(...above.counts);
    this.sum += above.sum;
  }
}

/**
 * Counts by number, in the order of the numbers, so that a reader sorts nothing. The numbers are in cells of
 * a bounded size, and a cell is found by halving. So with ten thousand different numbers a change takes about
 * as long as with a few: peers choose them.
 */
export class RankedCounts {
  private readonly cells: Cell[] = [new Cell([], [])];
  /** The least value that belongs to each cell. */
  private readonly leasts: number[] = [-Infinity];
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
    const at = this.cellOf(value);
    const cell = this.cells[at];
    if (cell === undefined) return;
    const place = placeOf(cell.values, value);
    const isHere = cell.values[place] === value;
    const before = isHere ? (cell.counts[place] ?? 0) : 0;
    const after = Math.max(0, before + change);
    cell.sum += after - before;
    this.sum += after - before;
    if (isHere && after > 0) {
      cell.counts[place] = after;
    } else if (isHere) {
      cell.values.splice(place, 1);
      cell.counts.splice(place, 1);
      this.shrunk(at);
    } else if (after > 0) {
      // There is one 0.
      cell.values.splice(place, 0, value + 0);
      cell.counts.splice(place, 0, after);
      this.grown(at, cell);
    }
  }

  /** The smallest value that at least this share of the count does not exceed (nearest rank); NaN without. */
  quantile(share: number): number {
    let left = Math.max(1, Math.ceil(this.sum * share));
    for (const { counts, sum, values } of this.cells) {
      if (left > sum) {
        left -= sum;
        continue;
      }
      for (const [place, count] of counts.entries()) {
        left -= count;
        if (left <= 0) return values[place] ?? NaN;
      }
    }
    return NaN;
  }

  /** How many are less than a limit. */
  below(limit: number): number {
    const at = this.cellOf(limit);
    const cell = this.cells[at];
    const counts = cell?.counts.slice(0, placeOf(cell.values, limit)) ?? [];
    const here = counts.reduce((sum, count) => sum + count, 0);
    return this.cells.slice(0, at).reduce((sum, below) => sum + below.sum, here);
  }

  private grown(at: number, cell: Cell): void {
    if (cell.values.length <= MOST_IN_CELL) return;
    const above = cell.divide();
    this.cells.splice(at + 1, 0, above);
    this.leasts.splice(at + 1, 0, above.values[0] ?? Infinity);
  }

  private shrunk(at: number): void {
    if (!this.joinNext(at)) this.joinNext(at - 1);
  }

  /** Joins a cell with the next one where both have few values. Returns whether it did. */
  private joinNext(at: number): boolean {
    const cell = this.cells[at];
    const next = this.cells[at + 1];
    if (cell === undefined || next === undefined) return false;
    if (cell.values.length + next.values.length > FEW_IN_CELLS) return false;
    cell.join(next);
    this.cells.splice(at + 1, 1);
    this.leasts.splice(at + 1, 1);
    return true;
  }

  /** The cell that a value belongs to. */
  private cellOf(value: number): number {
    const after = placeOf(this.leasts, value);
    return this.leasts[after] === value ? after : after - 1;
  }
}

/** The place of the first value of an ordered list that is not less than this one. */
function placeOf(values: readonly number[], value: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] ?? Infinity) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
