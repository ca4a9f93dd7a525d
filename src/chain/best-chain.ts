import type { EventBus } from '../lib/event-bus';
import type { Block } from '../wire/block';
import type { ChainEvents } from './chain-events';
import type { HeaderChain } from './header-chain';
import { RECENT_BLOCKS, RecentBlocks } from './recent-blocks';

/**
 * Decides which of the valid blocks that arrived is the best one, and which of the others are its ancestors.
 * A listener starts in the middle of a chain and blocks can arrive late, so there are gaps.
 *
 * The best block is the one with the most work, and of equals the one that arrived first. It must also be
 * part of the best header chain, or no block may be missing between it and the chain of the previous best
 * block. So a header whose block never arrives delays nothing.
 */
export class BestChain {
  /** Indices of the valid blocks that arrived. */
  private readonly here = new Set<number>();
  /** Blocks for which `blockConnected` was emitted and `blockDisconnected` was not. */
  private readonly connected = new Set<number>();
  private readonly recent = new RecentBlocks();
  private best: number | undefined;

  constructor(
    private readonly modules: { readonly chain: HeaderChain; readonly bus: EventBus<ChainEvents> },
  ) {}

  /** Whether this valid block arrived before. */
  has(index: number): boolean {
    return this.here.has(index);
  }

  /** Whether a valid block that has just arrived would become the best block or is an ancestor of it. */
  takes(index: number): boolean {
    return this.standsBelow(index) || this.wins(index);
  }

  /** Adds a valid block that arrived for the first time, and emits the events that follow from it. */
  add(block: Block, index: number): void {
    const { best } = this;
    const isRecent = this.isRecent(index);
    this.here.add(index);
    if (isRecent) this.recent.add(index, block);
    if (this.standsBelow(index)) {
      // Nothing recent depends on old blocks, and any peer can send thousands of them.
      if (isRecent) this.connect(index, block);
    } else if (this.wins(index)) {
      this.move(
        index,
        best === undefined ? this.gapBelow(index) : this.modules.chain.forkPoint(best, index),
        block,
      );
    }
  }

  /** Adds a valid block without emitting events. */
  addSilently(index: number): void {
    const wins = this.wins(index);
    this.here.add(index);
    if (wins) this.best = index;
  }

  /**
   * Leaves the best block if it turned out to have an invalid ancestor. The highest block of the best header
   * chain that arrived takes its place.
   */
  invalidated(): void {
    const { chain } = this.modules;
    const { best } = this;
    if (best === undefined || !chain.isInvalid(best)) return;
    let next = chain.best;
    while (next !== 0 && !this.here.has(next)) next = chain.parent(next);
    const fork = chain.forkPoint(best, next);
    if (this.here.has(next)) {
      this.move(next, fork);
    } else {
      this.disconnect(best, fork);
      this.best = undefined;
    }
  }

  /**
   * Makes a block the best one. `fork` is the last block that its chain shares with the chain of the previous
   * best. Leaving an invalid block is no reorganisation, because no node ever accepted it.
   */
  private move(index: number, fork: number, block?: Block): void {
    const { chain, bus } = this.modules;
    const old = this.best;
    this.best = index;
    if (old !== undefined && old !== fork && !chain.isInvalid(old)) {
      const forkHeight = chain.height(fork);
      const depth = chain.height(old) - forkHeight;
      bus.emit('reorg', { depth, oldTip: chain.hashOf(old), newTip: chain.hashOf(index), forkHeight });
    }
    if (old !== undefined) this.disconnect(old, fork);

    let last: Block | undefined;
    for (const each of this.path(fork, index)) {
      last = each === index && block !== undefined ? block : this.recent.get(each);
      if (last !== undefined) this.connect(each, last);
    }
    this.recent.keepOnly((each) => this.isRecent(each));
    if (last === undefined) return;
    bus.emit('newBest', { block: last, height: chain.height(index), medianTime: chain.medianTime(index) });
  }

  private connect(index: number, block: Block): void {
    this.connected.add(index);
    this.modules.bus.emit('blockConnected', { block, height: this.modules.chain.height(index) });
  }

  /** Disconnects the blocks from the old best block down to `fork`, without `fork` itself. */
  private disconnect(old: number, fork: number): void {
    const { chain, bus } = this.modules;
    for (let each = old; each !== fork; each = chain.parent(each))
      if (this.connected.delete(each))
        bus.emit('blockDisconnected', { hash: chain.hashOf(each), height: chain.height(each) });
  }

  /** The blocks above `fork` up to `index` that arrived, the lowest first. */
  private path(fork: number, index: number): number[] {
    const path: number[] = [];
    for (let each = index; each !== fork; each = this.modules.chain.parent(each))
      if (this.here.has(each)) path.push(each);
    return path.reverse();
  }

  /** The first ancestor of this block that has not arrived. */
  private gapBelow(index: number): number {
    const { chain } = this.modules;
    let each = chain.parent(index);
    while (each !== 0 && this.here.has(each)) each = chain.parent(each);
    return each;
  }

  private standsBelow(index: number): boolean {
    const { chain } = this.modules;
    const { best } = this;
    const height = chain.height(index);
    return best !== undefined && height < chain.height(best) && chain.ancestor(best, height) === index;
  }

  private wins(index: number): boolean {
    const { chain } = this.modules;
    const { best } = this;
    if (best === undefined) return chain.isMain(index);
    if (chain.work(index) <= chain.work(best)) return false;
    if (chain.isMain(index)) return true;
    const fork = chain.forkPoint(best, index);
    let each = chain.parent(index);
    while (each !== fork && this.here.has(each)) each = chain.parent(each);
    return each === fork;
  }

  private isRecent(index: number): boolean {
    const { chain } = this.modules;
    return this.best === undefined || chain.height(index) > chain.height(this.best) - RECENT_BLOCKS;
  }
}
