import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Btcd, btcd } from '../support/btcd';
import { Cleanup } from '../support/cleanup';
import {
  FREE_SPEND_BYTES,
  dialAsSender,
  makeFreeCoins,
  sendTransactions,
  spendFreeCoin,
} from '../support/free-coins';
import { startSink } from '../support/line-sink';
import { type LivePoints, livePoints } from '../support/live-points';
import { type Program, runProgram } from '../support/program';
import { type RpcRecorder, startRpcRecorder } from '../support/rpc-recorder';
import { type Stored, openStored } from '../support/stored';
import { until } from '../support/until';
import { Wallet } from '../support/wallet';

const TRANSACTIONS = 20_000;
const BATCH = 40;
const LEAST_FEE = 1_000;
const WATCHED = 'btcd';

/** How far the clocks of two processes may differ: the program's follows the system's within 20 ms. */
const CLOCKS_MS = 100;

/** What getrawmempool answered to the test. Times in Unix milliseconds. */
interface Sample {
  readonly beganAt: number;
  readonly endedAt: number;
  readonly count: number;
}

/** A point of `mempool`, and the samples around it. */
interface Enclosed {
  readonly least: number;
  readonly told: number;
  readonly most: number;
  /** What the point before told. */
  readonly before: number;
}

btcd.describe('a btcd whose mempool fills with 20,000 transactions', (btcdProgram) => {
  const cleanup = new Cleanup();
  const samples: Sample[] = [];
  let node: Btcd;
  let recorder: RpcRecorder;
  let program: Program;
  let live: LivePoints;
  let stored: Stored;
  let home: string;
  let fees: number[];
  let points: readonly { readonly atMs: number; readonly count: number; readonly size: number }[];

  const patience = (): { giveUp: () => string | undefined; ms: number } => ({
    giveUp: program.ended,
    ms: 600_000,
  });
  const told = () => live.of(WATCHED, 'mempool');

  beforeAll(async () => {
    home = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-mempool-')), (folder) =>
      rm(folder, { recursive: true, force: true }),
    );
    const wallet = new Wallet();
    const options = { miningAddress: wallet.address('regtest'), nonStandard: true };
    node = cleanup.add(await Btcd.start(btcdProgram, options), (it) => it.stop());
    const mined = await node.rpc<string[]>('generate', 101);
    const coins = await makeFreeCoins(node, wallet, TRANSACTIONS, mined.slice(0, 1));
    fees = coins.map((_, i) => LEAST_FEE + (i % 5_000));
    const transactions = coins.map((coin, i) => spendFreeCoin(coin, fees[i] ?? 0));
    recorder = cleanup.add(await startRpcRecorder(node.rpcPort), (it) => it.stop());
    const sink = cleanup.add(await startSink(), (it) => it.stop());
    live = livePoints(sink);
    program = cleanup.add(
      runProgram(
        [
          ...['tap', '--network', 'regtest', '--interval', '500ms'],
          ...['--watch', `${WATCHED}=http://${node.user}@127.0.0.1:${recorder.port}`],
          ...['--export', `duckdb:${path.join(home, 'store.duckdb')}`],
          ...['--export', `line+tcp://127.0.0.1:${sink.port}`],
        ],
        home,
        [],
        { BTCDMON_WATCH_PASSWORD: node.password },
      ),
      (it) => it.kill(),
    );
    const sender = cleanup.add(await dialAsSender(node), ({ socket }) => socket.destroy());
    await until('the empty mempool', () => live.last(WATCHED, 'mempool', 'num_tx') === 0, patience());
    await fill(transactions, (batch) => sendTransactions(sender, batch));
    points = told().map(({ time, fields }) => ({
      atMs: Number(time / 1_000_000n),
      count: Number(fields['num_tx']?.value),
      size: Number(fields['size']?.value),
    }));
    await until('all fees', () => live.of(WATCHED, 'tx_fees').length >= TRANSACTIONS, patience());
    await node.rpc('generate', 1);
    const left = (await node.rpc<string[]>('getrawmempool')).length;
    await until('the rest', () => live.last(WATCHED, 'mempool', 'num_tx') === left, patience());
    expect(left).toBeLessThan(TRANSACTIONS);
    expect(await program.stop()).toBe(0);
    stored = cleanup.add(await openStored(path.join(home, 'store.duckdb')), (it) => it.close());
  }, 1_200_000);

  afterAll(() => cleanup.run());

  /** Sends transactions, some at a time, and asks for the mempool all the while. */
  async function fill(transactions: readonly Buffer[], send: (batch: readonly Buffer[]) => void) {
    const state = { isFilling: true };
    const sampling = (async () => {
      while (state.isFilling) {
        const beganAt = Date.now();
        const { length: count } = await node.rpc<string[]>('getrawmempool');
        samples.push({ beganAt, endedAt: Date.now(), count });
        await sleep(20);
      }
    })();
    // Ten seconds and more: they come between any two points.
    for (let at = 0; at < transactions.length; at += BATCH) {
      send(transactions.slice(at, at + BATCH));
      await sleep(20);
    }
    await until('all of them', () => live.last(WATCHED, 'mempool', 'num_tx') === TRANSACTIONS, patience());
    const before = told().length;
    await until('another two points', () => told().length >= before + 2, patience());
    state.isFilling = false;
    await sampling;
  }

  /**
   * The number that a point tells was asked for after the last sample that ended before the call, and told
   * before the first sample that began after the point. As the mempool only grows, it lies between them. The
   * program makes one call at a time, so that the answer to a call has come before the next one.
   */
  function enclose(): Enclosed[] {
    const { calls } = recorder;
    return points.flatMap(({ atMs, count }, i) => {
      const nextAsked = calls.findLastIndex(({ askedAt }) => askedAt < atMs - CLOCKS_MS);
      const asked = calls
        .slice(0, Math.max(0, nextAsked))
        .findLast(({ method }) => method === 'getmempoolinfo');
      const least = samples.findLast(({ endedAt }) => endedAt < (asked?.askedAt ?? 0))?.count;
      const most = samples.find(({ beganAt }) => beganAt > atMs + CLOCKS_MS)?.count;
      if (least === undefined || most === undefined) return [];
      return [{ least, told: count, most, before: points[i - 1]?.count ?? 0 }];
    });
  }

  it('has at each interval the number that getrawmempool has around it', () => {
    const enclosed = enclose();
    expect(enclosed.filter(({ least, told: count, most }) => count < least || count > most)).toEqual([]);
    const moving = enclosed.filter(({ told: count }) => count > 0 && count < TRANSACTIONS);
    expect(moving.length).toBeGreaterThanOrEqual(10);
    // The samples are so close that what the point before told would be wrong.
    expect(moving.filter(({ before, least }) => before < least).length).toBeGreaterThanOrEqual(3);
  });

  it('has at each interval the size of these transactions', () => {
    expect(points.map(({ size }) => size)).toEqual(points.map(({ count }) => count * FREE_SPEND_BYTES));
  });

  it('has each transaction once, with the fee that it paid, and misses none', async () => {
    const [row] = await stored.rows(
      `SELECT count(*) AS points, count(DISTINCT sha) AS transactions FROM tx WHERE node = '${WATCHED}'`,
    );
    expect(row).toEqual({ points: TRANSACTIONS, transactions: TRANSACTIONS });
    const paid = await stored.rows(
      `SELECT tx_fee, count(*) AS transactions FROM tx_fees WHERE node = '${WATCHED}' GROUP BY ALL ORDER BY ALL`,
    );
    const counts = new Map<number, number>();
    for (const fee of fees) counts.set(fee, (counts.get(fee) ?? 0) + 1);
    const expected = [...counts].map(([tx_fee, transactions]) => ({ tx_fee, transactions }));
    expect(paid).toEqual(expected.sort((a, b) => a.tx_fee - b.tx_fee));
    const [missed] = await stored.rows(
      `SELECT sum(missed_tx) AS tx, sum(missed_fees) AS fees, sum(missed_blocks) AS blocks, bool_and(is_up) AS up
       FROM node_status WHERE node = '${WATCHED}'`,
    );
    expect(missed).toEqual({ tx: 0, fees: 0, blocks: 0, up: true });
  });

  it('is watched without a complaint', () => {
    const complaints = program
      .log()
      .split('\n')
      // An alert is about the network: one fires if the run takes long enough.
      .filter((line) => /"level":"(warn|error)"/.test(line) && !line.includes('"alert":"'));
    expect(complaints).toEqual([]);
  });
});
