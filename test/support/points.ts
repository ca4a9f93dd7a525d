import type { ProcessedBlock } from '../../src/chain/chain-events';
import type { Clock } from '../../src/lib/clock';
import { EventBus } from '../../src/lib/event-bus';
import { LineSerializer } from '../../src/export/line';
import { connectCollectors } from '../../src/metrics/connect-collectors';
import type {
  CollectorContext,
  CollectorFactory,
  ExporterStats,
  MonitorEvents,
} from '../../src/metrics/collector';
import { Emitter } from '../../src/metrics/emitter';
import { type ExaminedBlock, examinedBlock } from '../../src/mempool/examined-block';
import { projectionOf } from '../../src/mempool/fee-projection';
import { BinSums } from '../../src/mempool/feerate-bins';
import type { MempoolEvents } from '../../src/mempool/mempool-events';
import { Judge } from '../../src/mempool/judge';
import type { MempoolGauges } from '../../src/mempool/relay-view';
import type { Point } from '../../src/metrics/point';
import { seriesOf } from '../../src/metrics/schema';
import type { PeerAccounts } from '../../src/metrics/sessions/peer-accounts';
import type { AddressLabels } from '../../src/p2p/join/address-labels';
import type { PeerInfo } from '../../src/p2p/p2p-events';
import { measuresOf } from '../../src/policy/measures';
import type { PolicyName } from '../../src/policy/standardness';
import { parseTransaction } from '../../src/wire/transaction';
import { buildTransaction } from '../wire/build';

/** A clock that a test owns. Each time is one nanosecond after the last. */
export class TestClock implements Clock {
  ns = 0n;
  ms = 0;

  uniqueNs(): bigint {
    return ++this.ns;
  }

  monotonicMs(): number {
    return this.ms;
  }
}

const NOTHING_WAITS: NonNullable<CollectorContext['waiting']> = {
  fees: () => projectionOf(new BinSums()),
};

/** Running collectors: events go in, lines come out. */
export interface Bench {
  readonly bus: EventBus<MonitorEvents>;
  readonly clock: TestClock;
  readonly points: Point[];
  readonly complaints: string[];
  /** Ends the interval. */
  interval(): void;
  /** The points since the last call, as line protocol. */
  lines(): string[];
}

/** Connects collectors to a bus of their own. */
export function benchOf(
  factories: readonly CollectorFactory[],
  options: {
    policy?: PolicyName;
    maxUserAgents?: number;
    exporters?: readonly ExporterStats[] | (() => readonly ExporterStats[]);
    mempool?: MempoolGauges;
    waiting?: NonNullable<CollectorContext['waiting']>;
    unixTime?: () => number;
    asnOf?: (ip: string) => number | undefined;
    labels?: AddressLabels;
    arrivalsSample?: number;
    accounts?: PeerAccounts;
    tips?: CollectorContext['tips'];
    /** Looks through judged blocks; default: nothing of a block is known. */
    examine?: (judged: ProcessedBlock) => ExaminedBlock;
    addresses?: { readonly known?: number; readonly banned: number };
    /** Whether transactions are judged when they come; default yes. */
    judges?: boolean;
  } = {},
): Bench {
  const { exporters = [] } = options;
  const bus = new EventBus<MonitorEvents>();
  const points: Point[] = [];
  const clock = new TestClock();
  const complaints: string[] = [];
  const emitter = new Emitter(
    { node: 'n', network: 'regtest' },
    { clock, sink: { push: (point) => points.push(point) } },
  );
  const collectors = factories.map((create) =>
    create({
      emit: emitter.emit,
      policy: options.policy ?? 'btcd',
      // A listener judges each transaction itself.
      isWatched: options.judges === false,
      maxUserAgents: options.maxUserAgents ?? 200,
      intervalMs: 5_000,
      monotonicMs: () => clock.ms,
      unixTime: () => clock.ms / 1_000,
      emitted: (series) => emitter.emitted(series),
      exporters: () => (typeof exporters === 'function' ? exporters() : exporters),
      ...(options.unixTime === undefined ? {} : { unixTime: options.unixTime }),
      asnOf: options.asnOf,
      labels: options.labels,
      arrivalsSample: options.arrivalsSample,
      ...(options.accounts === undefined ? {} : { accounts: options.accounts }),
      ...(options.tips === undefined ? {} : { tips: options.tips }),
      addresses: () => options.addresses ?? { banned: 0 },
      mempool: () => options.mempool ?? { transactions: 0, bytes: 0, withFee: 0, orphans: 0 },
      waiting: options.waiting ?? NOTHING_WAITS,
    }),
  );
  const interval = connectCollectors(collectors, bus, (name, error) =>
    complaints.push(`${name}: ${String(error)}`),
  );
  const { examine = (judged: ProcessedBlock) => examinedBlock(judged, { numUnseen: 0, held: undefined }) } =
    options;
  bus.on('processedBlock', (judged) => bus.emit('blockExamined', examine(judged)));
  const judge = new Judge(options.policy ?? 'btcd', { bus, monotonicMs: () => clock.ms });
  let known: MempoolEvents['feeKnown'] | undefined;
  bus.on('feeKnown', (told) => (known = told));
  bus.on('transaction', ({ transaction, first, receivedMs }) => {
    const fee = known?.txid === transaction.wireTxid ? known.fee : undefined;
    if (first && options.judges !== false) judge.judge(transaction, fee, receivedMs);
  });
  const serializer = new LineSerializer({ maxBytes: 65_536 });
  const lines = (): string[] =>
    points.splice(0).map((point) => {
      const anchors = seriesOf(point.series).anchors.filter((name) => point.fields[name] !== undefined);
      if (anchors.length !== 1)
        throw new Error(`a point of ${point.series} has the anchors ${anchors.join()}`);
      const line = serializer.serialize(point);
      if (typeof line !== 'string') throw new Error(line.detail);
      return line;
    });
  return { bus, clock, points, complaints, interval, lines };
}

/** Measures of a transaction that all policies relay. */
export const plainMeasures = measuresOf(parseTransaction(buildTransaction()), {});

/** A peer that nothing is known of. */
export const somePeer: PeerInfo = { id: 1, address: '192.0.2.1:8333', outbound: true, claims: null };
