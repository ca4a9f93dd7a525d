import { type Header, HEADER_BYTES, parseHeader } from '../header';
import { ByteReader } from '../byte-reader';

/** A header, and the part of its merkle tree that leads to the transactions of a filter (BIP37). */
export interface MerkleBlockMessage {
  readonly header: Header;
  /** How many transactions the block is said to have. */
  readonly transactions: number;
  /** Nodes of the tree, depth first, as they are on the wire, one character a byte. */
  readonly hashes: readonly string[];
  /** Bits, the lowest of each byte first, that say where the tree is descended. A view of the payload. */
  readonly flags: Buffer;
}

/**
 * Decodes `merkleblock` (BIP37; Core 31 `src/merkleblock.h` CMerkleBlock, btcd v0.26
 * `wire/msgmerkleblock.go`). Whether the parts make up a tree is not checked.
 */
export function decodeMerkleBlock(payload: Buffer): MerkleBlockMessage {
  const reader = new ByteReader(payload);
  const header = parseHeader(reader.bytes(HEADER_BYTES));
  const transactions = reader.u32();
  // A payload bounds both lists.
  const hashes = reader.hashes();
  return { header, transactions, hashes, flags: reader.sizedBytes() };
}
