import { blockChecks } from '../chain/block-checks';
import { BlockProcessor } from '../chain/block-processor';
import { syncChain } from '../chain/chain-sync';
import { HeaderChain } from '../chain/header-chain';
import { CHAIN_PARAMS } from '../chain/params';
import { EventBus } from '../lib/event-bus';
import type { Log } from '../lib/log';
import { Judge } from '../mempool/judge';
import { RelayView } from '../mempool/relay-view';
import { syncRelayView } from '../mempool/relay-view-sync';
import type { CollectorContext, MonitorEvents } from '../metrics/collector';
import { btcdmon } from '../metrics/collectors/btcdmon';
import { COLLECTORS } from '../metrics/collectors/list';
import { seriesAccount } from '../metrics/collectors/series-account';
import { PeerAccounts } from '../metrics/sessions/peer-accounts';
import { connectCollectors } from '../metrics/connect-collectors';
import { Emitter, type PointSink } from '../metrics/emitter';
import { ReplayClock } from '../record/replay-clock';
import { Replayer } from '../record/replayer';
import type { RecordStart } from '../record/start-record';
import { formatHost } from '../p2p/join/host';
import type { RawAddress } from '../p2p/join/ip';
import { Header, HEADER_BYTES } from '../wire/header';
import { complainTo, tipsOf } from './collectors';
import { RELAY_VIEW_LIMITS } from './relay-view-limits';

const nothing = (): void => undefined;

/** The parts of a replay of one run. */
export interface ReplayPipeline {
  readonly replayer: Replayer;
  readonly clock: ReplayClock;
  /** Connects the parts that make points, if no record has done so before. */
  readonly setUp: () => void;
}

/**
 * The parts of a listener that make points of what peers sent: chain, relay view, judge and collectors. They
 * are fed by a recording, in place of the pool, and have the clock of the run. `btcdmon`, which measures the
 * program itself, is written as the account of the replayed points alone.
 */
export function replayPipeline(
  start: RecordStart,
  { sink, log }: { readonly sink: PointSink; readonly log: Log },
): ReplayPipeline {
  const { node, network, policy, maxUserAgents, intervalMs, startedMs } = start;
  const clock = new ReplayClock();
  const bus = new EventBus<MonitorEvents>();
  const chain = new HeaderChain(CHAIN_PARAMS[network], { unixTime: clock.unixTime });
  const emitter = new Emitter({ node, network }, { clock, sink });
  let addresses: ReturnType<CollectorContext['addresses']> = {};
  let writePoints = nothing;
  let follow = nothing;
  let judgeHeader: (header: Header) => unknown = nothing;
  let isSetUp = false;
  const setUp = (): void => {
    if (isSetUp) return;
    isSetUp = true;
    // The chain now has the headers that the listener had before its recording.
    const processor = new BlockProcessor({ chain, clock, bus, headerAdded: nothing });
    const checks = blockChecks({ chain, headerAdded: () => processor.headersAdded() });
    judgeHeader = (header) => checks.judgeHeader(header);
    const view = new RelayView(
      { maxBytes: start.mempoolBytes, ...RELAY_VIEW_LIMITS },
      { bus, lookUp: undefined },
    );
    follow = syncChain({
      ...{ chain, processor, bus, clock, headerAdded: nothing, advanced: nothing },
      // What the run asked and reported is in the recording.
      ...{ askHeaders: nothing, report: nothing, askAgain: nothing },
    });
    const judge = new Judge(policy, { bus, monotonicMs: () => clock.monotonicMs() });
    syncRelayView({ view, judge, bus, clock });
    const origins = {
      asnOf: start.hasAsMap ? (ip: string) => replayer.origins.of(ip).asn : undefined,
      labels: {
        all: start.labels,
        of: (raw: RawAddress) => replayer.origins.of(formatHost(raw) ?? '').labels ?? [],
      },
    };
    const accounts = new PeerAccounts({
      ...origins,
      nowMs: () => clock.unixTime() * 1_000,
      monotonicMs: () => clock.monotonicMs(),
      heightOf: (hash) => chain.heightOf(hash),
    });
    const context: CollectorContext = {
      ...{ policy, maxUserAgents, intervalMs },
      emit: emitter.emit,
      emitted: (series) => emitter.emitted(series),
      monotonicMs: () => clock.monotonicMs(),
      unixTime: clock.unixTime,
      exporters: () => [],
      tips: tipsOf(chain, processor),
      mempool: () => view.gauges(),
      waiting: view.waiting,
      addresses: () => addresses,
      ...origins,
      arrivalsSample: start.arrivalsSample,
      accounts,
    };
    const collectors = COLLECTORS.filter((create) => create !== btcdmon).map((create) => create(context));
    const account = seriesAccount({ emit: context.emit, emitted: context.emitted, startedMs });
    writePoints = connectCollectors([...collectors, account], bus, complainTo(log));
  };
  const replayer = new Replayer({
    ...{ bus, clock },
    hooks: {
      setUp,
      interval: (gauges) => {
        addresses = gauges;
        writePoints();
      },
      follow: () => follow(),
      header: (bytes) => void judgeHeader(new Header(bytes, 0)),
      headers: (bytes) => {
        for (let at = 0; at < bytes.length; at += HEADER_BYTES) chain.add(bytes, at);
      },
    },
  });
  return { replayer, clock, setUp };
}
