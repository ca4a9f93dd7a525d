import { RollingSet } from '../lib/rolling-set';
import type { Hash } from '../wire/hash';
import type { PendingBlock } from './block-offer';

/** How many block hashes are remembered at least: two weeks of mainnet. */
const REMEMBERED = 2_016;

/** How a block came. */
export interface BlockReceipt {
  /** Whether it came for the first time. */
  readonly first: boolean;
  readonly requested: boolean;
  /** Whether it was requested as a missing block. */
  readonly fetched: boolean;
}

/** Remembers which blocks were requested, why, and which have come. */
export class BlockHistory {
  private readonly arrived = new RollingSet<Hash>(REMEMBERED);
  /** Blocks that were requested because they were announced. An answer counts even after we gave up on it. */
  private readonly announced = new RollingSet<Hash>(REMEMBERED);
  /** Blocks that were requested because they were missing. */
  private readonly missing = new RollingSet<Hash>(REMEMBERED);

  /** Whether a block has come. */
  hasArrived(hash: Hash): boolean {
    return this.arrived.has(hash);
  }

  /** Whether a block was requested because it was announced. */
  wasRequested(hash: Hash): boolean {
    return this.announced.has(hash);
  }

  /** Notes that an announced block is requested. */
  requestAnnounced(hash: Hash): void {
    this.announced.add(hash);
  }

  /** Notes that a missing block is requested. */
  requestMissing(hash: Hash): void {
    this.missing.add(hash);
  }

  /**
   * Notes that a block came. An unrequested block is not examined: its bytes after the header may be
   * anything, so it does not count as arrived.
   * @param awaited the block among the wanted ones, if it is wanted
   */
  received(hash: Hash, awaited: PendingBlock | undefined): BlockReceipt {
    const wasRequested = this.announced.has(hash);
    const wasMissing = this.missing.has(hash);
    const first = !this.arrived.has(hash);
    const requested = awaited !== undefined || wasRequested || wasMissing;
    if (first && requested) this.arrived.add(hash);
    return { first, requested, fetched: awaited?.fetched ?? (wasMissing && !wasRequested) };
  }

  /** Notes that what came in place of a block was a forgery, so that the block has not come yet. */
  forged(hash: Hash): void {
    this.arrived.delete(hash);
  }
}
