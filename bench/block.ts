// Measures how long a block of about 4,000 transactions holds the event loop, with 300,000 transactions in
// the relay view, all collectors and the record of `why`: from its bytes to the end of the last event that
// follows from it, and the parts of that. Blocks take relayed transactions as on mainnet, or mostly such that
// nobody relayed, as the simulated crowd makes them. Between two blocks transactions are relayed, and garbage
// is collected so often that V8 drops code that did not run meanwhile, as it does in ten minutes. A listener
// reads a block that it asked for in parts before it handles it (src/p2p/block-preparation.ts); here too, and
// the longest part is told. Times are the processor time of the main thread on Linux, so that other programs
// count less.
//   npm run build && node -r tsx/cjs bench/block.ts
//   BENCH_PROFILE=1 node --expose-gc --cpu-prof -r tsx/cjs bench/block.ts relayed   # in one process
import { readFileSync } from 'node:fs';
import { BlockProcessor } from '#dist/chain/block-processor';
import { syncChain } from '#dist/chain/chain-sync';
import { HeaderChain } from '#dist/chain/header-chain';
import { CHAIN_PARAMS } from '#dist/chain/params';
import { EventBus } from '#dist/lib/event-bus';
import { Judge } from '#dist/mempool/judge';
import { RelayView } from '#dist/mempool/relay-view';
import { syncRelayView } from '#dist/mempool/relay-view-sync';
import type { MonitorEvents } from '#dist/metrics/collector';
import { COLLECTORS } from '#dist/metrics/collectors/list';
import { connectCollectors } from '#dist/metrics/connect-collectors';
import { PeerAccounts } from '#dist/metrics/sessions/peer-accounts';
import { BlockPreparation } from '#dist/p2p/block-preparation';
import type { Block } from '#dist/wire/block';
import { parseTransactionMessage } from '#dist/wire/transaction';
import { WhyRecord } from '#dist/why/why-record';
import { Chain } from '../scripts/soak/chain';
import { type RelayedTransaction, Transactions } from '../scripts/soak/traffic';
import { collectorContext } from './support/collector-context';
import { median } from './support/median';
import { finish, partOf, runPart } from './support/own-process';

const WAITING = 300_000;
const BLOCKS = 12;
const BETWEEN = 420;
const IN_BLOCK = 3_800;
/** Collections after which V8 has dropped code that did not run. */
const COLLECTIONS = 8;

/** Processor time of the main thread in milliseconds; the elapsed time on systems other than Linux. */
function threadMs(): number {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ')[0]) / 1e6;
  } catch {
    return performance.now();
  }
}

/** Parts of the time of a block, in milliseconds. */
const PARTS = ['prepare', 'judge', 'examine', 'connect', 'rest'] as const;
type Part = (typeof PARTS)[number];

interface Taken {
  readonly transactions: number;
  readonly bytes: number;
  readonly first: number;
  readonly all: number[];
  readonly parts: Record<Part, number>;
  readonly fees: number[];
  /** The longest part of preparing a block. */
  readonly longestPart: number;
}

const KINDS = {
  relayed: 'of relayed transactions',
  unseen: 'of transactions that nobody relayed, but for a tenth',
} as const;
type Kind = keyof typeof KINDS;

function run(kind: Kind): Taken {
  const bus = new EventBus<MonitorEvents>();
  const monotonicMs = (): number => performance.now();
  const clock = { monotonicMs };
  const unixTime = (): number => Date.now() / 1_000;
  const chain = new HeaderChain(CHAIN_PARAMS.regtest, { unixTime });
  const nothing = (): void => undefined;
  const processor = new BlockProcessor({ chain, clock, bus, headerAdded: nothing });
  syncChain({
    ...{ chain, processor, bus, clock, headerAdded: nothing, advanced: nothing },
    ...{ askHeaders: nothing, report: nothing, askAgain: nothing },
  });
  const marks: number[] = [];
  const mark = (): void => void marks.push(threadMs());
  bus.on('processedBlock', mark);
  const view = new RelayView({ maxBytes: 1_000_000_000, expiryMs: 1e12, coinTransactions: 250_000 }, { bus });
  bus.on('blockConnected', mark);
  syncRelayView({ view, judge: new Judge('core', { bus, monotonicMs }), bus, clock });
  const accounts = new PeerAccounts({ nowMs: () => Date.now(), monotonicMs });
  const why = new WhyRecord(
    { keptMs: 86_400_000, maxBytes: 24_000_000, diskBytes: 0 },
    { monotonicMs, accounts },
  );
  const context = { ...collectorContext(nothing), policy: 'core' as const, waiting: view.waiting, accounts };
  connectCollectors([why, ...COLLECTORS.map((create) => create(context))], bus, (name, error) => {
    throw new Error(name, { cause: error });
  });
  bus.on('newBest', mark);

  const peer = { id: 1, address: '192.0.2.1:8333', outbound: true, claims: null, transport: 'v1' } as const;
  const transactions = new Transactions();
  let waiting: RelayedTransaction[] = [];
  const make = (isRelayed: boolean): void => {
    const made = transactions.next(true);
    waiting.push(made);
    if (!isRelayed) return;
    const transaction = parseTransactionMessage(made.raw);
    bus.emit('transaction', { peer, transaction, first: true, receivedMs: performance.now() });
  };
  const mined = new Chain();
  while (view.gauges().transactions < WAITING) make(true);
  if (kind === 'unseen') waiting = [];
  const taken: Taken = {
    ...{ transactions: 0, bytes: 0, first: NaN, all: [], fees: [], longestPart: 0 },
    parts: { prepare: 0, judge: 0, examine: 0, connect: 0, rest: 0 },
  };
  let { first, longestPart } = taken;
  let [bytes, count] = [0, 0];
  const times: Record<Part, number[]> = { prepare: [], judge: [], examine: [], connect: [], rest: [] };
  for (let i = 0; i <= BLOCKS; i++) {
    for (let k = 0; k < (kind === 'unseen' ? IN_BLOCK : BETWEEN); k++)
      make(kind === 'relayed' || k < BETWEEN);
    const { raw } = mined.next(waiting);
    for (let k = 0; k < COLLECTIONS; k++) globalThis.gc?.();
    marks.length = 0;
    const start = threadMs();
    const preparation = new BlockPreparation(raw);
    let block: Block | null = null;
    for (let from = start; block === null;) {
      block = preparation.next();
      const now = threadMs();
      if (i > 0) longestPart = Math.max(longestPart, now - from);
      from = now;
    }
    mark();
    bus.emit('block', { peer, block, first: true, requested: true, receivedMs: performance.now() });
    const end = threadMs();
    view.waiting.fees();
    taken.fees.push(threadMs() - end);
    const ends = [...marks, end];
    if (ends.length !== PARTS.length) throw new Error(`a block ended after ${ends.length} parts`);
    bytes += raw.length;
    count += block.transactions.length;
    if (i === 0) {
      first = end - start;
      continue;
    }
    // What is handled without a break.
    taken.all.push(end - (marks[0] ?? NaN));
    PARTS.forEach((part, p) => times[part].push((ends[p] ?? NaN) - (ends[p - 1] ?? start)));
  }
  for (const part of PARTS) taken.parts[part] = median(times[part]);
  return { ...taken, first, longestPart, bytes: bytes / (BLOCKS + 1), transactions: count / (BLOCKS + 1) };
}

const ms = (value: number): string => value.toFixed(1);

function print(kind: Kind, { transactions, bytes, first, all, parts, fees, longestPart }: Taken): void {
  const each = PARTS.map((part) => `${part} ${ms(parts[part])}`).join(', ');
  console.log(
    `block: ${(bytes / 1e6).toFixed(1)} MB, ${transactions.toFixed(0)} transactions, ${KINDS[kind]}: ` +
      `in one piece median ${ms(median(all))} ms, longest ${ms(Math.max(...all))}, the first with all parts ` +
      `${ms(first)}; ${each}, its longest part ${ms(longestPart)}; ` +
      `then the fees ${ms(median(fees))}, longest ${ms(Math.max(...fees))}`,
  );
}

async function main(): Promise<void> {
  for (const kind of Object.keys(KINDS) as Kind[]) print(kind, await runPart<Taken>(__filename, kind));
}

if (process.env['BENCH_PROFILE'] !== undefined) {
  const kind = process.argv[2] as Kind;
  print(kind, run(kind));
} else if (partOf() === undefined) void main();
else finish(run(partOf() as Kind));
