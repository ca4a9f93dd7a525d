import { ByteReader } from './byte-reader';
import type { Hash } from './hash';
import { Header, HEADER_BYTES } from './header';
import { byteAt, OP_1, OP_16 } from './script';
import { LEAST_TRANSACTION_BYTES, readTransaction, Transaction } from './transaction';

/** Most bytes of a height: four last until about the year 42,000. */
const MAX_HEIGHT_BYTES = 4;

/** A block as facts about the bytes it was read from. */
export class Block extends Header {
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

  /** The txids of all transactions, which are hashed together. */
  wireTxids(): readonly Hash[] {
    Transaction.hashTxids(this.transactions);
    return this.transactions.map(({ wireTxid }) => wireTxid);
  }

  /** The wtxids of all transactions, likewise. */
  wireWtxids(): readonly Hash[] {
    Transaction.hashWtxids(this.transactions);
    return this.transactions.map(({ wireWtxid }) => wireWtxid);
  }

  /**
   * The height that the coinbase claims (BIP34); undefined in blocks of version 1 and where the script does
   * not begin with the minimal push of a number.
   */
  get coinbaseHeight(): number | undefined {
    const coinbase = this.transactions[0]?.inputs[0];
    if (this.version < 2 || coinbase === undefined) return undefined;
    return leadingNumber(this.bytes, coinbase.scriptStart, coinbase.scriptEnd);
  }
}

/**
 * Reads the block that fills `bytes`. Throws DecodeError where Bitcoin Core would not read it, or at bytes
 * left over.
 */
export function parseBlock(bytes: Buffer): Block {
  const reader = new ByteReader(bytes);
  const block = readBlock(reader);
  reader.expectEnd();
  return block;
}

/**
 * Reads the payload of a `block` message: as in Core and btcd, what is behind the block is passed over.
 * Throws DecodeError where Bitcoin Core would not read it.
 */
export function parseBlockMessage(payload: Buffer): Block {
  return readBlock(new ByteReader(payload));
}

/** Reads the block at the start of what `reader` reads, and moves behind it. */
function readBlock(reader: ByteReader): Block {
  reader.skip(HEADER_BYTES);
  const count = reader.count(LEAST_TRANSACTION_BYTES);
  const transactions: Transaction[] = [];
  let strippedSize = reader.position;
  for (let i = 0; i < count; i++) {
    const transaction = readTransaction(reader);
    strippedSize += transaction.strippedSize;
    transactions.push(transaction);
  }
  return new Block(reader.buffer.subarray(0, reader.position), transactions, strippedSize);
}

/** The number above 0 that a script begins with, if it is pushed in its shortest form. */
function leadingNumber(bytes: Buffer, start: number, end: number): number | undefined {
  if (start === end) return undefined;
  const opcode = byteAt(bytes, start);
  if (opcode >= OP_1 && opcode <= OP_16) return opcode - OP_1 + 1;
  if (opcode === 0 || opcode > MAX_HEIGHT_BYTES || start + opcode >= end) return undefined;
  const value = bytes.readIntLE(start + 1, opcode);
  // The shortest form that keeps the number positive: below 17 there is an opcode for it, and a byte of 0 at
  // the top only follows a byte whose own top bit is taken.
  const isMinimal = opcode === 1 ? value > 16 : value >= 2 ** (8 * (opcode - 1) - 1);
  return isMinimal ? value : undefined;
}
