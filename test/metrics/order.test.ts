import { LiveView } from '../../src/live/live-view';
import { syncRelayView } from '../../src/mempool/relay-view-sync';
import { Judge } from '../../src/mempool/judge';
import { RelayView } from '../../src/mempool/relay-view';
import { connectCollectors } from '../../src/metrics/connect-collectors';
import type { Collector } from '../../src/metrics/collector';
import { COLLECTORS } from '../../src/metrics/collectors/list';
import { Emitter } from '../../src/metrics/emitter';
import type { Point } from '../../src/metrics/point';
import { PeerAccounts } from '../../src/metrics/sessions/peer-accounts';
import { wireHash } from '../../src/wire/hash';
import { INV_BLOCK, INV_WTX } from '../../src/wire/messages/inventory';
import { parseBlock } from '../../src/wire/block';
import { parseTransaction } from '../../src/wire/transaction';
import { branch, newProcessor } from '../chain/processor';
import { mineBlock, REGTEST } from '../chain/mine';
import { somePeer, TestClock } from '../support/points';
import { randomFrom } from '../support/query-points';
import { buildTransaction } from '../wire/build';

const [base] = branch(REGTEST.genesis, 1, 1, 0);
const specs = [1, 2, 3].map((lockTime) => ({
  inputs: [{ prevHash: Buffer.alloc(32, lockTime) }],
  lockTime,
}));
const transactions = specs.map((spec) => parseTransaction(buildTransaction(spec)));
const mined = mineBlock({ on: base?.bytes ?? REGTEST.genesis, height: 2, salt: 1, transactions: specs });

/** The items in an order that the numbers below 1 decide. */
function shuffled<T>(items: readonly T[], next: () => number): T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(Math.floor(next() * left.length), 1));
}

/**
 * What a run tells of itself that isn't the same in each run: its processor time, its memory and its start.
 */
const OF_THE_PROCESS = new Set(['started', 'cpu', 'rss', 'loop_lag_p99', 'stalled']);

/** A point without its time, and with `process_time` left out, which is measured. */
function facts({ series, tags, fields }: Point): string {
  const kept = Object.entries(fields).filter(
    ([name, value]) => value !== undefined && name !== 'process_time' && !OF_THE_PROCESS.has(name),
  );
  return JSON.stringify([series, tags, Object.fromEntries(kept)]);
}

/**
 * Runs the same events through the collectors, the relay view and the live view, which hear of them in the
 * order of a seed.
 */
function run(seed: number) {
  const next = randomFrom(1_000_003 * (seed + 1));
  const { process, bus } = newProcessor();
  const clock = new TestClock();
  const points: Point[] = [];
  const view = new RelayView({ maxBytes: 1e6, expiryMs: 1e9, coinTransactions: 1_000 }, { bus });
  const judge = new Judge('core', { bus, monotonicMs: () => clock.ms });
  const emitter = new Emitter(
    { node: 'n', network: 'regtest' },
    { clock, sink: { push: (point) => points.push(point) } },
  );
  const fail = (name: string, error: unknown): never => {
    throw new Error(name, { cause: error });
  };
  const accounts = new PeerAccounts({ nowMs: () => clock.ms, monotonicMs: () => clock.ms });
  const live = new LiveView(
    { node: 'n', network: 'regtest' },
    { nowMs: () => clock.ms, accounts, complain: fail },
  );
  const collectors: Collector[] = COLLECTORS.map((create) =>
    create({
      emit: emitter.emit,
      policy: 'core',
      maxUserAgents: 10,
      intervalMs: 5_000,
      monotonicMs: () => clock.ms,
      unixTime: () => clock.ms / 1_000,
      accounts,
      emitted: (series) => emitter.emitted(series),
      exporters: () => [{ name: 'x', sent: 1, acked: 1, dropped: 0, queued: 0, retried: 0 }],
      addresses: () => ({ banned: 0 }),
      mempool: () => view.gauges(),
    }),
  );
  let interval = (): void => undefined;
  const parts = [
    () => syncRelayView({ view, judge, bus, clock }),
    () => (interval = connectCollectors(shuffled([...collectors, live], next), bus, fail)),
  ];
  for (const connect of shuffled(parts, next)) connect();

  const claims = { version: 70_016, services: 9n, time: 0n, startHeight: 5, relay: true, nonce: 0n };
  bus.emit('handshake', { peer: somePeer, claims: { ...claims, userAgent: '/x/' } });
  process(base === undefined ? [] : [base]);
  transactions.forEach((transaction, i) => {
    clock.ms += 10;
    bus.emit('bytesRead', { peer: somePeer, bytes: 100 });
    bus.emit('received', { peer: somePeer, command: 'inv', bytes: 61 });
    bus.emit('announced', {
      peer: somePeer,
      items: [{ type: INV_WTX, hash: wireHash(transaction.wtxid) }],
      known: 0,
    });
    clock.ms += 7;
    bus.emit('transaction', { peer: somePeer, transaction, first: true, receivedMs: clock.ms });
    if (i === 0) bus.emit('transaction', { peer: somePeer, transaction, first: false, receivedMs: clock.ms });
  });
  const block = parseBlock(mined);
  bus.emit('announced', {
    peer: somePeer,
    items: [{ type: INV_BLOCK, hash: wireHash(block.hash) }],
    known: 0,
  });
  bus.emit('blockAnnounced', { peer: somePeer, hash: wireHash(block.hash) });
  clock.ms += 50;
  bus.emit('block', { peer: somePeer, block, first: true, requested: true, receivedMs: clock.ms });
  process([block]);
  clock.ms += 60_000;
  interval();
  bus.emit('disconnected', { peer: somePeer, established: true, reason: 'stopped' });
  interval();
  expect(live.blocks().map(({ height }) => height)).toEqual([2, 1]);
  return {
    points: points.map(facts).sort(),
    live: [live.blocks().map((shown) => ({ ...shown, processMs: null })), live.transactions()],
  };
}

describe('the collectors, the live view and the relay view', () => {
  const expected = run(0);

  it('say something of everything that happened', () => {
    const series = new Set(expected.points.map((point) => (JSON.parse(point) as [string])[0]));
    for (const name of [
      'tx',
      'tx_inputs',
      'tx_outputs',
      'blocks',
      'processed_blocks',
      'propagation',
      'btcdmon',
    ])
      expect(series).toContain(name);
    expect(expected.points.filter((point) => point.includes('delay_processed'))).toHaveLength(4);
  });

  it.each(Array.from({ length: 20 }, (_, i) => i + 1))('say the same in order %i', (seed) => {
    expect(run(seed)).toEqual(expected);
  });
});
