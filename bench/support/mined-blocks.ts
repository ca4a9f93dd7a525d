import { CHAIN_PARAMS } from '#dist/chain/params';
import { merkleRoot } from '#dist/wire/merkle';
import { compactSize } from '#dist/wire/compact-size';
import { writeHash256 } from '#dist/wire/hash';
import { HEADER_BYTES } from '#dist/wire/header';

const HASH_BYTES = 32;

/** Seconds between the times of two blocks. */
const SPACING = 2;

/** The blocks to mine. */
interface MinedBlocksOptions {
  readonly count: number;
  /** Length of the one script in the coinbase, at least 6. */
  readonly scriptBytes: number;
  /** The transactions behind the coinbase, without witnesses; default: none. */
  readonly transactions?: (height: number) => readonly Buffer[];
}

/** The signature script of a coinbase: the height in its shortest form (BIP34), at least two bytes. */
function heightScript(height: number): Buffer {
  if (height <= 16) return Buffer.of(0x50 + height, 0);
  // The highest bit of the last byte is the sign.
  const length = Math.floor(Math.log2(height) / 8 + 1 / 8) + 1;
  const script = Buffer.alloc(1 + length, length);
  script.writeUIntLE(height, 1, length);
  return script;
}

/** The coinbase of a block, with one output that nobody can spend. */
function coinbase(height: number, scriptBytes: number): Buffer {
  const script = Buffer.alloc(scriptBytes, 0);
  // OP_RETURN, and one push of all the rest (OP_PUSHDATA4).
  script.writeUInt8(0x6a, 0);
  script.writeUInt8(0x4e, 1);
  script.writeUInt32LE(scriptBytes - 6, 2);
  const signature = heightScript(height);
  return Buffer.concat([
    Buffer.of(1, 0, 0, 0, 1),
    Buffer.alloc(32),
    Buffer.alloc(4, 0xff),
    Buffer.of(signature.length),
    signature,
    Buffer.alloc(4, 0xff),
    Buffer.of(1),
    Buffer.alloc(8),
    compactSize(scriptBytes),
    script,
    Buffer.alloc(4),
  ]);
}

/** Mines the blocks behind regtest's genesis block. The last one has the present time. */
export function* mineBlocks({
  count,
  scriptBytes,
  transactions = () => [],
}: MinedBlocksOptions): Generator<Buffer> {
  const hash = Buffer.alloc(HASH_BYTES);
  writeHash256(CHAIN_PARAMS.regtest.genesis, hash, 0);
  const start = Math.floor(Date.now() / 1_000) - count * SPACING;
  for (let height = 1; height <= count; height++) {
    const all = [coinbase(height, scriptBytes), ...transactions(height)];
    const hashes = Buffer.alloc(HASH_BYTES * all.length);
    all.forEach((transaction, i) => writeHash256(transaction, hashes, HASH_BYTES * i));
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeInt32LE(0x20000000, 0);
    hash.copy(header, 4);
    merkleRoot(hashes).root.copy(header, 36);
    header.writeUInt32LE(start + height * SPACING, 68);
    header.writeUInt32LE(0x207fffff, 72);
    for (let nonce = 0; ; nonce++) {
      header.writeUInt32LE(nonce, 76);
      writeHash256(header, hash, 0);
      if ((hash[31] ?? 0) < 0x80) break;
    }
    yield Buffer.concat([header, compactSize(all.length), ...all]);
  }
}
