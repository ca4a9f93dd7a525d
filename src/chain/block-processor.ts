import type { Clock } from '../clock';
import type { EventBus } from '../events';
import type { Block } from '../tx/block';
import { BestChain } from './best-chain';
import type { BlockStatus, ChainEvents, RejectReason } from './events';
import type { HeaderChain } from './header-chain';
import { ORPHAN_LIMITS, OrphanBlocks, type OrphanLimits } from './orphan-blocks';
import { coinbaseValue, subsidy } from './subsidy';
import { checkBlock, checkBlockInContext, isMutation } from './validate-block';

/** A block as it came. */
export interface BlockArrival {
  readonly block: Block;
  /** `host:port` of the sender. */
  readonly peerAddress: string;
  /** Whether we asked for it. */
  readonly requested: boolean;
}

/** What a block processor works with. */
export interface BlockProcessorModules {
  readonly chain: HeaderChain;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly bus: EventBus<ChainEvents>;
  /** Takes each header that came to the chain with its block (80 bytes from the block's start). */
  readonly headerAdded: (block: Buffer) => void;
}

interface Judgement {
  readonly status: BlockStatus;
  readonly height?: number | undefined;
  readonly reason?: RejectReason;
  readonly fees?: number | undefined;
  /** Of a valid block: its index in the chain. */
  readonly index?: number;
}

/**
 * Judges each block that comes, without a set of unspent outputs (`--validate headers`), and has `BestChain` follow which valid
 * one is the best. Whatever they hold is bounded, but for two numbers for each valid block.
 */
export class BlockProcessor {
  private readonly seen: BestChain;
  private readonly orphans: OrphanBlocks<BlockArrival>;

  constructor(
    private readonly modules: BlockProcessorModules,
    limits: OrphanLimits = ORPHAN_LIMITS,
  ) {
    this.seen = new BestChain(modules);
    this.orphans = new OrphanBlocks(limits);
  }

  /** Blocks that wait for their parents. */
  get orphanCount(): number {
    return this.orphans.size;
  }

  /** Takes a block; emits `processedBlock`, and then what follows from it for the best chain. */
  process(arrival: BlockArrival): void {
    this.handle(arrival, () => this.judgeArrival(arrival));
    this.headersAdded();
  }

  /** Judges the blocks that waited for headers; to be called when the chain has got new ones otherwise than by blocks. */
  headersAdded(): void {
    const { chain } = this.modules;
    for (;;) {
      const arrival = this.orphans.take((hash) => chain.indexOf(hash) !== undefined);
      if (arrival === undefined) return;
      this.handle(arrival, () => this.judge(arrival));
    }
  }

  private handle({ block, peerAddress }: BlockArrival, judge: () => Judgement): void {
    const { clock, bus } = this.modules;
    const start = clock.monotonicMs();
    const { status, height, reason, fees, index } = judge();
    const processTimeMs = clock.monotonicMs() - start;
    bus.emit('processedBlock', {
      block,
      peerAddress,
      status,
      height,
      reason,
      processTimeMs,
      totalTxFees: fees,
    });
    if (index !== undefined) this.seen.add(block, index);
    else if (status === 'rejected') this.seen.invalidated();
  }

  private judgeArrival(arrival: BlockArrival): Judgement {
    const { block, requested } = arrival;
    const known = this.modules.chain.indexOf(block.hash);
    if (known !== undefined && this.seen.has(known))
      return { status: 'duplicate', height: this.heightOf(known) };
    if (this.orphans.has(block.hash)) return { status: 'duplicate' };
    if (!requested) return { status: 'unrequested', height: this.childHeight(block) };
    return this.judge(arrival);
  }

  private judge(arrival: BlockArrival): Judgement {
    const { block } = arrival;
    const { chain, headerAdded } = this.modules;
    const verdict = chain.add(block.bytes);
    if (verdict.status === 'rejected')
      return { status: 'rejected', reason: verdict.reason, height: this.childHeight(block) };
    if (verdict.status === 'accepted') headerAdded(block.bytes);
    const index = verdict.status === 'orphan' ? undefined : verdict.index;

    // Also of an orphan: with other transactions under its header it would keep the real block out.
    const fault = checkBlock(block);
    if (fault !== undefined) return this.reject(index, fault);
    if (index === undefined) {
      this.orphans.add(arrival);
      return { status: 'orphan' };
    }

    const { params } = chain;
    const height = this.heightOf(index);
    const medianTime = chain.medianTime(chain.parent(index));
    const misfit = checkBlockInContext(block, { params, height, medianTime });
    if (misfit !== undefined) return this.reject(index, misfit);

    const beyond = coinbaseValue(block) - subsidy(height, params);
    const fees = beyond < 0 ? undefined : beyond;
    const isOfBest = chain.isMain(index) || this.seen.takes(index);
    return { status: isOfBest ? 'accepted' : 'side_chain', height, fees, index };
  }

  private reject(index: number | undefined, reason: RejectReason): Judgement {
    if (index === undefined) return { status: 'rejected', reason };
    if (!isMutation(reason)) this.modules.chain.invalidate(index);
    return { status: 'rejected', reason, height: this.heightOf(index) };
  }

  private heightOf(index: number): number {
    return this.modules.chain.height(index);
  }

  private childHeight(block: Block): number | undefined {
    const parent = this.modules.chain.indexOf(block.prevHash);
    return parent === undefined ? undefined : this.heightOf(parent) + 1;
  }
}
