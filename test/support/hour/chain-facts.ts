import type { Btcd } from '../btcd';
import type { Row } from '../stored';
import type { Judged } from './record';

/** Blocks until the subsidy of regtest halves. */
const HALVING = 150;
const FIRST_SUBSIDY = 50e8;
/** Blocks whose times make a median (BIP113). */
const MEDIAN_SPAN = 11;

/** A block as `getblock` reports it at verbosity 2. */
interface VerboseBlock {
  readonly hash: string;
  readonly height: number;
  readonly size: number;
  readonly weight: number;
  readonly time: number;
  readonly version: number;
  readonly previousblockhash: string;
  readonly rawtx: readonly {
    readonly txid: string;
    readonly vin: readonly unknown[];
    readonly vout: readonly { readonly value: number }[];
  }[];
}

/** btcd's facts about blocks, by the columns of the series. */
export class ChainFacts {
  private readonly blocks = new Map<string, VerboseBlock>();

  /**
   * Asks a btcd for a block of its best chain and for those below it. btcd reports nothing about blocks of
   * other chains.
   */
  async learn(node: Btcd, sha: string): Promise<void> {
    let next = sha;
    for (let i = 0; i < MEDIAN_SPAN && !this.blocks.has(next); i++) {
      const block = await node.rpc<VerboseBlock>('getblock', next, 2);
      this.blocks.set(next, block);
      next = block.previousblockhash;
    }
  }

  /** The row of `blocks` for a block that became the best. */
  best(sha: string): Row {
    const { height, size, rawtx } = this.block(sha);
    return { sha, best_height: height, size, num_tx: rawtx.length, median_time: this.medianTime(sha) };
  }

  /** The row of `processed_blocks` for a block that btcd has, without its sender and its time. */
  judged({ sha, status, unseen }: Judged): Row {
    const { height, size, weight, version, rawtx } = this.block(sha);
    const count = (of: 'vin' | 'vout'): number => rawtx.reduce((sum, each) => sum + each[of].length, 0);
    return {
      sha,
      status,
      height,
      is_orphan: false,
      reject_code: null,
      reject_reason: null,
      size,
      weight,
      version,
      num_tx: rawtx.length,
      num_inputs: count('vin'),
      num_outputs: count('vout'),
      num_unseen_tx: unseen,
      total_tx_fees: this.fees(sha),
    };
  }

  /** The value of the coinbase's outputs above the subsidy. */
  fees(sha: string): number {
    const { height, rawtx } = this.block(sha);
    const claimed = (rawtx[0]?.vout ?? []).reduce((sum, { value }) => sum + Math.round(value * 1e8), 0);
    return claimed - FIRST_SUBSIDY / 2 ** Math.floor(height / HALVING);
  }

  /** The txids of a block, without the coinbase's. */
  txids(sha: string): string[] {
    return this.block(sha)
      .rawtx.slice(1)
      .map(({ txid }) => txid);
  }

  private medianTime(sha: string): number {
    const times: number[] = [];
    for (let each = sha; times.length < MEDIAN_SPAN;) {
      const { time, previousblockhash } = this.block(each);
      times.push(time);
      each = previousblockhash;
    }
    return times.sort((a, b) => a - b)[times.length >> 1] ?? 0;
  }

  private block(sha: string): VerboseBlock {
    const block = this.blocks.get(sha);
    if (block === undefined) throw new Error(`btcd was not asked for block ${sha}`);
    return block;
  }
}
