import { createHash, randomBytes } from 'node:crypto';
import { CHAIN_PARAMS } from '../../src/chain/params';

const EMPTY = Buffer.alloc(0);

/** Double SHA-256. */
export function hash256(bytes: Buffer): Buffer {
  return createHash('sha256').update(createHash('sha256').update(bytes).digest()).digest();
}

/** A CompactSize below 2^32. */
export function compactSize(n: number): Buffer {
  if (n < 0xfd) return Buffer.of(n);
  const bytes = n <= 0xffff ? Buffer.alloc(3, 0xfd) : Buffer.alloc(5, 0xfe);
  bytes.writeUIntLE(n, 1, bytes.length - 1);
  return bytes;
}

/** Bytes with their length in front. */
function withLength(bytes: Buffer): Buffer {
  return Buffer.concat([compactSize(bytes.length), bytes]);
}

export function uint32(n: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(n >>> 0);
  return bytes;
}

/** A payload of `inv`, `getdata` or `notfound`; hashes in wire order. */
export function inventory(type: number, hashes: readonly Buffer[]): Buffer {
  const kind = uint32(type);
  return Buffer.concat([compactSize(hashes.length), ...hashes.flatMap((hash) => [kind, hash])]);
}

/** Random hashes, which nobody knows. */
export function randomHashes(count: number): Buffer[] {
  const bytes = randomBytes(32 * count);
  return Array.from({ length: count }, (_, i) => bytes.subarray(32 * i, 32 * i + 32));
}

/** The output that an input spends. */
export interface Outpoint {
  readonly txid: Buffer;
  readonly index: number;
}

/** A serialized transaction. */
export function transaction(parts: {
  readonly spends: readonly Outpoint[];
  readonly outputs: number;
  /** Satoshi of each output. */
  readonly value?: number;
  /** Script of each output; default: pays to the hash of a key (BIP141). */
  readonly script?: Buffer;
  readonly scriptSig?: Buffer;
  /** The one item of each input's witness. */
  readonly witness?: Buffer;
  readonly sequence?: number;
}): Buffer {
  const {
    spends,
    outputs,
    value = 10_000,
    script = Buffer.concat([Buffer.of(0x00, 0x14), Buffer.alloc(20)]),
    scriptSig = Buffer.alloc(107, 1),
    witness,
    sequence = 0xffff_fffd,
  } = parts;
  const satoshi = Buffer.alloc(8);
  satoshi.writeBigUInt64LE(BigInt(value));
  const output = Buffer.concat([satoshi, withLength(script)]);
  return Buffer.concat([
    uint32(2),
    witness === undefined ? Buffer.alloc(0) : Buffer.of(0, 1),
    compactSize(spends.length),
    ...spends.map(({ txid, index }) =>
      Buffer.concat([txid, uint32(index), withLength(scriptSig), uint32(sequence)]),
    ),
    compactSize(outputs),
    ...Array.from({ length: outputs }, () => output),
    ...(witness === undefined ? [] : spends.map(() => Buffer.concat([compactSize(1), withLength(witness)]))),
    uint32(0),
  ]);
}

/** An output of an unknown transaction; another one at each call. */
export function randomOutpoint(): Outpoint {
  return { txid: randomBytes(32), index: 0 };
}

const { genesis, powLimitBits } = CHAIN_PARAMS.regtest;

/** The header of block 0. */
export const GENESIS = genesis;

const BLOCK_SECONDS = 60;

/** A header with proof of work, which takes two tries on regtest; `worthless` headers have none. */
export function header(
  previous: Buffer,
  root: Buffer,
  time: number,
  { bits = powLimitBits, worthless = false } = {},
): Buffer {
  const bytes = Buffer.concat([uint32(0x2000_0000), previous, root, uint32(time), uint32(bits), uint32(0)]);
  for (let nonce = 0; ; nonce++) {
    bytes.writeUInt32LE(nonce, 76);
    const hasWork = (hash256(bytes)[31] ?? 0) < 0x7f;
    if (hasWork !== worthless) return bytes;
  }
}

/** The Merkle root of these hashes. */
function merkle(hashes: readonly Buffer[]): Buffer {
  let level = [...hashes];
  while (level.length > 1) {
    const next: Buffer[] = [];
    for (let i = 0; i < level.length; i += 2)
      next.push(hash256(Buffer.concat([level[i] ?? EMPTY, level[i + 1] ?? level[i] ?? EMPTY])));
    level = next;
  }
  return level[0] ?? Buffer.alloc(32);
}

/** The coinbase of a block (BIP34). */
export function coinbase(height: number, tag = 0): Buffer {
  const number = height < 17 ? Buffer.of(0x50 + height, 0) : push(height);
  const script = Buffer.concat([number, Buffer.of(4), uint32(tag)]);
  return transaction({
    spends: [{ txid: Buffer.alloc(32), index: 0xffff_ffff }],
    outputs: 1,
    scriptSig: script,
    sequence: 0xffff_ffff,
  });
}

function push(height: number): Buffer {
  const bytes: number[] = [];
  for (let left = height; left > 0; left = Math.floor(left / 256)) bytes.push(left & 0xff);
  if ((bytes.at(-1) ?? 0) >= 0x80) bytes.push(0);
  return Buffer.of(bytes.length, ...bytes);
}

/** A block after the one with this header, and its own header. */
export function block(
  on: Buffer,
  height: number,
  { transactions = [] as readonly Buffer[], tag = 0 } = {},
): { readonly header: Buffer; readonly bytes: Buffer } {
  const all = [coinbase(height, tag), ...transactions];
  const made = header(
    hash256(on),
    merkle(all.map(hash256)),
    GENESIS.readUInt32LE(68) + height * BLOCK_SECONDS,
  );
  return { header: made, bytes: Buffer.concat([made, compactSize(all.length), ...all]) };
}

/** The payload of `headers`. */
export function headers(list: readonly Buffer[]): Buffer {
  return Buffer.concat([compactSize(list.length), ...list.flatMap((each) => [each, Buffer.of(0)])]);
}

/** The payload of a `getheaders` for all headers after the genesis block. */
export function getHeaders(): Buffer {
  return Buffer.concat([uint32(70_016), compactSize(1), hash256(GENESIS), Buffer.alloc(32)]);
}
