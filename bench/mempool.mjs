// The relay view under a day of mainnet at ten transactions a second, in fast motion: what one transaction
// takes in time and memory, and the longest that one call holds up the program; beside Maps of strings and
// objects that keep the same facts, fed the same transactions. Each runs in a process of its own, so that its
// memory is its own.
import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { makeTransaction, nextRandom } from './support/transactions.mjs';

const require = createRequire(import.meta.url);
const { EventBus } = require('../dist/lib/event-bus.js');
const { RelayView } = require('../dist/mempool/relay-view.js');

const PER_SECOND = 10;
const SECONDS = 86_400;
const BLOCK_SECONDS = 600;
/** Fewer than come: the view fills up. */
const PER_BLOCK = 4_500;
const HOUR_MS = 3_600_000;

/** The same facts as anybody would keep them first. */
class MapsView {
  entries = new Map();
  spends = new Map();
  coins = new Map();

  add(transaction, now) {
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

  remove(txid) {
    for (const key of this.entries.get(txid)?.inputs ?? []) this.spends.delete(key);
    this.entries.delete(txid);
  }

  confirm({ transactions }) {
    for (const { txid } of transactions) this.remove(txid);
  }

  tick() {
    // Two generations of 500,000 at the most, as in the relay view.
    if (this.coins.size > 750_000)
      for (const txid of this.coins.keys()) {
        if (this.coins.size <= 750_000) break;
        this.coins.delete(txid);
      }
  }

  gauges() {
    return { transactions: this.entries.size };
  }
}

function runView(kind) {
  const view =
    kind === 'maps'
      ? new MapsView()
      : new RelayView(
          { maxBytes: 300_000_000, expiryMs: 336 * HOUR_MS, coinTransactions: 500_000 },
          { bus: new EventBus() },
        );
  const waiting = [];
  const recent = [];
  const times = new Float64Array(PER_SECOND * SECONDS);
  let blockMs = 0;
  let count = 0;
  globalThis.gc();
  const before = process.memoryUsage();
  for (let second = 0; second < SECONDS; second++) {
    for (let i = 0; i < PER_SECOND; i++) {
      const transaction = makeTransaction(recent);
      const { txid } = transaction;
      const start = performance.now();
      view.add(transaction, second * 1_000);
      times[count++] = performance.now() - start;
      recent[Math.floor(nextRandom() * 3_600 * PER_SECOND)] = Buffer.from(txid, 'hex').reverse();
      // One in four waits for longer than this takes.
      if (count % 4 !== 0 && waiting.length < PER_BLOCK) waiting.push(transaction);
    }
    if (second % BLOCK_SECONDS === BLOCK_SECONDS - 1) {
      const transactions = waiting.splice(0);
      const start = performance.now();
      view.confirm({ hash: String(second), transactions });
      blockMs = Math.max(blockMs, performance.now() - start);
    }
    if (second % 60 === 0) view.tick(second * 1_000);
  }
  globalThis.gc();
  const after = process.memoryUsage();
  const held = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
  const total = times.reduce((sum, time) => sum + time, 0);
  times.sort();
  return {
    added: count,
    held,
    inView: view.gauges().transactions,
    usPerAdd: (total / count) * 1_000,
    p999Us: times[Math.floor(count * 0.999)] * 1_000,
    worstMs: times[count - 1],
    blockMs,
    rssMb: after.rss / 1e6,
    peakMb: process.resourceUsage().maxRSS / 1_000,
  };
}

if (process.send !== undefined && process.argv[2] !== undefined) {
  process.send(runView(process.argv[2]));
} else {
  const file = fileURLToPath(import.meta.url);
  const run = (kind) =>
    new Promise((resolve, reject) => {
      const child = fork(file, [kind], { execArgv: ['--expose-gc'] });
      child.once('message', resolve);
      child.once('exit', (code) => reject(new Error(`mempool: ${kind} ended with ${code}`)));
    });
  const ours = await run('view');
  const maps = await run('maps');
  for (const [name, r] of [
    ['relay view', ours],
    ['maps', maps],
  ])
    // prettier-ignore
    console.log(
      `mempool: ${name}: ${r.added} transactions, ${r.inView} left; ${r.usPerAdd.toFixed(1)} µs to add one ` +
        `(${Math.round(1e6 / r.usPerAdd)}/s; p99.9 ${r.p999Us.toFixed(0)} µs, longest ${r.worstMs.toFixed(0)} ms), ` +
        `longest block ${r.blockMs.toFixed(0)} ms; holds ${(r.held / 1e6).toFixed(0)} MB, ` +
        `${(r.held / r.inView).toFixed(0)} bytes to each one left; resident ${r.rssMb.toFixed(0)} MB, at most ${r.peakMb.toFixed(0)}`,
    );
  console.log(
    `mempool: memory ${(maps.held / ours.held).toFixed(1)} times less than maps, time ${(ours.usPerAdd / maps.usPerAdd).toFixed(2)} of theirs`,
  );
}
