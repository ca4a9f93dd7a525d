import { tipsOf } from '../../src/app/collectors';
import { blockChecks } from '../../src/chain/block-checks';
import { BlockProcessor } from '../../src/chain/block-processor';
import type { ProcessedBlock } from '../../src/chain/chain-events';
import { syncChain } from '../../src/chain/chain-sync';
import { HeaderChain } from '../../src/chain/header-chain';
import { CHAIN_PARAMS } from '../../src/chain/params';
import type { Clock } from '../../src/lib/clock';
import { EventBus } from '../../src/lib/event-bus';
import { syncRelayView } from '../../src/mempool/relay-view-sync';
import { Judge } from '../../src/mempool/judge';
import { RelayView } from '../../src/mempool/relay-view';
import { connectCollectors } from '../../src/metrics/connect-collectors';
import type { MonitorEvents } from '../../src/metrics/collector';
import { COLLECTORS } from '../../src/metrics/collectors/list';
import type { Emit } from '../../src/metrics/emitter';
import type { SeriesName } from '../../src/metrics/schema';
import { PeerAccounts } from '../../src/metrics/sessions/peer-accounts';
import type { P2PEvents } from '../../src/p2p/p2p-events';
import { Pool } from '../../src/p2p/pool';
import { TestClock } from './points';

/** The fields of a point. */
type Fields = Readonly<Record<string, unknown>>;

/** A listener on regtest, from its sockets to its points, wired as in src/app/listener.ts. */
export interface CompactListener<C extends Clock = TestClock> {
  readonly bus: EventBus<MonitorEvents>;
  readonly chain: HeaderChain;
  readonly view: RelayView;
  readonly clock: C;
  readonly blocks: readonly P2PEvents['block'][];
  readonly processed: readonly ProcessedBlock[];
  readonly violations: readonly string[];
  readonly disconnects: readonly string[];
  readonly faults: readonly unknown[];
  /** The points of a series so far. */
  points(series: SeriesName): readonly Fields[];
  /** Ends an interval. */
  interval(): void;
  stop(): Promise<void>;
}

/** Starts a listener that dials these ports of 127.0.0.1. By default the test owns its clock. */
export function startListener(ports: readonly number[]): CompactListener;
export function startListener<C extends Clock>(ports: readonly number[], clock: C): CompactListener<C>;
export function startListener(
  ports: readonly number[],
  clock: Clock = new TestClock(),
): CompactListener<Clock> {
  const bus = new EventBus<MonitorEvents>();
  const chain = new HeaderChain(CHAIN_PARAMS.regtest, { unixTime: () => Date.now() / 1_000 });
  const headerAdded = (): void => undefined;
  const processor = new BlockProcessor({ chain, clock, bus, headerAdded });
  const points = new Map<SeriesName, Fields[]>();
  const blocks: P2PEvents['block'][] = [];
  const processed: ProcessedBlock[] = [];
  const violations: string[] = [];
  const disconnects: string[] = [];
  const faults: unknown[] = [];
  bus.on('block', (event) => blocks.push(event));
  bus.on('processedBlock', (event) => processed.push(event));
  bus.on('violation', ({ reason }) => violations.push(reason));
  bus.on('disconnected', ({ reason }) => disconnects.push(reason));
  syncChain({
    chain,
    processor,
    bus,
    clock,
    askHeaders: (peer, locator) => pool.askHeaders(peer, locator),
    report: (peer, violation) => pool.report(peer, violation),
    askAgain: (hash) => pool.askAgain(hash),
    headerAdded,
    advanced: () => undefined,
  });
  const view = new RelayView(
    { maxBytes: 10_000_000, expiryMs: 1_000_000, coinTransactions: 10_000 },
    { bus },
  );
  const judge = new Judge('core', { bus, monotonicMs: () => clock.monotonicMs() });
  syncRelayView({ view, judge, bus, clock });
  const emit: Emit = (series, fields) => {
    points.set(series, [...(points.get(series) ?? []), fields]);
  };
  const monotonicMs = (): number => clock.monotonicMs();
  const accounts = new PeerAccounts({ nowMs: () => Date.now(), monotonicMs });
  const interval = connectCollectors(
    COLLECTORS.map((create) =>
      create({
        emit,
        policy: 'core',
        maxUserAgents: 10,
        intervalMs: 5_000,
        monotonicMs,
        unixTime: () => clock.monotonicMs() / 1_000,
        emitted: () => 0,
        exporters: () => [],
        mempool: () => view.gauges(),
        accounts,
        tips: tipsOf(chain, processor),
        addresses: () => pool.addresses,
      }),
    ),
    bus,
    (_, error) => faults.push(error),
  );
  const pool = new Pool(
    {
      network: 'regtest',
      connect: ports.map((port) => ({ host: '127.0.0.1', port })),
      userAgent: '/test/',
      wtxidRelay: true,
      txPerSecond: 1_000,
    },
    {
      bus,
      clock,
      checks: blockChecks({ chain, headerAdded: () => processor.headersAdded() }),
      relayed: view.relayed,
      fates: view.fates('core'),
      reportUnreachable: () => undefined,
      fault: (error) => faults.push(error),
    },
  );
  pool.start();
  return {
    bus,
    chain,
    view,
    clock,
    blocks,
    processed,
    violations,
    disconnects,
    faults,
    points: (series) => points.get(series) ?? [],
    interval,
    stop: () => pool.stop(),
  };
}
