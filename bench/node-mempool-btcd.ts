// What watching a node costs whose mempool has 200,000 transactions: a real btcd, and the built program
// beside it. The transactions spend outputs that need no signature, and are sent by P2P. The program watches
// while they come, while nothing happens, and as 1,000 more come; then another one starts at the full
// mempool. Printed are the memory of the program and of the process of its store, the longest time for which
// its event loop stood still with the processor time that the program used in it, the longest stall of a
// thread that does nothing, and the time of its calls. Where the processor time of a stall is much shorter
// than the stall, the machine had other work. The counts are compared with btcd's own.
//
// node -r tsx/cjs bench/node-mempool-btcd.ts [TRANSACTIONS]
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { run } from '#dist/cli/main';
import { Btcd, btcd } from '../test/support/btcd';
import { dialAsSender, makeFreeCoins, sendTransactions, spendFreeCoin } from '../test/support/free-coins';
import { parseLine } from '../test/support/parse-line';
import { familyOf, memoryOf } from '../test/support/proc';
import { until } from '../test/support/until';
import { Wallet } from '../test/support/wallet';

const DEFAULT_TRANSACTIONS = 200_000;
const LATER = 1_000;
const COINS_PER_COINBASE = 20_000;
const INTERVAL_MS = 1_000;
const RESTING_MS = 60_000;
const BATCH = 2_000;

/** A run takes as long as btcd needs for 200,000 transactions. */
const PATIENCE = { ms: 3_600_000 };

/** How often it is looked whether the event loop stands still. */
const LOOK_MS = 5;

/** A time for which the event loop stood still, and the processor time of the whole process in it. */
interface Stall {
  readonly ms: number;
  readonly cpuMs: number;
}

/** Looks for stalls of this thread. Returns what takes the longest one since the last call. */
function watchStalls(): () => Stall {
  let longest: Stall = { ms: 0, cpuMs: 0 };
  let lookedMs = performance.now();
  let used = process.cpuUsage();
  setInterval(() => {
    const { user, system } = process.cpuUsage(used);
    const ms = performance.now() - lookedMs - LOOK_MS;
    if (ms > longest.ms) longest = { ms, cpuMs: (user + system) / 1_000 };
    lookedMs = performance.now();
    used = process.cpuUsage();
  }, LOOK_MS).unref();
  return () => {
    const stall = longest;
    longest = { ms: 0, cpuMs: 0 };
    return stall;
  };
}

/** The program, in a process of its own that also measures how long its event loop stands still. */
async function watch(args: readonly string[]): Promise<void> {
  const takeStall = watchStalls();
  const idle = new Worker(IDLE, { eval: true });
  idle.unref();
  process.on('message', () => {
    idle.once('message', (idleMs: number) => {
      process.send?.({ stall: takeStall(), idleMs });
    });
    idle.postMessage('report');
  });
  await run(args);
}

/** A thread that does nothing: its stalls are those of the machine. */
const IDLE = `
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { parentPort } = require('node:worker_threads');
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
parentPort.on('message', () => {
  parentPort.postMessage(delay.max / 1e6);
  delay.reset();
});
`;

/** What has come of a node's points. */
interface Told {
  readonly counts: Map<string, number>;
  /** The newest value of a column of `mempool` or `node_status`, and its sum. */
  readonly last: Map<string, number>;
  readonly sums: Map<string, number>;
  readonly most: Map<string, number>;
}

/** Receives the lines of the program. All are counted, those of two series are read. */
async function startReceiver(): Promise<{ port: number; told: Told; stop: () => void }> {
  const told: Told = { counts: new Map(), last: new Map(), sums: new Map(), most: new Map() };
  const server = createServer((socket) => {
    let rest = '';
    socket.on('error', () => undefined);
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) take(told, line);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, told, stop: () => server.close() };
}

function take({ counts, last, sums, most }: Told, line: string): void {
  const series = line.slice(0, line.indexOf(','));
  counts.set(series, (counts.get(series) ?? 0) + 1);
  if (series !== 'mempool' && series !== 'node_status') return;
  for (const [column, { value }] of Object.entries(parseLine(line).fields)) {
    const number = Number(value);
    last.set(column, number);
    sums.set(column, (sums.get(column) ?? 0) + number);
    most.set(column, Math.max(most.get(column) ?? 0, number));
  }
}

/** A watching program, and what it costs. */
class Watching {
  private readonly timer: NodeJS.Timeout;
  private mostBytes = 0;
  private mostStoreBytes = 0;

  private constructor(
    private readonly child: ChildProcess,
    private readonly receiver: Awaited<ReturnType<typeof startReceiver>>,
  ) {
    this.timer = setInterval(() => {
      const [program, ...others] = familyOf(child.pid).map((pid) => memoryOf(pid).resident);
      this.mostBytes = Math.max(this.mostBytes, program ?? 0);
      this.mostStoreBytes = Math.max(
        this.mostStoreBytes,
        others.reduce((sum, bytes) => sum + bytes, 0),
      );
    }, 100);
  }

  static async start(node: Btcd, home: string): Promise<Watching> {
    const receiver = await startReceiver();
    const args = [
      ...['tap', '--network', 'regtest', '--interval', `${INTERVAL_MS}ms`, '--http', 'off'],
      ...['--watch', `btcd=http://${node.user}@127.0.0.1:${node.rpcPort}`, '--data-dir', home],
      ...['--export', `duckdb:${path.join(home, `${receiver.port}.duckdb`)}`],
      ...['--export', `line+tcp://127.0.0.1:${receiver.port}`, '--log-level', 'warn'],
    ];
    const child = fork(__filename, ['watch', ...args], {
      env: { ...process.env, HOME: home, BTCDMON_WATCH_PASSWORD: node.password },
    });
    return new Watching(child, receiver);
  }

  get told(): Told {
    return this.receiver.told;
  }

  /** Waits for a number of `mempool`. */
  async untilMempool(count: number): Promise<void> {
    await until(`a mempool of ${count}`, () => this.told.last.get('num_tx') === count, PATIENCE);
  }

  /** Prints what came since the last call. */
  async report(what: string, sinceMs: number): Promise<void> {
    this.child.send('report');
    const [{ stall, idleMs }] = (await once(this.child, 'message')) as [{ stall: Stall; idleMs: number }];
    const { sums, most, counts } = this.told;
    const seconds = (performance.now() - sinceMs) / 1_000;
    const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
    const sum = (column: string): number => sums.get(column) ?? 0;
    console.log(
      [
        `${what}: ${seconds.toFixed(0)} s`,
        `memory at most ${megabytes(this.mostBytes)} MB, of the store's process ${megabytes(this.mostStoreBytes)} MB`,
        `longest stall ${stall.ms.toFixed(0)} ms, in which the program used ${stall.cpuMs.toFixed(0)} ms of processor time; of a thread that does nothing ${idleMs.toFixed(0)} ms`,
        `${sum('rpc_calls')} calls took ${sum('rpc_time').toFixed(0)} ms (${((60 * sum('rpc_time')) / seconds).toFixed(0)} ms a minute), the longest ${(most.get('rpc_longest') ?? 0).toFixed(0)} ms`,
        `points: ${counts.get('tx') ?? 0} tx, ${counts.get('tx_fees') ?? 0} tx_fees; missed: ${sum('missed_tx')} transactions, ${sum('missed_fees')} fees`,
      ].join('\n  '),
    );
    this.mostBytes = 0;
    this.mostStoreBytes = 0;
    for (const map of [sums, most, counts]) map.clear();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.child.kill('SIGTERM');
    await once(this.child, 'exit');
    this.receiver.stop();
  }
}

async function main(transactions: number): Promise<void> {
  const { path: program } = btcd;
  if (program === null) throw new Error('btcd is not installed');
  const home = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-bench-'));
  const wallet = new Wallet();
  const node = await Btcd.start(program, {
    ...{ miningAddress: wallet.address('regtest'), nonStandard: true },
  });
  const count = async (): Promise<number> => (await node.rpc<string[]>('getrawmempool')).length;
  const running = new Set<Watching>();
  const watching = async (): Promise<Watching> => {
    const it = await Watching.start(node, home);
    running.add(it);
    return it;
  };
  const stop = async (it: Watching): Promise<void> => {
    running.delete(it);
    await it.stop();
  };
  try {
    const coinbases = Math.ceil((transactions + LATER) / COINS_PER_COINBASE);
    const mined = await node.rpc<string[]>('generate', 100 + coinbases);
    const coins = await makeFreeCoins(node, wallet, transactions + LATER, mined.slice(0, coinbases));
    const send = async (from: number, to: number): Promise<void> => {
      // btcd gives up a peer that is silent for five minutes: each part has a connection of its own.
      const sender = await dialAsSender(node);
      for (let at = from; at < to; at += BATCH) {
        const batch = coins.slice(at, Math.min(to, at + BATCH));
        sendTransactions(
          sender,
          batch.map((coin, i) => spendFreeCoin(coin, 1_000 + ((at + i) % 5_000))),
        );
        if (sender.socket.writableNeedDrain) await once(sender.socket, 'drain');
      }
      sender.socket.end();
    };

    const first = await watching();
    await first.untilMempool(0);
    await sleep(5 * INTERVAL_MS);
    let beganMs = performance.now();
    await first.report('empty mempool', beganMs - 5 * INTERVAL_MS);
    beganMs = performance.now();
    await send(0, transactions);
    await first.untilMempool(transactions);
    await until('all points', () => (first.told.counts.get('tx') ?? 0) === transactions, PATIENCE);
    await first.report(`${transactions} transactions come`, beganMs);
    beganMs = performance.now();
    await sleep(RESTING_MS);
    await first.report('nothing happens', beganMs);

    beganMs = performance.now();
    await send(transactions, transactions + LATER);
    await first.untilMempool(transactions + LATER);
    await until(
      'their fees',
      () => (first.told.counts.get('tx_fees') ?? 0) + (first.told.sums.get('missed_fees') ?? 0) >= LATER,
      PATIENCE,
    );
    await first.report(`${LATER} more come, until their fees are known`, beganMs);
    const asked = await count();
    if (first.told.last.get('num_tx') !== asked || asked !== transactions + LATER)
      throw new Error(`the mempool has ${asked} transactions, told are ${first.told.last.get('num_tx')}`);
    await stop(first);

    beganMs = performance.now();
    const second = await watching();
    await second.untilMempool(asked);
    await sleep(RESTING_MS);
    await second.report('another one starts at the full mempool', beganMs);
    if (second.told.counts.get('tx') !== undefined) throw new Error('it told what was there before');
    await stop(second);
    const [answeredMs, verboseMs] = [
      await msOf(() => count()),
      await msOf(() => node.rpc('getrawmempool', true)),
    ];
    console.log(`btcd itself: getrawmempool ${answeredMs.toFixed(0)} ms, verbose ${verboseMs.toFixed(0)} ms`);
  } finally {
    for (const it of running) await it.stop();
    await node.stop();
    await rm(home, { recursive: true, force: true });
  }
}

async function msOf(call: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  await call();
  return performance.now() - beganMs;
}

const [what, ...args] = process.argv.slice(2);
void (what === 'watch' ? watch(args) : main(Number(what ?? DEFAULT_TRANSACTIONS)));
