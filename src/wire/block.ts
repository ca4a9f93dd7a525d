import { ByteReader } from './byte-reader';
import { type Hash, readHash } from './hash';
import { Header, HEADER_BYTES } from './header';
import { hashBytes, type MerkleRoot, merkleRoot } from './merkle';
import { byteAt, OP_1, OP_16 } from './script';
import { LEAST_TRANSACTION_BYTES, readTransaction, Transaction } from './transaction';

/** The longest height in bytes. Four bytes are enough until about the year 42,000. */
const MAX_HEIGHT_BYTES = 4;

/** Stands for the wtxid of the coinbase, which holds the hash of the others (BIP141). */
const NO_HASH = readHash(Buffer.alloc(32), 0);

/** A block, read from its bytes. */
export class Block extends Header {
  private cachedTxidRoot: MerkleRoot | undefined = undefined;
  private cachedWtxidRoot: Buffer | undefined = undefined;

  constructor(
    bytes: Buffer,
    readonly transactions: readonly Transaction[],
    /** Serialized size in bytes without witnesses. */
    readonly strippedSize: number,
  ) {
    super(bytes, 0);
  }

  /** Serialized size in bytes, witnesses included. */
  get size(): number {
    return this.bytes.length;
  }

  /** Weight in weight units (BIP141). */
  get weight(): number {
    return this.strippedSize * 3 + this.size;
  }

  /** The txids of all transactions. They are computed together, which is faster. */
  wireTxids(): readonly Hash[] {
    Transaction.hashTxids(this.transactions);
    return this.transactions.map(({ wireTxid }) => wireTxid);
  }

  /** The wtxids of all transactions, computed together as well. */
  wireWtxids(): readonly Hash[] {
    Transaction.hashWtxids(this.transactions);
    return this.transactions.map(({ wireWtxid }) => wireWtxid);
  }

  /** The merkle root of its txids, computed once. */
  txidRoot(): MerkleRoot {
    this.cachedTxidRoot ??= merkleRoot(hashBytes(this.wireTxids()));
    return this.cachedTxidRoot;
  }

  /** The merkle root of its wtxids in wire order (BIP141), computed once. */
  wtxidRoot(): Buffer {
    this.cachedWtxidRoot ??= merkleRoot(hashBytes([NO_HASH, ...this.wireWtxids().slice(1)])).root;
    return this.cachedWtxidRoot;
  }

  /** Cost of its signature operations (BIP141), as far as their forms show it. */
  get sigopCost(): number {
    return this.transactions.reduce((cost, transaction) => cost + transaction.sigopCost, 0);
  }

  /** The signature script of the coinbase, whose contents miners choose; undefined without one. */
  get coinbaseScript(): Buffer | undefined {
    return this.transactions[0]?.inputs[0]?.sigScript;
  }

  /**
   * The height that the coinbase claims (BIP34). Undefined in blocks of version 1 and where the script does
   * not begin with the minimal push of a number.
   */
  get coinbaseHeight(): number | undefined {
    const coinbase = this.transactions[0]?.inputs[0];
    if (this.version < 2 || coinbase === undefined) return undefined;
    return leadingNumber(this.bytes, coinbase.scriptStart, coinbase.scriptEnd);
  }
}

/**
 * Reads a block that fills `bytes`.
 * @throws DecodeError where Bitcoin Core would not read it, or where bytes are left over
 */
export function parseBlock(bytes: Buffer): Block {
  const reader = new ByteReader(bytes);
  const block = readBlock(reader);
  reader.expectEnd();
  return block;
}

/**
 * Reads the payload of a `block` message. Bytes after the block are ignored, as in Core and btcd.
 * @throws DecodeError if Bitcoin Core would not read it
 */
export function parseBlockMessage(payload: Buffer): Block {
  return readBlock(new ByteReader(payload));
}

/** Reads the block at the position of `reader`, and moves to its end. */
function readBlock(reader: ByteReader): Block {
  const block = new BlockReader(reader).read(Infinity);
  if (block === null) throw new Error('a block was read in part');
  return block;
}

/** Reads the block at the position of a reader, some transactions at a time. */
export class BlockReader {
  private readonly transactions: Transaction[] = [];
  private readonly count: number;
  private strippedSize: number;

  /** @throws DecodeError */
  constructor(private readonly reader: ByteReader) {
    reader.skip(HEADER_BYTES);
    this.count = reader.count(LEAST_TRANSACTION_BYTES);
    this.strippedSize = reader.position;
  }

  /**
   * Reads at most so many further transactions. Returns the block with the last of them, and null before.
   * @throws DecodeError
   */
  read(most: number): Block | null {
    const { reader, transactions } = this;
    const until = Math.min(this.count, transactions.length + most);
    while (transactions.length < until) {
      const transaction = readTransaction(reader);
      this.strippedSize += transaction.strippedSize;
      transactions.push(transaction);
    }
    if (until < this.count) return null;
    return new Block(reader.buffer.subarray(0, reader.position), transactions, this.strippedSize);
  }
}

/** The number above 0 at the beginning of a script. Undefined if it is not pushed in its shortest form. */
function leadingNumber(bytes: Buffer, start: number, end: number): number | undefined {
  if (start === end) return undefined;
  const opcode = byteAt(bytes, start);
  if (opcode >= OP_1 && opcode <= OP_16) return opcode - OP_1 + 1;
  if (opcode === 0 || opcode > MAX_HEIGHT_BYTES || start + opcode >= end) return undefined;
  const value = bytes.readIntLE(start + 1, opcode);
  // The shortest form: a number below 17 has an opcode of its own. A top byte of 0 is allowed only where the
  // byte below has its top bit set: without it the number would be negative.
  const isMinimal = opcode === 1 ? value > 16 : value >= 2 ** (8 * (opcode - 1) - 1);
  return isMinimal ? value : undefined;
}
