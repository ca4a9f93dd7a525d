import { NONE } from '../lib/record-table';
import { BIN_FLOORS } from './feerate-bins';
import type { OrderFields } from './order-fields';

/** A cell of different feerates with more entries than this is divided. */
export const MOST_IN_CELL = 1_000;

/** A feerate with more than this part of the entries of a divided cell gets a cell of its own. */
const OWN_CELL = 1 / 4;

/** Entries of neighbouring feerates, in the order in which they were put there. */
class Cell {
  first = NONE;
  last = NONE;
  size = 0;

  /**
   * @param least the least feerate of the cell; the feerates from it up to the next cell belong here
   * @param isOfOneRate whether all its entries have this feerate; it is never divided then
   */
  constructor(
    readonly least: number,
    readonly isOfOneRate: boolean,
  ) {}
}

/** The fields of entries that are read and written here. */
type Fields = Pick<OrderFields, 'after' | 'before' | 'bin' | 'places' | 'rate'>;

/**
 * The entries of each bin in the order of their feerates, and those of one feerate in the order of their
 * places. A bin begins as one cell. A cell is sorted when it is read, and is divided before sorting takes
 * long: anybody can send any number of transactions whose feerates differ by less than a bin. The cell of an
 * entry is found by binary search.
 */
export class RateCells {
  /** The cells of each bin, the least feerates first. There is always one. */
  private readonly bins: Cell[][] = Array.from(BIN_FLOORS, (floor) => [new Cell(floor, false)]);

  constructor(private readonly fields: Fields) {}

  /** Puts an entry into the cell of its feerate. Its place must be higher than all before. */
  put(slot: number): void {
    const rate = this.fields.rate(slot);
    const cells = this.cellsOf(slot);
    let at = placeOf(cells, rate);
    const found = cells[at];
    if (found?.isOfOneRate === true && found.least !== rate)
      cells.splice(++at, 0, new Cell(nextAbove(found.least), false));
    const cell = cells[at];
    if (cell === undefined) return;
    this.append(cell, slot);
    if (cell.size > MOST_IN_CELL && !cell.isOfOneRate) this.divide(cells, at, cell);
  }

  /** Takes an entry out of its cell. */
  take(slot: number): void {
    const { after, before } = this.fields;
    const cells = this.cellsOf(slot);
    const at = placeOf(cells, this.fields.rate(slot));
    const cell = cells[at];
    if (cell === undefined) return;
    const previous = before[slot] ?? NONE;
    const next = after[slot] ?? NONE;
    if (previous === NONE) cell.first = next;
    else after[previous] = next;
    if (next === NONE) cell.last = previous;
    else before[next] = previous;
    cell.size -= 1;
    // The cell below has its feerates from now on.
    if (cell.size === 0 && at > 0) cells.splice(at, 1);
  }

  /** All entries, those of the highest feerate first. The entries must not change meanwhile. */
  *descending(): Generator<number, void, undefined> {
    for (let bin = this.bins.length - 1; bin >= 0; bin--) {
      const cells = this.bins[bin] ?? [];
      for (let at = cells.length - 1; at >= 0; at--) {
        const cell = cells[at];
        if (cell === undefined || cell.size === 0) continue;
        if (cell.isOfOneRate) yield* this.slotsOf(cell);
        else yield* this.sorted(cell);
      }
    }
  }

  private cellsOf(slot: number): Cell[] {
    return this.bins[this.fields.bin(slot)] ?? [];
  }

  private append(cell: Cell, slot: number): void {
    const { after, before } = this.fields;
    if (cell.last === NONE) cell.first = slot;
    else after[cell.last] = slot;
    before[slot] = cell.last;
    after[slot] = NONE;
    cell.last = slot;
    cell.size += 1;
  }

  private *slotsOf(cell: Cell): Generator<number, void, undefined> {
    for (let slot = cell.first; slot !== NONE; slot = this.fields.after[slot] ?? NONE) yield slot;
  }

  private sorted(cell: Cell): number[] {
    const { places } = this.fields;
    return [...this.slotsOf(cell)]
      .map((slot) => ({ slot, rate: this.fields.rate(slot), place: places[slot] ?? 0 }))
      .sort((a, b) => b.rate - a.rate || a.place - b.place)
      .map(({ slot }) => slot);
  }

  /**
   * Divides a cell at its median feerate. No part then has more than three quarters of its entries, unless
   * all of the part have one feerate.
   */
  private divide(cells: Cell[], at: number, cell: Cell): void {
    const slots = [...this.slotsOf(cell)];
    const rates = Float64Array.from(slots, (slot) => this.fields.rate(slot)).sort();
    const median = rates[rates.length >> 1] ?? 0;
    const isFrequent = rates.filter((rate) => rate === median).length > OWN_CELL * slots.length;
    const below = new Cell(cell.least, false);
    const from = new Cell(median, isFrequent);
    const above = isFrequent ? new Cell(nextAbove(median), false) : from;
    for (const slot of slots) {
      const rate = this.fields.rate(slot);
      this.append(rate < median ? below : rate > median ? above : from, slot);
    }
    const parts = isFrequent ? [below, from, above] : [below, from];
    // A bin keeps its first cell, even an empty one, so that each of its feerates has a cell.
    cells.splice(at, 1, ...parts.filter(({ size }, i) => size > 0 || at + i === 0));
  }
}

/** The place of the last cell whose least feerate is not above a feerate. */
function placeOf(cells: readonly Cell[], rate: number): number {
  let low = 0;
  let high = cells.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((cells[middle]?.least ?? Infinity) <= rate) low = middle;
    else high = middle - 1;
  }
  return low;
}

const asNumber = new Float64Array(1);
const asBits = new BigUint64Array(asNumber.buffer);

/** The next number above one that is not negative. */
function nextAbove(rate: number): number {
  asNumber[0] = rate;
  asBits[0] = (asBits[0] ?? 0n) + 1n;
  return asNumber[0];
}
