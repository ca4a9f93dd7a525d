import { type Block, BlockReader } from '../wire/block';
import { ByteReader } from '../wire/byte-reader';
import { Transaction } from '../wire/transaction';

/** Transactions that are read, hashed or counted at a time. These take one millisecond. */
const PART = 500;

/**
 * Reads the payload of a `block` message and computes what its bytes alone say: the ids of its transactions,
 * their merkle roots, the cost of their signature operations. It does a part with each call, so that other
 * peers have their turn meanwhile. The block keeps the results for whoever asks when the message is handled.
 */
export class BlockPreparation {
  private readonly parts: Iterator<undefined, Block>;

  /** @throws DecodeError */
  constructor(readonly payload: Buffer) {
    this.parts = inParts(new BlockReader(new ByteReader(payload)));
  }

  /**
   * Does the next part. Returns the block once nothing is left to do.
   * @throws DecodeError where Bitcoin Core would not read it
   */
  next(): Block | null {
    const { done, value } = this.parts.next();
    return done === true ? value : null;
  }
}

function* inParts(reader: BlockReader): Generator<undefined, Block> {
  let block = reader.read(PART);
  for (; block === null; block = reader.read(PART)) yield;
  yield;
  for (const part of partsOf(block.transactions)) {
    Transaction.hashTxids(part);
    Transaction.hashWtxids(part);
    yield;
  }
  for (const part of partsOf(block.transactions)) {
    Transaction.countSigops(part);
    yield;
  }
  block.txidRoot();
  yield;
  // A block without witnesses may lack the commitment to them.
  if (block.transactions.some(({ hasWitness }) => hasWitness)) block.wtxidRoot();
  return block;
}

function* partsOf(transactions: readonly Transaction[]): Generator<readonly Transaction[]> {
  for (let from = 0; from < transactions.length; from += PART) yield transactions.slice(from, from + PART);
}
