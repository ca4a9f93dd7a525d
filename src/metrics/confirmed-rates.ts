/** Numbers of blocks for which feerates are estimated and the estimates are judged. */
export const JUDGED_TARGETS = [1, 3, 6] as const;

type JudgedTarget = (typeof JUDGED_TARGETS)[number];

/** The feerates in sat/vB needed for each of `JUDGED_TARGETS`; undefined where too little is known. */
export type Estimates = readonly number[] | undefined;

/** An estimate, and what turned out. */
export interface JudgedEstimate {
  readonly within: JudgedTarget;
  /** The estimate, in sat/vB. */
  readonly estimate: number;
  /** What was needed. */
  readonly needed: number;
}

/** Compares estimates with the blocks that follow. It keeps a few numbers for each of six blocks. */
export class ConfirmedRates {
  /** The estimates before each of the last blocks, and what the block took; the newest last. */
  private readonly blocks: { readonly before: Estimates; readonly took: number | undefined }[] = [];
  /** The estimates after the last block. */
  private before: Estimates = undefined;

  /**
   * Takes the next block of the best chain.
   * @param took the least feerate in sat/vB in the block; undefined if it is not known, as for an empty
   * block, which says nothing about the feerate
   * @param after the estimates after it
   */
  add(took: number | undefined, after: Estimates): JudgedEstimate[] {
    this.blocks.push({ before: this.before, took });
    if (this.blocks.length > Math.max(...JUDGED_TARGETS)) this.blocks.shift();
    this.before = after;
    return JUDGED_TARGETS.flatMap((within, i) => {
      const last = this.blocks.slice(-within);
      const estimate = last[0]?.before?.[i];
      // A transaction had to pay the least of what one of these blocks took.
      const needed = Math.min(...last.map(({ took: rate }) => rate ?? Infinity));
      if (last.length < within || estimate === undefined || needed === Infinity) return [];
      return [{ within, estimate, needed }];
    });
  }

  /** Forgets all: blocks are missing, or left the best chain. */
  clear(): void {
    this.blocks.length = 0;
    this.before = undefined;
  }
}
