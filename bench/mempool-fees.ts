// Measures what the order by fees costs with 300,000 transactions in the relay view, a third of them in
// chains: the processor time of a new transaction, of an update (what came in five seconds, and the sums), of
// a block and of the template that it is compared with. Compares the update with a walk over all
// transactions.
import { EventBus } from '#dist/lib/event-bus';
import { RelayView } from '#dist/mempool/relay-view';
import type { MonitorEvents } from '#dist/metrics/collector';
import type { Block } from '#dist/wire/block';
import { hash256 } from '#dist/wire/hash';
import { type Transaction, parseTransaction } from '#dist/wire/transaction';
import { collectGarbage, finish, partOf, runPart } from './support/own-process';
import { nextRandom } from './support/transactions';

const TRANSACTIONS = 300_000;
const COINS_EACH = 1_000;
/** Transactions of five seconds, on a busy day. */
const INTERVAL = 50;
const PER_BLOCK = 4_000;
const SCRIPT_BYTES = 22;
const COIN = 10_000_000;

/** An output that waits for its spender: the txid in wire order, the index, the value in satoshi. */
type Coin = readonly [txid: Buffer, index: number, value: number];

/** A transaction of about 140 vB that spends a coin, or an unknown output. */
function spend(coin: Coin | null, values: readonly number[]): Transaction {
  const isMany = values.length > 252;
  const bytes = Buffer.alloc(
    4 + 1 + 36 + 1 + 107 + 4 + (isMany ? 3 : 1) + values.length * (9 + SCRIPT_BYTES) + 4,
    1,
  );
  let at = bytes.writeInt32LE(2, 0);
  at = bytes.writeUInt8(1, at);
  if (coin === null) for (let k = 0; k < 32; k += 4) bytes.writeUInt32LE(nextRandom() * 2 ** 32, at + k);
  else coin[0].copy(bytes, at);
  at = bytes.writeUInt32LE(coin?.[1] ?? 0, at + 32);
  at = bytes.writeUInt8(107, at) + 107 + 4;
  if (isMany) at = bytes.writeUInt8(0xfd, at);
  at = isMany ? bytes.writeUInt16LE(values.length, at) : bytes.writeUInt8(values.length, at);
  for (const value of values) {
    at = bytes.writeBigUInt64LE(BigInt(value), at);
    at = bytes.writeUInt8(SCRIPT_BYTES, at) + SCRIPT_BYTES;
  }
  return parseTransaction(bytes);
}

/** The part of a block that a view reads. */
const found = (name: string, transactions: readonly Transaction[]): Block =>
  ({ wireHash: hash256(Buffer.from(name)), transactions }) as unknown as Block;

const wireId = ({ wireTxid }: Transaction): Buffer => Buffer.from(wireTxid, 'latin1');

/** Processor times in milliseconds, garbage collection included: the mean, and the longest. */
class Times {
  private count = 0;
  private sum = 0;
  longest = 0;

  measure<T>(action: () => T): T {
    const start = process.cpuUsage();
    const result = action();
    const { user, system } = process.cpuUsage(start);
    const took = (user + system) / 1_000;
    this.count += 1;
    this.sum += took;
    this.longest = Math.max(this.longest, took);
    return result;
  }

  get mean(): number {
    return this.sum / this.count;
  }
}

interface Taken {
  readonly transactions: number;
  readonly addUs: number;
  readonly addLongestMs: number;
  readonly updateMs: number;
  readonly updateLongestMs: number;
  readonly blockMs: number;
  readonly afterBlockMs: number;
  readonly afterBlockLongestMs: number;
  readonly templateMs: number;
  readonly templateNumTx: number;
  readonly walkMs: number;
}

function run(): Taken {
  const view = new RelayView(
    { maxBytes: 1_000_000_000, expiryMs: 1e12, coinTransactions: 500_000 },
    { bus: new EventBus<MonitorEvents>() },
  );
  const confirmed: Coin[] = [];
  for (let i = 0; i < (TRANSACTIONS * 2) / COINS_EACH; i++) {
    const source = spend(null, new Array<number>(COINS_EACH).fill(COIN));
    view.confirm(found(`coins ${i}`, [source]));
    for (let index = 0; index < COINS_EACH; index++) confirmed.push([wireId(source), index, COIN]);
  }
  const open: Coin[] = [];
  const next = (): Transaction => {
    const at = Math.floor(nextRandom() * open.length);
    const coin = nextRandom() < 0.33 && open.length > 0 ? open.splice(at, 1)[0] : confirmed.pop();
    if (coin === undefined) throw new Error('too few coins');
    const value = coin[2] - Math.round(140 * Math.exp(nextRandom() * 5));
    const half = Math.floor(value / 2);
    const transaction = spend(coin, [half, value - half]);
    // Short lists are cheap to take from, and make chains.
    if (half > 50_000 && open.length < 2_000) open.push([wireId(transaction), 0, half]);
    return transaction;
  };
  const filled = new Times();
  while (view.gauges().transactions < TRANSACTIONS) {
    const transaction = next();
    filled.measure(() => view.add(transaction, 0));
  }
  view.waiting.fees();
  collectGarbage();
  const added = new Times();
  const updated = new Times();
  const blocks = new Times();
  const after = new Times();
  const templates = new Times();
  let numTx = 0;
  for (let block = 0; block < 10; block++) {
    for (let interval = 0; interval < 120; interval++) {
      for (let i = 0; i < INTERVAL; i++) {
        const transaction = next();
        added.measure(() => view.add(transaction, 0));
      }
      updated.measure(() => view.waiting.fees());
    }
    const template = templates.measure(() => view.waiting.template());
    numTx = template.length;
    // The bytes of the transactions of the block, as it would bring them.
    const wanted = new Set(template.slice(0, PER_BLOCK).map(({ txid }) => txid));
    const transactions: Transaction[] = [];
    view.relayed.each((_, __, handle) => {
      const bytes = Buffer.alloc(view.relayed.size(handle));
      view.relayed.copy(handle, bytes, 0);
      const transaction = parseTransaction(bytes);
      if (wanted.has(transaction.wireTxid)) transactions.push(transaction);
      return true;
    });
    const mined = found(`block ${block}`, transactions);
    blocks.measure(() => view.confirm(mined));
    after.measure(() => view.waiting.fees());
  }
  const walks = new Times();
  let sum = 0;
  for (let i = 0; i < 5; i++)
    walks.measure(() => {
      for (const { fee, vsize } of view.waiting.template(Infinity)) sum += fee / vsize;
    });
  if (!(sum > 0)) throw new Error('nothing was walked over');
  return {
    transactions: view.gauges().transactions,
    addUs: added.mean * 1_000,
    addLongestMs: Math.max(added.longest, filled.longest),
    updateMs: updated.mean,
    updateLongestMs: updated.longest,
    blockMs: blocks.longest,
    afterBlockMs: after.mean,
    afterBlockLongestMs: after.longest,
    templateMs: templates.mean,
    templateNumTx: numTx,
    walkMs: walks.mean,
  };
}

async function main(): Promise<void> {
  const r = await runPart<Taken>(__filename, 'view');
  const ms = (value: number): string => `${value.toFixed(2)} ms`;
  console.log(
    `mempool-fees: ${r.transactions} transactions; ${r.addUs.toFixed(1)} µs to add one, ` +
      `longest ${ms(r.addLongestMs)}; an update ${ms(r.updateMs)}, longest ${ms(r.updateLongestMs)}, ` +
      `after a block ${ms(r.afterBlockMs)}, longest ${ms(r.afterBlockLongestMs)}; ` +
      `block of ${PER_BLOCK} ${ms(r.blockMs)}; template of ${r.templateNumTx} ${ms(r.templateMs)}`,
  );
  console.log(
    `mempool-fees: a walk over all takes ${(r.walkMs / r.updateMs).toFixed(0)} times as long as an update`,
  );
}

if (partOf() === undefined) void main();
else finish(run());
