import { type Block, BlockReader } from '../wire/block';
import { ByteReader } from '../wire/byte-reader';
import { Transaction } from '../wire/transaction';

/** Transactions that are read, or hashed, at a time. These take one millisecond. */
const PART = 500;

/**
 * Reads the payload of a `block` message and hashes its transactions, a part with each call. So other peers
 * have their turn meanwhile. What is left to do when the message is handled takes half the time.
 */
export class BlockPreparation {
  private readonly reader: BlockReader;
  private block: Block | null = null;
  private hashed = 0;

  /** @throws DecodeError */
  constructor(readonly payload: Buffer) {
    this.reader = new BlockReader(new ByteReader(payload));
  }

  /**
   * Does the next part. Returns the block once nothing is left to do.
   * @throws DecodeError where Bitcoin Core would not read it
   */
  next(): Block | null {
    if (this.block === null) {
      this.block = this.reader.read(PART);
      return null;
    }
    const { transactions } = this.block;
    const part = transactions.slice(this.hashed, this.hashed + PART);
    Transaction.hashTxids(part);
    Transaction.hashWtxids(part);
    this.hashed += PART;
    return this.hashed < transactions.length ? null : this.block;
  }
}
