import { CHAIN_PARAMS } from '../../chain/params';
import { coinbaseValue, subsidy } from '../../chain/subsidy';
import type { Clock } from '../../lib/clock';
import type { EventBus } from '../../lib/event-bus';
import { Throttle } from '../../lib/throttle';
import type { Timer } from '../../lib/timer';
import type { MonitorEvents } from '../../metrics/collector';
import { type Block, parseBlock } from '../../wire/block';
import { DecodeError } from '../../wire/decode-error';
import { type Hash, readHash } from '../../wire/hash';
import type { NetworkName } from '../../wire/networks';
import type { IdentifiedNode } from '../identify';
import type { NodeCalls } from '../node-calls';
import type { BlockNotice } from '../read-notification';
import { BlockTargets } from './block-targets';
import { CallBudget } from './call-budget';
import type { MissedCounts } from './missed-counts';
import { GAUGE_SAVED_MS, PacedTask } from './paced-task';
import { type ToldBlock, ToldChain } from './told-chain';
import type { WatchPart, WatchTask } from './watch-task';

/** The most blocks that are emitted for one change of the chain: a week of mainnet. */
const MAX_WAY = 1_008;

/** Blocks that are read at the start, so that the median time of the next ones is known. */
const FIRST_BLOCKS = 11;

/** How long no notification has come when an incomplete reorganisation is taken for complete. */
const SETTLE_MS = 1_000;

/** Pause after a call that failed. */
const RETRY_MS = 1_000;

/** Pause where the node does not tell its best block. */
const RETRY_BEGIN_MS = 30_000;

/** How often skipped blocks are logged. */
const LEAP_WARNING_MS = 600_000;

/**
 * Time for calls about blocks: 6 s a minute, which is a tenth of an initial download, and half a minute at
 * once for blocks that a gap has missed.
 */
const BUDGET = { perMinuteMs: 6_000, mostMs: 30_000 };

const NO_HASH = readHash(Buffer.alloc(32), 0);

interface BlockFollowerModules {
  readonly bus: EventBus<MonitorEvents>;
  readonly network: NetworkName;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly timer: Timer;
  readonly missed: MissedCounts;
  readonly warn: (message: string) => void;
  /** The chain has changed. */
  readonly changed: () => void;
  /** Something may be asked now. */
  readonly wake: () => void;
}

/**
 * Follows the best chain of a node, and emits every block that joins or leaves it, in this order:
 * `processedBlock`, `reorg`, `blockDisconnected`, `blockConnected`, `newBest`. The node names its best block
 * (btcd by notifications, Core by an answer), and the blocks themselves show the way there. So a missed
 * notification leaves no hole.
 */
export class BlockFollower implements WatchPart {
  readonly name = 'blocks of the watched node';
  readonly tasks: readonly WatchTask[];
  private readonly chain = new ToldChain();
  private readonly targets = new BlockTargets();
  private readonly budget = new CallBudget(BUDGET);
  /** Blocks that are still to be emitted, the lowest last, up to the best one; and the bytes of that one. */
  private way: Hash[] = [];
  private best: { readonly hash: Hash; readonly block: Block } | undefined;
  private isBestWanted = false;
  private retryMs = -Infinity;
  private cancelSettling: () => void = () => undefined;
  /** An initial download makes one after the other. */
  private readonly leaps: Throttle;

  constructor(private readonly modules: BlockFollowerModules) {
    const { clock } = modules;
    this.leaps = new Throttle(() => clock.monotonicMs(), LEAP_WARNING_MS);
    this.tasks = [
      {
        method: 'getblock',
        dueInMs: (nowMs) => this.dueInMs(nowMs),
        run: (node) => this.run(node),
      },
      new PacedTask(
        'getbestblockhash',
        { clock, every: 'interval', share: 0.0075, savedMs: GAUGE_SAVED_MS, only: 'core' },
        async ({ calls }) => {
          const best = await calls.bestHash();
          if (best !== this.chain.tip?.hash) this.recheck();
        },
      ),
    ];
  }

  /** The height of the last emitted block. */
  get height(): number | undefined {
    return this.chain.tip?.height;
  }

  /** btcd connected or disconnected a block. */
  noticed(notice: BlockNotice): void {
    this.targets.noticed(notice);
    this.cancelSettling();
    if (this.targets.isUnsettled)
      this.cancelSettling = this.modules.timer(SETTLE_MS, () => {
        this.targets.settle();
        this.modules.wake();
      });
    if (this.targets.next !== undefined) this.modules.wake();
  }

  /** The chain may have changed without a notification: the node is asked for its best block. */
  recheck(): void {
    this.isBestWanted = true;
    this.modules.wake();
  }

  stop(): void {
    this.cancelSettling();
  }

  private dueInMs(nowMs: number): number {
    const isWanted =
      this.chain.tip === undefined ||
      this.way.length > 0 ||
      this.isBestWanted ||
      this.targets.next !== undefined;
    return isWanted ? Math.max(this.retryMs - nowMs, this.budget.waitMs(nowMs)) : Infinity;
  }

  /** Does one step. The next one follows at once, unless something else is due or the budget is used up. */
  private async run({ calls }: IdentifiedNode): Promise<void> {
    const { clock } = this.modules;
    const beganMs = clock.monotonicMs();
    try {
      await this.step(calls);
    } catch (error) {
      // The present chain must be asked for again.
      this.way = [];
      this.best = undefined;
      this.isBestWanted = true;
      this.retryMs = clock.monotonicMs() + RETRY_MS;
      throw error;
    } finally {
      this.budget.spend(clock.monotonicMs() - beganMs, clock.monotonicMs());
    }
  }

  private async step(calls: NodeCalls): Promise<void> {
    const target = this.targets.next;
    if (this.chain.tip === undefined) await this.begin(calls);
    else if (this.way.length > 0) await this.advance(calls);
    else if (target?.hash !== undefined && target.height >= this.chain.lowestHeight) {
      this.targets.shift();
      await this.plan(calls, target.hash, target.height);
    } else if (target !== undefined || this.isBestWanted) {
      if (target !== undefined) this.targets.shift();
      this.isBestWanted = false;
      const best = await calls.bestHash();
      if (best === undefined) return;
      const height = this.chain.heightOf(best);
      if (height !== undefined) this.goBack(height, best);
      else await this.plan(calls, best, (await calls.header(best))?.height);
    }
  }

  /** Reads the newest blocks. They are older than this run, so they are not emitted. */
  private async begin(calls: NodeCalls): Promise<void> {
    const best = await calls.bestHash();
    const header = best === undefined ? undefined : await calls.header(best);
    if (best === undefined || header?.height === undefined) {
      this.retryMs = this.modules.clock.monotonicMs() + RETRY_BEGIN_MS;
      return;
    }
    const blocks: ToldBlock[] = [];
    let hash = best;
    for (let { height } = header; height >= 0 && blocks.length < FIRST_BLOCKS; height--) {
      const { time, wirePrevHash } = (await calls.wireHeader(hash)) ?? {};
      if (time === undefined || wirePrevHash === undefined) break;
      blocks.push({ hash, height, time });
      hash = wirePrevHash;
    }
    if (blocks.length === 0) this.retryMs = this.modules.clock.monotonicMs() + RETRY_BEGIN_MS;
    this.chain.begin(blocks.reverse());
    this.modules.changed();
  }

  /** Finds the way from the emitted chain to a best block. */
  private async plan(calls: NodeCalls, hash: Hash, height: number | undefined): Promise<void> {
    // A notification can be older than what was asked for meanwhile.
    if (this.chain.heightOf(hash) !== undefined) return;
    if (height !== undefined && height - (this.height ?? 0) > MAX_WAY) {
      await this.leap(calls);
      return;
    }
    const block = await this.ask(calls, hash);
    if (block === undefined) return;
    const way = [hash];
    let before = block.wirePrevHash;
    while (this.chain.heightOf(before) === undefined) {
      const header = way.length >= MAX_WAY || before === NO_HASH ? undefined : await calls.wireHeader(before);
      if (header === undefined || header === null) {
        await this.leap(calls);
        return;
      }
      way.push(before);
      before = header.wirePrevHash;
    }
    this.best = { hash, block };
    this.way = way;
  }

  /** Tells the next block of the way. */
  private async advance(calls: NodeCalls): Promise<void> {
    const hash = this.way.at(-1);
    if (hash === undefined) return;
    const block = this.best?.hash === hash ? this.best.block : await this.ask(calls, hash);
    const newTip = this.way[0] ?? hash;
    this.way.pop();
    if (this.way.length === 0) this.best = undefined;
    const forkHeight = block === undefined ? undefined : this.chain.heightOf(block.wirePrevHash);
    if (block === undefined || forkHeight === undefined) await this.leap(calls);
    else this.connect(block, forkHeight, newTip);
  }

  /** Tells that the chain ends at an earlier block, as after invalidateblock. */
  private goBack(height: number, hash: Hash): void {
    if (height === this.chain.tip?.height) return;
    this.disconnect(height, hash);
    this.modules.changed();
  }

  private connect(block: Block, forkHeight: number, newTip: Hash): void {
    const { bus, network, changed } = this.modules;
    const height = forkHeight + 1;
    const beyond = coinbaseValue(block) - subsidy(height, CHAIN_PARAMS[network]);
    bus.emit('processedBlock', {
      block,
      peerAddress: undefined,
      status: 'accepted',
      height,
      reason: undefined,
      processTimeMs: undefined,
      totalTxFees: beyond < 0 ? undefined : beyond,
    });
    this.disconnect(forkHeight, newTip);
    this.chain.push({ hash: block.wireHash, height, time: block.time });
    bus.emit('blockConnected', { block, height });
    bus.emit('newBest', { block, height, medianTime: this.chain.medianTime() });
    changed();
  }

  /** Removes the blocks above the fork, and emits the reorganisation, if there are any. */
  private disconnect(forkHeight: number, newTip: Hash): void {
    const { bus } = this.modules;
    const off = this.chain.cut(forkHeight);
    const [old] = off;
    if (old === undefined) return;
    bus.emit('reorg', { depth: off.length, oldTip: old.hash, newTip, forkHeight });
    for (const { hash, height } of off) bus.emit('blockDisconnected', { hash, height });
  }

  /**
   * Begins anew at the node's best block, without telling what lies before it: it is too far away, of another
   * chain, as after a restart of a regtest, or a block on the way can't be read.
   */
  private async leap(calls: NodeCalls): Promise<void> {
    const from = this.height;
    this.way = [];
    this.best = undefined;
    this.chain.begin([]);
    await this.begin(calls);
    const { height } = this;
    if (height === undefined) return;
    const left = Math.max(0, height - (from ?? height));
    this.modules.missed.add('blocks', left);
    if (this.leaps.allows())
      this.modules.warn(
        `the chain is followed from height ${height} on, and ${left} blocks before it get no points: no way of at most ${MAX_WAY} readable blocks leads there from the last block with points`,
      );
  }

  /** A block; undefined if the node does not have it any more, or if its bytes can't be read. */
  private async ask(calls: NodeCalls, hash: Hash): Promise<Block | undefined> {
    const bytes = await calls.blockBytes(hash);
    if (bytes === undefined || bytes === null) return undefined;
    try {
      const block = parseBlock(bytes);
      if (block.wireHash === hash) return block;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
    this.modules.missed.add('blocks');
    this.modules.warn('the node gave a block that cannot be read; it gets no point');
    return undefined;
  }
}
