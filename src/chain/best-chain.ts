import type { EventBus } from '../lib/event-bus';
import type { Block } from '../wire/block';
import type { ChainEvents } from './chain-events';
import type { HeaderChain } from './header-chain';
import { RECENT_BLOCKS, RecentBlocks } from './recent-blocks';

/**
 * Which of the valid blocks that came is the best, and which of the others stand below it. A listener begins in the middle of
 * a chain, and blocks can be late, so there are gaps.
 *
 * The best is the one with the most work, the first of equals, if it is of the best chain of headers, or if no block is
 * missing between it and the chain of the best so far: a header whose block never comes holds nothing up.
 */
export class BestChain {
  /** Indices of the valid blocks that came. */
  private readonly here = new Set<number>();
  /** Of these, those that `blockConnected` told of and `blockDisconnected` did not. */
  private readonly connected = new Set<number>();
  private readonly recent = new RecentBlocks();
  private best: number | undefined;

  constructor(
    private readonly modules: { readonly chain: HeaderChain; readonly bus: EventBus<ChainEvents> },
  ) {}

  /** Whether this valid block came. */
  has(index: number): boolean {
    return this.here.has(index);
  }

  /** Whether a valid block that has just come will be the best, or stands below it. */
  takes(index: number): boolean {
    return this.standsBelow(index) || this.wins(index);
  }

  /** Takes a valid block that came for the first time, and emits what follows from it. */
  add(block: Block, index: number): void {
    const { best } = this;
    const isRecent = this.isRecent(index);
    this.here.add(index);
    if (isRecent) this.recent.add(index, block);
    if (this.standsBelow(index)) {
      // On old ones, which anybody can hand us by the thousand, nothing recent depends.
      if (isRecent) this.connect(index, block);
    } else if (this.wins(index)) {
      this.move(
        index,
        best === undefined ? this.gapBelow(index) : this.modules.chain.forkPoint(best, index),
        block,
      );
    }
  }

  /** Takes a valid block of which nobody is to hear. */
  addSilently(index: number): void {
    const wins = this.wins(index);
    this.here.add(index);
    if (wins) this.best = index;
  }

  /** Leaves the best block if it has turned out to stand on an invalid one, for the highest that is here of the best headers. */
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
   * Makes a block the best one; `fork` is the last that its chain has in common with that of the one before. To leave an invalid
   * block is no reorganisation: no node ever had it.
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

  /** Puts off the blocks from the one that was the best down to, and without, `fork`. */
  private disconnect(old: number, fork: number): void {
    const { chain, bus } = this.modules;
    for (let each = old; each !== fork; each = chain.parent(each))
      if (this.connected.delete(each))
        bus.emit('blockDisconnected', { hash: chain.hashOf(each), height: chain.height(each) });
  }

  /** The blocks that are here above `fork` up to `index`, the lowest first. */
  private path(fork: number, index: number): number[] {
    const path: number[] = [];
    for (let each = index; each !== fork; each = this.modules.chain.parent(each))
      if (this.here.has(each)) path.push(each);
    return path.reverse();
  }

  /** The first block below this one that is not here. */
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
