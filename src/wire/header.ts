import { ByteReader } from './byte-reader';
import { displayOf, type Hash, hash256, readHash } from './hash';

/** Size of a block header in bytes. */
export const HEADER_BYTES = 80;

/** A block header, read from its bytes. */
export class Header {
  private cachedHash: Hash | undefined = undefined;
  private cachedDisplay: string | undefined = undefined;

  constructor(
    readonly bytes: Buffer,
    readonly start: number,
  ) {}

  /** Hash of the block. */
  get wireHash(): Hash {
    this.cachedHash ??= hash256(this.bytes.subarray(this.start, this.start + HEADER_BYTES));
    return this.cachedHash;
  }

  /** Hash of the block, as people write it. */
  get hash(): string {
    this.cachedDisplay ??= displayOf(this.wireHash);
    return this.cachedDisplay;
  }

  /** Version, signed. */
  get version(): number {
    return this.bytes.readInt32LE(this.start);
  }

  /** Hash of the block before it. */
  get wirePrevHash(): Hash {
    return readHash(this.bytes, this.start + 4);
  }

  /** The same, as people write it. */
  get prevHash(): string {
    return displayOf(this.wirePrevHash);
  }

  /** Root of the txids' merkle tree, as people write it. */
  get merkleRoot(): string {
    return displayOf(readHash(this.bytes, this.start + 36));
  }

  /** Unix time in seconds, as the miner claims. */
  get time(): number {
    return this.bytes.readUInt32LE(this.start + 68);
  }

  /** The target in compact form (nBits). */
  get bits(): number {
    return this.bytes.readUInt32LE(this.start + 72);
  }

  get nonce(): number {
    return this.bytes.readUInt32LE(this.start + 76);
  }
}

/**
 * Reads the header of 80 bytes at `start`; more bytes may follow.
 * @throws DecodeError
 */
export function parseHeader(bytes: Buffer, start = 0): Header {
  return new Header(bytes, new ByteReader(bytes, start).skip(HEADER_BYTES));
}
