import { binOf } from '../../src/mempool/feerate-bins';
import { OrderFields } from '../../src/mempool/order-fields';
import { MOST_IN_CELL, RateCells } from '../../src/mempool/rate-cells';
import { mulberry32 } from '../../scripts/support/random';

/** The fields of entries, which count how often a feerate is read. */
class CountedFields extends OrderFields {
  reads = 0;

  override rate(slot: number): number {
    this.reads += 1;
    return super.rate(slot);
  }
}

/** Cells, and the same entries in a list that is sorted whole. */
class Bench {
  readonly fields = new CountedFields();
  readonly cells = new RateCells(this.fields);
  private readonly entries = new Map<number, { readonly rate: number; readonly place: number }>();
  private lastPlace = 0;

  put(slot: number, rate: number): void {
    const { fields } = this;
    fields.reach(slot);
    fields.bins[slot] = binOf(rate);
    fields.rates[slot] = rate;
    fields.places[slot] = ++this.lastPlace;
    this.cells.put(slot);
    this.entries.set(slot, { rate, place: this.lastPlace });
  }

  take(slot: number): void {
    if (this.entries.delete(slot)) this.cells.take(slot);
  }

  /** The feerate reads that an action takes. */
  readsOf(action: () => void): number {
    this.fields.reads = 0;
    action();
    return this.fields.reads;
  }

  first(count: number): number[] {
    const slots: number[] = [];
    for (const slot of this.cells.descending()) {
      slots.push(slot);
      if (slots.length === count) break;
    }
    return slots;
  }

  expectSorted(): void {
    const sorted = [...this.entries].sort(([, a], [, b]) => b.rate - a.rate || a.place - b.place);
    expect([...this.cells.descending()]).toEqual(sorted.map(([slot]) => slot));
  }
}

/** Feerates that differ by less than a bin. */
const NARROW = 2.0001;
const WIDTH = 0.001;

describe('the entries by their feerates', () => {
  it.each([
    ['all over', (random: () => number) => 10 ** (random() * 5 - 1.5)],
    ['in one bin', (random: () => number) => NARROW + random() * WIDTH],
    ['in one bin, half of one feerate', (random: () => number) => NARROW + WIDTH * Math.max(0.5, random())],
    ['of three feerates', (random: () => number) => NARROW + WIDTH * Math.floor(random() * 3)],
    [
      'of one feerate, and next to it',
      (random: () => number) => 3 + Number.EPSILON * Math.floor(random() * 9),
    ],
  ])('are in order while they come and go: %s', (_, rateOf) => {
    const random = mulberry32(7);
    const bench = new Bench();
    for (let round = 0; round < 6; round++) {
      for (let i = 0; i < 4_000; i++) {
        const slot = Math.floor(random() * 9_000);
        bench.take(slot);
        // Rounds in which more go than come empty cells that were divided.
        if (round % 3 < 2 || i % 8 === 0) bench.put(slot, rateOf(random));
      }
      bench.expectSorted();
    }
    for (let slot = 0; slot < 9_000; slot++) bench.take(slot);
    bench.expectSorted();
    for (let slot = 0; slot < 3_000; slot++) bench.put(slot, rateOf(random));
    bench.expectSorted();
  });

  it('cost no more where a stranger puts 200,000 of different feerates into one bin', () => {
    const random = mulberry32(11);
    const bench = new Bench();
    let most = 0;
    let all = 0;
    for (let slot = 0; slot < 200_000; slot++) {
      const reads = bench.readsOf(() => bench.put(slot, NARROW + random() * WIDTH));
      most = Math.max(most, reads);
      all += reads;
    }
    // A division reads the feerates of a cell twice, and needs a quarter of a cell of new entries.
    expect(most).toBeLessThanOrEqual(2 * MOST_IN_CELL + 10);
    expect(all / 200_000).toBeLessThan(12);
    const block = 4_000;
    expect(bench.readsOf(() => bench.first(block))).toBeLessThanOrEqual(block + MOST_IN_CELL);
    expect(bench.readsOf(() => bench.take(100_000))).toBe(1);
    bench.expectSorted();
  });

  it('cost no more where most have one feerate, and others come and go beside it', () => {
    const bench = new Bench();
    for (let slot = 0; slot < 100_000; slot++) bench.put(slot, NARROW);
    let most = 0;
    for (let i = 0; i < 10_000; i++) {
      const slot = 100_000 + (i % 10);
      most = Math.max(
        most,
        bench.readsOf(() => {
          bench.take(slot);
          bench.put(slot, NARROW + WIDTH * (i % 3));
        }),
      );
    }
    expect(most).toBeLessThanOrEqual(2 * MOST_IN_CELL + 10);
    expect(bench.readsOf(() => bench.first(4_000))).toBeLessThanOrEqual(2 * MOST_IN_CELL);
    bench.expectSorted();
  });
});
