import { displayOf, type Hash, readHash } from './hash';

/** The shortest input in bytes: outpoint 36, length of an empty script 1, sequence 4. */
export const LEAST_INPUT_BYTES = 41;

/** A hash and an index. */
const OUTPOINT_BYTES = 36;

/** An input, as offsets into the bytes it was read from. A field is read when it is asked for. */
export class Input {
  /** The number of items of its witness. */
  witnessItems = 0;
  /**
   * Serialized size of its witness in bytes, item count included: 1 for an empty witness in a transaction
   * where another input has one, 0 in a transaction without witnesses.
   */
  witnessSize = 0;

  constructor(
    readonly bytes: Buffer,
    /** Offset of the outpoint. */
    readonly start: number,
    readonly scriptStart: number,
    /** Offset of the end of the signature script. */
    readonly scriptEnd: number,
  ) {}

  /** txid of the transaction whose output is spent. */
  get wirePrevTxid(): Hash {
    return readHash(this.bytes, this.start);
  }

  /** The same txid, as people write it. */
  get prevTxid(): string {
    return displayOf(this.wirePrevTxid);
  }

  /** The 32 bytes of the same txid in wire order: a view. */
  get prevHash(): Buffer {
    return this.bytes.subarray(this.start, this.start + 32);
  }

  /** Index of the output that is spent. */
  get prevIndex(): number {
    return this.bytes.readUInt32LE(this.start + 32);
  }

  /**
   * The outpoint (hash and index) in wire order, one character for each byte: the shortest key for a map of
   * outpoints.
   */
  get outpointKey(): string {
    return this.bytes.toString('latin1', this.start, this.start + 36);
  }

  /** Whether another input has the same outpoint. */
  spendsSameAs(other: Input): boolean {
    for (let i = 0; i < OUTPOINT_BYTES; i++)
      if (this.bytes[this.start + i] !== other.bytes[other.start + i]) return false;
    return true;
  }

  /** Whether the outpoint is null, as that of a coinbase's only input. */
  get isNull(): boolean {
    // Hardly another outpoint passes this, and it takes the time of one byte.
    if (this.bytes[this.start] !== 0 || this.prevIndex !== 0xffff_ffff) return false;
    for (let i = this.start; i < this.start + 32; i++) if (this.bytes[i] !== 0) return false;
    return true;
  }

  /** The signature script: a view. */
  get sigScript(): Buffer {
    return this.bytes.subarray(this.scriptStart, this.scriptEnd);
  }

  get sigScriptLength(): number {
    return this.scriptEnd - this.scriptStart;
  }

  get sequence(): number {
    return this.bytes.readUInt32LE(this.scriptEnd);
  }
}
