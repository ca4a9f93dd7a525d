import type { Clock, ClockSteps } from '../lib/clock';
import { EventBus } from '../lib/event-bus';
import { Judge } from '../mempool/judge';
import type { CollectorContext, CollectorFactory, MonitorEvents } from '../metrics/collector';
import { seriesAccount } from '../metrics/collectors/series-account';
import { connectCollectors } from '../metrics/connect-collectors';
import { Emitter, type PointSink } from '../metrics/emitter';
import type { Complain } from '../metrics/guard';
import type { PolicyName } from '../policy/standardness';
import type { NetworkName } from '../wire/networks';

/** Settings of a watched node. */
export interface WatchedNodeSettings {
  /** The tag `node` of its points. */
  readonly node: string;
  readonly network: NetworkName;
  readonly policy: PolicyName;
  readonly maxUserAgents: number;
  readonly intervalMs: number;
}

export interface WatchedNodeModules {
  readonly clock: Clock;
  /** Unix time in seconds. */
  readonly unixTime: () => number;
  /** Reports when the clock is set; undefined for one that is never set. */
  readonly clockSteps?: ClockSteps;
  readonly sink: PointSink;
  readonly complain: Complain;
}

/**
 * A watched node in the data: a node of its own, with its own events, its own points and its own account of
 * them. Its RPC, its tap or both feed it.
 */
export class WatchedNode {
  readonly bus = new EventBus<MonitorEvents>();
  readonly emitter: Emitter;
  readonly judge: Judge;
  /** Whether the events of this moment come from an inbound peer; its points come after all others. */
  isServingInbound: () => boolean = () => false;
  private readonly writers: (() => void)[] = [];

  constructor(
    readonly settings: WatchedNodeSettings,
    private readonly modules: WatchedNodeModules,
  ) {
    const { node, network, policy } = settings;
    const { clock, sink } = modules;
    const isInbound = (): boolean => this.isServingInbound();
    this.emitter = new Emitter({ node, network }, { clock, sink, isInbound });
    this.judge = new Judge(policy, { bus: this.bus });
  }

  /**
   * Connects collectors to the node's events.
   * @param monotonicMs the clock of these events, where it is not the program's
   */
  collect(
    factories: readonly CollectorFactory[],
    monotonicMs: () => number = () => this.modules.clock.monotonicMs(),
  ): void {
    const { policy, maxUserAgents, intervalMs } = this.settings;
    const { clockSteps, complain, unixTime } = this.modules;
    const { emitter } = this;
    const context: CollectorContext = {
      ...{ policy, maxUserAgents, intervalMs, monotonicMs, unixTime, isWatched: true },
      ...(clockSteps === undefined ? {} : { clockSteps }),
      emit: emitter.emit,
      emitted: emitter.emitted.bind(emitter),
      exporters: () => [],
      // What a listener knows by its own relay view and addresses.
      mempool: () => ({ transactions: 0, bytes: 0, withFee: 0, orphans: 0 }),
      addresses: () => ({}),
    };
    const collectors = factories.map((create) => create(context));
    this.writers.push(connectCollectors(collectors, this.bus, complain));
  }

  /**
   * Begins the node's account of its points. Call it once, after the node's other collectors are connected.
   * @param startedMs time of its first points, in Unix milliseconds; default: now
   */
  account(startedMs: number = Date.now()): void {
    this.collect([(context) => seriesAccount({ ...context, startedMs })]);
  }

  /** Writes the points of the interval that ends now. */
  interval(): void {
    for (const write of this.writers) write();
  }
}
