import { type Header, HEADER_BYTES, parseHeader } from '../header';
import { ByteReader } from '../byte-reader';
import type { Hash } from '../hash';

/** A header, and the part of its merkle tree that leads to the transactions that match a filter (BIP37). */
export interface MerkleBlockMessage {
  readonly header: Header;
  /** The number of transactions of the block, as the peer claims. */
  readonly transactions: number;
  /** Nodes of the tree, depth first. */
  readonly hashes: readonly Hash[];
  /** Bits that say where to descend the tree, the lowest bit of each byte first. A view of the payload. */
  readonly flags: Buffer;
}

/**
 * Decodes `merkleblock` (BIP37; Core 31 `src/merkleblock.h` CMerkleBlock, btcd v0.26
 * `wire/msgmerkleblock.go`). It does not check whether the parts form a tree.
 */
export function decodeMerkleBlock(payload: Buffer): MerkleBlockMessage {
  const reader = new ByteReader(payload);
  const header = parseHeader(reader.bytes(HEADER_BYTES));
  const transactions = reader.u32();
  // The length of the payload limits both lists.
  const hashes = reader.hashes();
  return { header, transactions, hashes, flags: reader.sizedBytes() };
}
