import { setTimeout as sleep } from 'node:timers/promises';
import type { SystemClock } from '../lib/clock';
import { messageOf } from '../lib/errors';
import { EventBus } from '../lib/event-bus';
import type { Log } from '../lib/log';
import type { CollectorFactory } from '../metrics/collector';
import { NODE_COLLECTORS, TAP_ALONE_COLLECTORS, TAP_COLLECTORS } from '../metrics/collectors/list';
import { formatEndpoint } from '../p2p/endpoint';
import { BanPolicy } from '../tap/ban-policy';
import { tapCollector } from '../tap/tap-collector';
import type { TapEvents } from '../tap/tap-events';
import { TapMonitor } from '../tap/tap-monitor';
import { TapProcess } from '../tap/tap-process';
import { complainTo } from './collectors';
import type { WatchedNode } from './watched-node';
import type { TapConfig, TapSource } from './watching';

/** Milliseconds until the process of a tap is started again after it ended. */
const RESTART_MS = 1_000;

/**
 * Turns what a tap or capture reads into the points of a node.
 * @param isAsked whether the node's RPC already gives its transactions, peers and bandwidth
 */
export function readTap(
  bus: EventBus<TapEvents>,
  node: WatchedNode,
  {
    clock,
    log,
    isAsked,
  }: { readonly clock: Pick<SystemClock, 'monotonicMs'>; readonly log: Log; readonly isAsked: boolean },
): void {
  const judge = isAsked ? null : node.judge;
  const monitor = new TapMonitor({ tap: bus, bus: node.bus, clock, judge, complain: complainTo(log) });
  node.isServingInbound = () => monitor.isServingInbound;
  const ofTap: CollectorFactory = ({ emit }) => tapCollector(emit, bus);
  const alone = isAsked ? [] : TAP_ALONE_COLLECTORS;
  node.collect([ofTap, ...TAP_COLLECTORS, ...alone, ...NODE_COLLECTORS], monitor.monotonicMs);
}

/**
 * Begins to forward the connections of a node, and to read what passes.
 * @throws UsageError or FailureError of one line where a port can't be listened on
 */
export async function startTap(
  config: TapConfig,
  node: WatchedNode,
  modules: { readonly clock: SystemClock; readonly log: Log; readonly isAsked: boolean },
): Promise<TapSource> {
  const tap = new RunningTap(config, node, modules);
  await tap.open();
  return tap;
}

/** A tap whose process is started again where it ends. */
class RunningTap implements TapSource {
  private readonly bus = new EventBus<TapEvents>();
  private tap: TapProcess | undefined;
  private places: object = {};
  private isStopping = false;

  constructor(
    private readonly config: TapConfig,
    private readonly node: WatchedNode,
    private readonly modules: { readonly clock: SystemClock; readonly log: Log; readonly isAsked: boolean },
  ) {
    const { log } = modules;
    readTap(this.bus, node, modules);
    if (config.bans)
      new BanPolicy({
        bus: node.bus,
        ban: (connection) => this.tap?.ban(connection) === true,
        times: { monotonicMs: () => modules.clock.monotonicMs(), unixTime: () => Date.now() / 1_000 },
        banned: ({ address }, reason) =>
          log.warn('a peer of the tap is banned for a day', { peer: address, reason }),
      });
  }

  say(): void {
    this.modules.log.info('tapping', { node: this.node.settings.node, ...this.places });
  }

  /** Starts the process. */
  async open(): Promise<void> {
    const { log } = this.modules;
    const { settings } = this.config;
    const tap = new TapProcess(settings, { bus: this.bus, warn: (message) => log.warn(message) });
    this.tap = tap;
    const { forwards, socks } = await tap.open();
    this.places = {
      forward: forwards.map(formatEndpoint),
      ...(socks === null ? {} : { socks: formatEndpoint(socks) }),
    };
    void tap.ended.then((how) => this.restart(how));
  }

  interval(): void {
    // Collectors write all points of a tap.
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    await this.tap?.close();
  }

  /** Tries to start the process again, after a pause. */
  private async isOpenAgain(): Promise<boolean> {
    await sleep(RESTART_MS, undefined, { ref: false });
    if (this.isStopping) return false;
    try {
      await this.open();
      this.say();
      return true;
    } catch (error) {
      this.modules.log.error('the tap cannot be started', { error: messageOf(error) });
      return false;
    }
  }

  private stopped(): boolean {
    return this.isStopping;
  }

  private async restart(how: string): Promise<void> {
    if (this.stopped()) return;
    const { clock, log } = this.modules;
    const endedAt = clock.monotonicMs();
    log.error('the process of the tap ended and is started again; its connections are lost', {
      how,
    });
    while (!(await this.isOpenAgain())) if (this.stopped()) return;
    this.node.emitter.emit(
      'watch_gaps',
      { duration: clock.monotonicMs() - endedAt, reason: how },
      { source: 'tap' },
    );
  }
}
