// Measures the relay view with a day of mainnet at ten transactions a second, as fast as it can take them:
// the time and the memory of one transaction, and the longest time for which one call blocks the event loop.
// Compares it with Maps of strings and objects that keep the same data and get the same transactions. Each
// runs in a process of its own, so that its memory can be measured.
import { EventBus } from '#dist/lib/event-bus';
import { RelayView } from '#dist/mempool/relay-view';
import type { MonitorEvents } from '#dist/metrics/collector';
import type { Block } from '#dist/wire/block';
import { hash256 } from '#dist/wire/hash';
import type { Transaction } from '#dist/wire/transaction';
import { collectGarbage, finish, partOf, runPart } from './support/own-process';
import { makeTransaction, nextRandom } from './support/transactions';

const PER_SECOND = 10;
const SECONDS = 86_400;
const BLOCK_SECONDS = 600;
/** Fewer than arrive in that time, so that the view fills up. */
const PER_BLOCK = 4_500;
const HOUR_MS = 3_600_000;

/** The part of a block that a view reads. */
type FoundBlock = Pick<Block, 'wireHash' | 'transactions'>;

/** The methods of both views. */
interface View {
  add(transaction: Transaction, nowMs: number): unknown;
  confirm(block: FoundBlock): void;
  tick(nowMs: number): void;
  gauges(): { readonly transactions: number };
}

/** The data that a view keeps for a transaction. */
interface Entry {
  readonly size: number;
  readonly vsize: number;
  readonly inputs: readonly string[];
  readonly balance: number;
  readonly arrived: number;
  readonly outputs: number;
}

/** The same data in Maps of strings and objects: the straightforward way. */
class MapsView implements View {
  private readonly entries = new Map<string, Entry>();
  private readonly spends = new Map<string, string>();
  private readonly coins = new Map<string, readonly number[]>();

  add(transaction: Transaction, now: number): void {
    const { txid, size, vsize } = transaction;
    const inputs = transaction.inputs.map(({ outpointKey }) => outpointKey);
    let sum = 0;
    for (const { prevTxid, prevIndex } of transaction.inputs)
      sum += this.coins.get(prevTxid)?.[prevIndex] ?? NaN;
    for (const key of inputs) {
      const rival = this.spends.get(key);
      if (rival !== undefined) this.remove(rival);
      this.spends.set(key, txid);
    }
    const values = transaction.outputs.map(({ value }) => value);
    this.coins.set(txid, values);
    this.entries.set(txid, { size, vsize, inputs, balance: sum, arrived: now, outputs: values.length });
  }

  private remove(txid: string): void {
    for (const key of this.entries.get(txid)?.inputs ?? []) this.spends.delete(key);
    this.entries.delete(txid);
  }

  confirm({ transactions }: FoundBlock): void {
    for (const { txid } of transactions) this.remove(txid);
  }

  tick(): void {
    // The relay view keeps 500,000 to 1,000,000 (two generations). This is the middle.
    if (this.coins.size > 750_000)
      for (const txid of this.coins.keys()) {
        if (this.coins.size <= 750_000) break;
        this.coins.delete(txid);
      }
  }

  gauges(): { readonly transactions: number } {
    return { transactions: this.entries.size };
  }
}

/** The measurements of a view. */
interface Taken {
  readonly added: number;
  /** The memory that the view holds, in bytes. */
  readonly held: number;
  readonly inView: number;
  readonly usPerAdd: number;
  readonly p999Us: number;
  readonly worstMs: number;
  readonly blockMs: number;
  readonly rssMb: number;
  readonly peakMb: number;
}

function runView(kind: string): Taken {
  const view: View =
    kind === 'maps'
      ? new MapsView()
      : new RelayView(
          { maxBytes: 300_000_000, expiryMs: 336 * HOUR_MS, coinTransactions: 500_000 },
          { bus: new EventBus<MonitorEvents>() },
        );
  const waiting: Transaction[] = [];
  const recent: Buffer[] = [];
  const times = new Float64Array(PER_SECOND * SECONDS);
  let blockMs = 0;
  let count = 0;
  collectGarbage();
  const before = process.memoryUsage();
  for (let second = 0; second < SECONDS; second++) {
    for (let i = 0; i < PER_SECOND; i++) {
      const transaction = makeTransaction(recent);
      const { txid } = transaction;
      const start = performance.now();
      view.add(transaction, second * 1_000);
      times[count++] = performance.now() - start;
      recent[Math.floor(nextRandom() * 3_600 * PER_SECOND)] = Buffer.from(txid, 'hex').reverse();
      // One in four is never mined in this day.
      if (count % 4 !== 0 && waiting.length < PER_BLOCK) waiting.push(transaction);
    }
    if (second % BLOCK_SECONDS === BLOCK_SECONDS - 1) {
      const transactions = waiting.splice(0);
      const start = performance.now();
      view.confirm({ wireHash: hash256(Buffer.from(String(second))), transactions });
      blockMs = Math.max(blockMs, performance.now() - start);
    }
    if (second % 60 === 0) view.tick(second * 1_000);
  }
  collectGarbage();
  const after = process.memoryUsage();
  const held = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
  const total = times.reduce((sum, time) => sum + time, 0);
  times.sort();
  return {
    added: count,
    held,
    inView: view.gauges().transactions,
    usPerAdd: (total / count) * 1_000,
    p999Us: (times[Math.floor(count * 0.999)] ?? NaN) * 1_000,
    worstMs: times[count - 1] ?? NaN,
    blockMs,
    rssMb: after.rss / 1e6,
    peakMb: process.resourceUsage().maxRSS / 1_000,
  };
}

async function main(): Promise<void> {
  const ours = await runPart<Taken>(__filename, 'view');
  const maps = await runPart<Taken>(__filename, 'maps');
  for (const [name, r] of Object.entries({ 'relay view': ours, maps }))
    // prettier-ignore
    console.log(
      `mempool: ${name}: ${r.added} transactions, ${r.inView} left; ${r.usPerAdd.toFixed(1)} µs to add one ` +
        `(${Math.round(1e6 / r.usPerAdd)}/s; p99.9 ${r.p999Us.toFixed(0)} µs, longest ${r.worstMs.toFixed(0)} ms), ` +
        `longest block ${r.blockMs.toFixed(0)} ms; holds ${(r.held / 1e6).toFixed(0)} MB, ` +
        `${(r.held / r.inView).toFixed(0)} bytes for each one left; resident ${r.rssMb.toFixed(0)} MB, at most ${r.peakMb.toFixed(0)}`,
    );
  console.log(
    `mempool: maps take ${(maps.held / ours.held).toFixed(1)} times the memory; the relay view takes ${(ours.usPerAdd / maps.usPerAdd).toFixed(2)} times the time of maps`,
  );
}

const part = partOf();
if (part === undefined) void main();
else finish(runView(part));
