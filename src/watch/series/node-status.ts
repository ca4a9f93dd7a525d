import type { ChainInfo, NetworkInfo } from '../answers';
import type { NodeLink } from '../node-link';
import type { CallAccount } from './call-account';
import type { MissedCounts } from './missed-counts';
import { GAUGE_SAVED_MS, PacedTask } from './paced-task';
import type { PartModules } from './part-modules';
import type { WatchPart, WatchTask } from './watch-task';

interface NodeStatusModules extends PartModules {
  readonly link: NodeLink;
  readonly account: CallAccount;
  readonly missed: MissedCounts;
  /** The height of the last emitted block, for a user who may not ask for the node's height. */
  readonly height: () => number | undefined;
}

/** `node_status`: the health of the node, and what asking it cost. */
export class NodeStatus implements WatchPart {
  readonly name = 'status of the watched node';
  readonly tasks: readonly WatchTask[];
  private chain: ChainInfo | undefined;
  private network: NetworkInfo | undefined;
  private uptime: { readonly seconds: number; readonly atMs: number } | undefined;

  constructor(private readonly modules: NodeStatusModules) {
    const { clock } = modules;
    const minutely = { clock, every: 'minute', share: 0.0025, savedMs: GAUGE_SAVED_MS } as const;
    this.tasks = [
      new PacedTask(
        'getblockchaininfo',
        { clock, every: 'interval', share: 0.005, savedMs: GAUGE_SAVED_MS },
        async ({ calls }) => void (this.chain = await calls.chainInfo()),
      ),
      new PacedTask('uptime', minutely, async ({ calls }) => {
        const seconds = await calls.uptime();
        this.uptime = seconds === undefined ? undefined : { seconds, atMs: clock.monotonicMs() };
      }),
      // btcd's getinfo and Core's getnetworkinfo.
      ...(['btcd', 'core'] as const).map(
        (only) =>
          new PacedTask(
            only === 'btcd' ? 'getinfo' : 'getnetworkinfo',
            { ...minutely, only },
            async ({ calls }) => void (this.network = await calls.networkInfo()),
          ),
      ),
    ];
  }

  /** The node's own number of peers; a limited user may not ask for more. */
  get connections(): number | undefined {
    return this.network?.connections;
  }

  /** Whether the node loads the chain, if it says so. */
  get isLoading(): boolean {
    return this.chain?.isInitialDownload === true;
  }

  interval(isUp: boolean): void {
    const { emit, clock, link, account, missed, height } = this.modules;
    const { calls, failed, totalMs, medianMs, longestMs } = account.take();
    const { transactions, fees, blocks } = missed.take();
    const cost = {
      rpc_calls: calls,
      rpc_failed: failed,
      rpc_time: totalMs,
      rpc_latency: medianMs,
      rpc_longest: longestMs,
      missed_tx: transactions,
      missed_fees: fees,
      missed_blocks: blocks,
    };
    if (!isUp) {
      emit('node_status', { is_up: false, ...cost });
      return;
    }
    const { chain, network, uptime } = this;
    const warnings = [...new Set([...(chain?.warnings ?? []), ...(network?.warnings ?? [])])];
    const hasWarnings = chain !== undefined || network !== undefined;
    emit('node_status', {
      is_up: true,
      uptime:
        uptime === undefined
          ? undefined
          : Math.floor(uptime.seconds + (clock.monotonicMs() - uptime.atMs) / 1_000),
      version: link.identity?.version,
      height: chain?.blocks ?? height(),
      headers: chain?.headers,
      difficulty: chain?.difficulty,
      progress: chain?.progress,
      is_initial_download: chain?.isInitialDownload,
      warnings: hasWarnings ? warnings.length : undefined,
      warning: warnings[0],
      ...cost,
    });
  }

  forget(): void {
    this.chain = undefined;
    this.network = undefined;
    this.uptime = undefined;
  }
}
