import { ByteReader } from './byte-reader';
import { DecodeError } from './decode-error';
import { displayOf, type Hash, hash256 } from './hash';
import { hashMany } from './hash-many';
import { Input, LEAST_INPUT_BYTES } from './input';
import { LEAST_OUTPUT_BYTES, Output } from './output';
import { sigopCost } from './sigop-cost';
import { legacySigops } from './sigops';

/** The shortest transaction in bytes: version 4, no inputs 1, no outputs 1, lock time 4. */
export const LEAST_TRANSACTION_BYTES = 10;

/** The marker and the flag of BIP144. */
const SEGWIT_MARK_BYTES = 2;

/**
 * A transaction, read from its bytes. It and its inputs and outputs hold these bytes and read from them, so
 * the bytes must not change. To keep a fact for long, copy it and release the object, because the object
 * keeps the whole message in memory.
 */
export class Transaction {
  private cachedTxid: Hash | undefined = undefined;
  private cachedWtxid: Hash | undefined = undefined;
  private cachedDisplay: string | undefined = undefined;
  private cachedSigops: number | undefined = undefined;
  private cachedSigopCost: number | undefined = undefined;

  constructor(
    readonly bytes: Buffer,
    readonly start: number,
    /** Offset of the end of the transaction. */
    readonly end: number,
    /** Offset of the end of the last output. Witnesses begin there, if there are any. */
    private readonly outputsEnd: number,
    readonly inputs: readonly Input[],
    readonly outputs: readonly Output[],
  ) {}

  /** Version, as a signed number as in earlier consensus code: -1 is what Core 31 shows as 4294967295. */
  get version(): number {
    return this.bytes.readInt32LE(this.start);
  }

  get lockTime(): number {
    return this.bytes.readUInt32LE(this.end - 4);
  }

  /** Whether any input has a witness. */
  get hasWitness(): boolean {
    return this.outputsEnd !== this.end - 4;
  }

  /** Offset of the first input's witness. Those of the other inputs follow it; there may be none. */
  get witnessStart(): number {
    return this.outputsEnd;
  }

  /** Serialized size in bytes, witness included. */
  get size(): number {
    return this.end - this.start;
  }

  /** Serialized size in bytes without witnesses. The txid is the hash of these bytes. */
  get strippedSize(): number {
    return this.hasWitness ? this.outputsEnd + 4 - this.start - SEGWIT_MARK_BYTES : this.size;
  }

  /** Weight in weight units (BIP141). */
  get weight(): number {
    return this.strippedSize * 3 + this.size;
  }

  /** Virtual size in vB (BIP141). */
  get vsize(): number {
    return Math.ceil(this.weight / 4);
  }

  /** Whether it is a coinbase. */
  get isCoinbase(): boolean {
    return this.inputs.length === 1 && this.inputs[0]?.isNull === true;
  }

  /** Hash of the transaction without witnesses. */
  get wireTxid(): Hash {
    this.cachedTxid ??= this.hasWitness ? hash256(this.txidBytes()) : this.wireWtxid;
    return this.cachedTxid;
  }

  /**
   * Hash of the transaction with witnesses (BIP141). A coinbase has one as well; only the witness commitment
   * takes 0 for it.
   */
  get wireWtxid(): Hash {
    this.cachedWtxid ??= hash256(this.wtxidBytes());
    return this.cachedWtxid;
  }

  /** The txid as people write it. */
  get txid(): string {
    this.cachedDisplay ??= displayOf(this.wireTxid);
    return this.cachedDisplay;
  }

  /** The wtxid as people write it. */
  get wtxid(): string {
    return displayOf(this.wireWtxid);
  }

  /** Number of signature operations in its own scripts; see {@link legacySigops}. */
  get legacySigops(): number {
    this.cachedSigops ??= legacySigops(this);
    return this.cachedSigops;
  }

  /** Cost of its signature operations, as far as their forms show it; see {@link sigopCost}. */
  get sigopCost(): number {
    this.cachedSigopCost ??= sigopCost(this);
    return this.cachedSigopCost;
  }

  /** Computes the txids of many transactions, in two thirds of the time that one after the other takes. */
  static hashTxids(transactions: readonly Transaction[]): void {
    const fresh = transactions.filter(({ cachedTxid }) => cachedTxid === undefined);
    hashMany(
      fresh,
      (transaction) => transaction.txidBytes(),
      (transaction, txid) => {
        transaction.cachedTxid = txid;
        if (!transaction.hasWitness) transaction.cachedWtxid = txid;
      },
    );
  }

  /** The same as {@link hashTxids}, for wtxids. */
  static hashWtxids(transactions: readonly Transaction[]): void {
    const fresh = transactions.filter(({ cachedWtxid }) => cachedWtxid === undefined);
    hashMany(
      fresh,
      (transaction) => transaction.wtxidBytes(),
      (transaction, wtxid) => (transaction.cachedWtxid = wtxid),
    );
  }

  /** Counts the signature operations of many, so that they are known later. */
  static countSigops(transactions: readonly Transaction[]): void {
    for (const transaction of transactions) transaction.cachedSigopCost ??= sigopCost(transaction);
  }

  private wtxidBytes(): Buffer {
    return this.bytes.subarray(this.start, this.end);
  }

  private txidBytes(): Buffer {
    if (!this.hasWitness) return this.wtxidBytes();
    const { bytes, start, strippedSize } = this;
    const stripped = Buffer.allocUnsafe(strippedSize);
    stripped.writeInt32LE(this.version, 0);
    bytes.copy(stripped, 4, start + 4 + SEGWIT_MARK_BYTES, this.outputsEnd);
    stripped.writeUInt32LE(this.lockTime, strippedSize - 4);
    return stripped;
  }
}

/**
 * Reads the payload of a `tx` message. Bytes after the transaction are ignored, as in Core and btcd.
 * @throws DecodeError if Bitcoin Core would not read it
 */
export function parseTransactionMessage(payload: Buffer): Transaction {
  return readTransaction(new ByteReader(payload));
}

/**
 * Reads a transaction that fills `bytes` from `start`.
 * @throws DecodeError where Bitcoin Core would not read it, or where bytes are left over
 */
export function parseTransaction(bytes: Buffer, start = 0): Transaction {
  const reader = new ByteReader(bytes, start);
  const transaction = readTransaction(reader);
  reader.expectEnd();
  return transaction;
}

/**
 * Reads the transaction at the position of `reader`, in either serialization (BIP144), and moves to its end.
 * @throws DecodeError
 */
export function readTransaction(reader: ByteReader): Transaction {
  const { buffer, position: start } = reader;
  reader.skip(4);
  let inputs: Input[] = [];
  let outputs: Output[] = [];
  let outputsEnd: number;
  const marker = reader.position;
  const count = reader.count(LEAST_INPUT_BYTES);
  if (count === 0) {
    const flag = reader.u8();
    outputsEnd = reader.position;
    // Without inputs the flag is the number of outputs, which is 0 as well. Core reads such a transaction and
    // refuses it as not sane.
    if (flag !== 0) {
      if (flag !== 1) throw new DecodeError('unknown-flag', outputsEnd - 1);
      const counted = reader.position;
      inputs = readInputs(reader, reader.count(LEAST_INPUT_BYTES));
      if (inputs.length === 0) throw new DecodeError('no-inputs', counted);
      outputs = readOutputs(reader);
      outputsEnd = reader.position;
      if (!readWitnesses(reader, inputs)) throw new DecodeError('superfluous-witness', marker);
    }
  } else {
    inputs = readInputs(reader, count);
    outputs = readOutputs(reader);
    outputsEnd = reader.position;
  }
  reader.skip(4);
  return new Transaction(buffer, start, reader.position, outputsEnd, inputs, outputs);
}

function readInputs(reader: ByteReader, count: number): Input[] {
  // The arrays get their length at once. An array that grows has room for 17 items when it holds one, which
  // took a tenth of the time of a block with many transactions.
  const inputs = new Array<Input>(count);
  for (let i = 0; i < count; i++) {
    const start = reader.skip(36);
    const length = reader.compactSize();
    const scriptStart = reader.skip(length);
    reader.skip(4);
    inputs[i] = new Input(reader.buffer, start, scriptStart, scriptStart + length);
  }
  return inputs;
}

function readOutputs(reader: ByteReader): Output[] {
  const count = reader.count(LEAST_OUTPUT_BYTES);
  const outputs = new Array<Output>(count);
  for (let i = 0; i < count; i++) {
    const start = reader.skip(8);
    const length = reader.compactSize();
    const scriptStart = reader.skip(length);
    outputs[i] = new Output(reader.buffer, start, scriptStart, scriptStart + length);
  }
  return outputs;
}

/**
 * Reads the sizes of the witnesses of `inputs`.
 * @returns whether any witness has an item
 */
function readWitnesses(reader: ByteReader, inputs: readonly Input[]): boolean {
  let any = false;
  for (const input of inputs) {
    const start = reader.position;
    const items = reader.count(1);
    for (let i = 0; i < items; i++) reader.skip(reader.compactSize());
    input.witnessItems = items;
    input.witnessSize = reader.position - start;
    any ||= items > 0;
  }
  return any;
}
