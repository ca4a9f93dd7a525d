import { displayOf, type Hash, readHash } from './hash';

/** What an input takes at least: outpoint 36, length of an empty script 1, sequence 4. */
export const LEAST_INPUT_BYTES = 41;

/** An input, as offsets into the bytes it was read from; what is not asked for is not read. */
export class Input {
  /** Items of its witness. */
  witnessItems = 0;
  /**
   * Serialized size of its witness in bytes, item count included: 1 for an empty witness beside others that
   * are not, 0 in a transaction without witness.
   */
  witnessSize = 0;

  constructor(
    readonly bytes: Buffer,
    /** Offset of the outpoint. */
    readonly start: number,
    readonly scriptStart: number,
    /** Offset behind the signature script. */
    readonly scriptEnd: number,
  ) {}

  /** txid of the transaction whose output is spent. */
  get wirePrevTxid(): Hash {
    return readHash(this.bytes, this.start);
  }

  /** The same, as people write it. */
  get prevTxid(): string {
    return displayOf(this.wirePrevTxid);
  }

  /** The 32 bytes of that txid as they are on the wire: a view. */
  get prevHash(): Buffer {
    return this.bytes.subarray(this.start, this.start + 32);
  }

  /** Which output of that transaction. */
  get prevIndex(): number {
    return this.bytes.readUInt32LE(this.start + 32);
  }

  /** Hash and index as they are on the wire, one character a byte: the shortest key of a map of outpoints. */
  get outpointKey(): string {
    return this.bytes.toString('latin1', this.start, this.start + 36);
  }

  /** Whether it spends nothing, as the one input of a coinbase does. */
  get isNull(): boolean {
    if (this.prevIndex !== 0xffff_ffff) return false;
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
