import type { PointQueue } from '../export/point-queue';
import type { Clock, ClockSteps } from '../lib/clock';
import { errorDetail } from '../lib/errors';
import type { EventBus } from '../lib/event-bus';
import { type Log, logOutput } from '../lib/log';
import type { LiveView } from '../live/live-view';
import type { RelayView } from '../mempool/relay-view';
import type { BlockProcessor } from '../chain/block-processor';
import { chainTips } from '../chain/chain-tips';
import type { HeaderChain } from '../chain/header-chain';
import { connectCollectors } from '../metrics/connect-collectors';
import type { CollectorContext, ExporterStats, MonitorEvents } from '../metrics/collector';
import { COLLECTORS } from '../metrics/collectors/list';
import type { Emitter, PointSink } from '../metrics/emitter';
import type { Complain } from '../metrics/guard';
import type { PeerAccounts } from '../metrics/sessions/peer-accounts';
import type { AsMap } from '../p2p/asmap/asmap';
import { parseIp } from '../p2p/join/ip';
import type { Pool } from '../p2p/pool';
import type { WhyRecord } from '../why/why-record';
import type { AppConfig } from './config';

/** The parts that collectors are connected to. */
export interface CollectorParts {
  readonly bus: EventBus<MonitorEvents>;
  readonly clock: Clock & ClockSteps;
  /** Unix time in seconds of what is handled. */
  readonly unixTime: () => number;
  readonly log: Log;
  readonly emitter: Emitter;
  readonly exporters: () => readonly ExporterStats[];
  readonly view: RelayView;
  readonly chain: HeaderChain;
  readonly processor: BlockProcessor;
  readonly pool: Pick<Pool, 'addresses'>;
  readonly live: LiveView;
  /** Remembers what happened to each transaction, block and peer; null where that is not wanted. */
  readonly why: WhyRecord | null;
  readonly accounts: PeerAccounts;
}

/**
 * Connects the collectors and the live view to the events.
 * @returns a function that writes the points of the interval that ends now
 */
export function startCollectors(
  { policy, maxUserAgents, intervalMs, asMap, labels, arrivalsSample }: AppConfig,
  parts: CollectorParts,
): () => void {
  const { bus, clock, unixTime, log, emitter, exporters } = parts;
  const { view, pool, live, why, accounts, chain, processor } = parts;
  const context: CollectorContext = {
    ...{ policy, maxUserAgents, intervalMs, exporters, clockSteps: clock },
    emit: emitter.emit,
    emitted: (series) => emitter.emitted(series),
    monotonicMs: () => clock.monotonicMs(),
    unixTime,
    logDropped: () => logOutput().dropped,
    loopMeasured: (lagMs, stalledMs) => live.loopMeasured(lagMs, stalledMs),
    tips: tipsOf(chain, processor),
    mempool: () => view.gauges(),
    waiting: view.waiting,
    addresses: () => pool.addresses,
    asnOf: asnLookup(asMap),
    labels,
    arrivalsSample,
    accounts,
  };
  // The record sees a connection that ends before the collector of sessions closes its account.
  const collectors = [...(why === null ? [] : [why]), ...COLLECTORS.map((create) => create(context)), live];
  return connectCollectors(collectors, bus, complainTo(log));
}

/** The tips of the listener's own chain. */
export function tipsOf(
  chain: HeaderChain,
  processor: Pick<BlockProcessor, 'hasBlock'>,
): NonNullable<CollectorContext['tips']> {
  const hasBlock = (index: number): boolean => processor.hasBlock(index);
  return { changes: () => chain.changes, all: () => chainTips({ chain, hasBlock }) };
}

/**
 * Looks up the autonomous system of an IP address; undefined if the text is no IP address or the map does not
 * know it. Without a map there is no look-up.
 */
export function asnLookup(asMap: AsMap | undefined): ((text: string) => number | undefined) | undefined {
  if (asMap === undefined) return undefined;
  return (text) => {
    const ip = parseIp(text);
    return ip === null ? undefined : asMap.asnOf(ip);
  };
}

/** Gives each point to every queue. */
export function sinkTo(queues: readonly PointQueue[]): PointSink {
  return {
    push: (point, isInbound) => {
      for (const queue of queues) queue.push(point, isInbound);
    },
  };
}

/** Logs the failure of a collector. */
export function complainTo(log: Log): Complain {
  return (collector, error) => void log.error('a collector failed', { collector, error: errorDetail(error) });
}
