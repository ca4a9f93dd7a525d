import type { Clock } from '../lib/clock';
import type { EventBus } from '../lib/event-bus';
import type { Block } from '../wire/block';
import { BestChain } from './best-chain';
import type { FullVerdict } from './full/engine';
import type { FullValidation } from './full/full-validation';
import type { BlockStatus, ChainEvents, RejectReason } from './chain-events';
import type { HeaderChain } from './header-chain';
import { ORPHAN_LIMITS, OrphanBlocks, type OrphanLimits } from './orphan-blocks';
import { isTooEarly } from './reasons';
import { coinbaseValue, subsidy } from './subsidy';
import { checkBlock, checkBlockInContext, isMutation } from './validate-block';

/** A block that a peer sent. */
export interface BlockArrival {
  readonly block: Block;
  /** `host:port` of the sender. */
  readonly peerAddress: string;
  /** Whether we requested it. */
  readonly requested: boolean;
  /** Whether we requested it because it was missing, without an announcement by a peer. */
  readonly fetched?: boolean;
}

export interface BlockProcessorModules {
  readonly chain: HeaderChain;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly bus: EventBus<ChainEvents>;
  /** Receives each header that the chain accepted with its block (80 bytes from the start of the block). */
  readonly headerAdded: (block: Buffer) => void;
  /** The second stage of `--validate full`. */
  readonly full?: Pick<FullValidation, 'judge' | 'caughtUp'> | undefined;
}

interface Judgement {
  readonly status: BlockStatus;
  readonly height?: number | undefined;
  readonly reason?: RejectReason;
  readonly fees?: number | undefined;
  readonly unverifiedInputs?: number | undefined;
  /** Index of a valid block in the chain. */
  readonly index?: number;
}

/**
 * Judges each block that arrives, and lets `BestChain` follow which valid one is the best. By itself it knows
 * no unspent outputs (`--validate headers`). With a second stage that knows them (`--validate full`), a block
 * that passed the first stage is reported when the second has judged it. The memory of both is bounded,
 * except for two numbers for each valid block.
 *
 * Some blocks emit events only if they are invalid: those fetched to catch up at the start, and those
 * reported earlier without a verdict of the second stage.
 */
export class BlockProcessor {
  private readonly seen: BestChain;
  /** Valid blocks that the second stage has not judged yet. */
  private readonly judging = new Set<number>();
  private readonly orphans: OrphanBlocks<BlockArrival>;

  constructor(
    private readonly modules: BlockProcessorModules,
    limits: OrphanLimits = ORPHAN_LIMITS,
  ) {
    this.seen = new BestChain(modules);
    this.orphans = new OrphanBlocks(limits);
  }

  /** Number of blocks that wait for their parents. */
  get orphanCount(): number {
    return this.orphans.size;
  }

  /** Whether the valid block of a header has arrived. */
  hasBlock(index: number): boolean {
    return this.seen.has(index);
  }

  /** Judges a block. Emits `processedBlock`, then the events that follow from it for the best chain. */
  process(arrival: BlockArrival): void {
    this.handle(arrival, () => this.judgeArrival(arrival));
    this.headersAdded();
  }

  /**
   * Judges the blocks whose parents are now known. Must be called when the chain got headers from another
   * source than blocks.
   */
  headersAdded(): void {
    const { chain } = this.modules;
    for (;;) {
      const arrival = this.orphans.take((hash) => chain.indexOf(hash) !== undefined);
      if (arrival === undefined) return;
      this.handle(arrival, () => this.judge(arrival));
    }
  }

  private handle(arrival: BlockArrival, judge: () => Judgement): void {
    const { clock, full } = this.modules;
    const silent = this.isSilent(arrival);
    const start = clock.monotonicMs();
    const judgement = judge();
    const ms = clock.monotonicMs() - start;
    const { index } = judgement;
    if (full === undefined || index === undefined) {
      this.tell(arrival, judgement, ms, silent);
      return;
    }
    this.judging.add(index);
    full.judge(arrival.block, index, (verdict) => {
      this.judging.delete(index);
      this.tell(arrival, this.withVerdict(judgement, index, verdict), ms + (verdict?.ms ?? 0), silent);
    });
  }

  private tell(
    { block, peerAddress }: BlockArrival,
    { status, height, reason, fees, unverifiedInputs, index }: Judgement,
    processTimeMs: number,
    silent: boolean,
  ): void {
    if (!silent || status === 'rejected')
      this.modules.bus.emit('processedBlock', {
        block,
        peerAddress,
        status,
        height,
        reason,
        processTimeMs,
        totalTxFees: fees,
        unverifiedInputs,
      });
    if (index === undefined) {
      if (status === 'rejected') this.seen.invalidated();
    } else if (!this.seen.has(index)) {
      if (silent) this.seen.addSilently(index);
      else this.seen.add(block, index);
    }
  }

  /** The judgement of a block once the second stage has judged it, or has given up. */
  private withVerdict(judgement: Judgement, index: number, verdict: FullVerdict | undefined): Judgement {
    const { chain } = this.modules;
    if (verdict?.status === 'rejected') return this.reject(index, verdict.reason ?? 'invalid-block');
    // An ancestor was found to be invalid meanwhile.
    if (chain.isInvalid(index)) return this.reject(index, 'bad-prevblk');
    const status = this.statusOf(index);
    return { ...judgement, status, unverifiedInputs: verdict?.unverifiedInputs };
  }

  private isSilent({ block, fetched }: BlockArrival): boolean {
    const { full, chain } = this.modules;
    if (full === undefined || fetched !== true) return false;
    const known = chain.indexOf(block.wireHash);
    return !full.caughtUp || (known !== undefined && this.seen.has(known));
  }

  private judgeArrival(arrival: BlockArrival): Judgement {
    const { block, requested, fetched } = arrival;
    const known = this.modules.chain.indexOf(block.wireHash);
    const isHere = known !== undefined && (this.seen.has(known) || this.judging.has(known));
    if (isHere && fetched !== true) return { status: 'duplicate', height: this.heightOf(known) };
    if (this.orphans.has(block.wireHash)) return { status: 'duplicate' };
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

    // Orphans are checked too: one with other transactions under its header would keep the real block out.
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
    return { status: this.statusOf(index), height, fees, index };
  }

  private reject(index: number | undefined, reason: RejectReason): Judgement {
    if (index === undefined) return { status: 'rejected', reason };
    if (!isMutation(reason) && !isTooEarly(reason)) this.modules.chain.invalidate(index);
    return { status: 'rejected', reason, height: this.heightOf(index) };
  }

  private statusOf(index: number): BlockStatus {
    return this.modules.chain.isMain(index) || this.seen.takes(index) ? 'accepted' : 'side_chain';
  }

  private heightOf(index: number): number {
    return this.modules.chain.height(index);
  }

  private childHeight(block: Block): number | undefined {
    const parent = this.modules.chain.indexOf(block.wirePrevHash);
    return parent === undefined ? undefined : this.heightOf(parent) + 1;
  }
}
