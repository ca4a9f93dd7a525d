import { tagNames } from '../metrics/schema';
import { fieldOf, isCounter } from './columns';
import type { Group } from './finish';
import type { Query } from './model';
import { type Row, type Value, integer } from './result';
import { percentOf } from '../store/rank-sql';

interface Bin {
  readonly time: bigint | null;
  readonly keys: readonly Value[];
  count: number;
  /** Sum of integers, exact beyond 2^53. */
  sum: bigint;
  floatSum: number;
  min: number;
  max: number;
  /** Only kept for percentiles, mode and stddev. */
  readonly values: number[];
}

/**
 * Groups points in this process, for a store whose language can't group by a column. The results equal those
 * of compiled aggregates, so `finish` makes the answer from them. Points must come in ascending time.
 */
export class Grouping {
  private readonly bins = new Map<string, Bin>();
  private readonly last = new Map<string, number>();
  private readonly keyAt: readonly number[];
  private readonly tagAt: readonly number[];
  private readonly valueAt: number;
  private readonly counter: boolean;
  private readonly keepsValues: boolean;

  /** `names` are the columns of the rows, without the time, which comes first. */
  constructor(
    private readonly query: Query,
    names: readonly string[],
  ) {
    const at = (name: string): number => names.indexOf(name) + 1;
    const column = query.agg?.column ?? null;
    this.keyAt = query.by.map(at);
    this.tagAt = tagNames(query.series).map(at);
    this.valueAt = column === null ? 0 : at(column);
    this.counter = query.agg?.fn === 'rate' && column !== null && isCounter(query.series, column);
    const fn = query.agg?.fn;
    this.keepsValues = fn !== undefined && (percentOf(fn) !== null || fn === 'mode' || fn === 'stddev');
  }

  add(row: Row): void {
    let value = this.valueAt === 0 ? 0 : (row[this.valueAt] ?? null);
    if (this.counter && value !== null) value = this.increase(row, Number(value));
    if (value === null) return;
    const bin = this.binOf(row);
    bin.count++;
    if (typeof value !== 'number') return;
    if (Number.isInteger(value)) bin.sum += BigInt(value);
    else bin.floatSum += value;
    bin.min = Math.min(bin.min, value);
    bin.max = Math.max(bin.max, value);
    if (this.keepsValues) bin.values.push(value);
  }

  groups(): Group[] {
    return [...this.bins.values()].map((bin) => ({
      time: bin.time,
      keys: bin.keys,
      value: this.aggregate(bin),
    }));
  }

  /**
   * The increase since the previous point of the tag set. Null for the first point and after a restart of the
   * counter.
   */
  private increase(row: Row, value: number): number | null {
    const tags = JSON.stringify(this.tagAt.map((index) => row[index] as string));
    const before = this.last.get(tags);
    this.last.set(tags, value);
    return before === undefined || value < before ? null : value - before;
  }

  private binOf(row: Row): Bin {
    const { everyNs } = this.query;
    const time = everyNs === null ? null : (row[0] as bigint) - ((row[0] as bigint) % everyNs);
    // A tag that a point lacks is '', as when the server groups.
    const keys = this.keyAt.map((index) => row[index] ?? (this.tagAt.includes(index) ? '' : null));
    const id = `${String(time)} ${JSON.stringify(keys)}`;
    let bin = this.bins.get(id);
    if (bin === undefined) {
      bin = { time, keys, count: 0, sum: 0n, floatSum: 0, min: Infinity, max: -Infinity, values: [] };
      this.bins.set(id, bin);
    }
    return bin;
  }

  private aggregate(bin: Bin): Value {
    const fn = this.query.agg?.fn ?? 'count';
    switch (fn) {
      case 'count':
        return bin.count;
      case 'rate':
        return this.valueAt === 0 ? bin.count : this.total(bin);
      case 'sum':
        return this.total(bin);
      case 'mean':
        return (Number(bin.sum) + bin.floatSum) / bin.count;
      case 'stddev':
        return standardDeviation(bin.values);
      case 'mode':
        return mostFrequent(bin.values);
      case 'min':
        return bin.min;
      case 'max':
        return bin.max;
      default: {
        const sorted = bin.values.sort((a, b) => a - b);
        return sorted[Math.floor((sorted.length * (percentOf(fn) ?? 50)) / 100 + 0.5) - 1] ?? null;
      }
    }
  }

  private total(bin: Bin): Value {
    const { query } = this;
    const type = fieldOf(query.series, query.agg?.column ?? '')?.type;
    return type === 'int' ? integer(bin.sum) : Number(bin.sum) + bin.floatSum;
  }
}

/** Sample standard deviation; null for fewer than two values. */
function standardDeviation(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}

/** The most frequent value; the smallest of equally frequent ones. */
function mostFrequent(values: readonly number[]): number | null {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let most: readonly [number | null, number] = [null, 0];
  for (const [value, count] of counts)
    if (count > most[1] || (count === most[1] && value < (most[0] ?? Infinity))) most = [value, count];
  return most[0];
}
