import { randomFillSync } from 'node:crypto';

import { writeHash256 } from '../../src/wire/hash';

/** Length of a hash. */
export const HASH_BYTES = 32;

/** How many spendable outputs are kept. The oldest are forgotten. */
const COINS = 20_000;

/** One transaction in this many has data in its witness, so that blocks have 2.5 MB, as on mainnet today. */
const DATA_ONE_IN = 23;
const DATA_BYTES = 7_300;

/** One transaction in this many spends an output that another one has spent. */
const CONFLICT_ONE_IN = 300;

/** Random bytes. They compress as badly as signatures and hashes. */
const noise = randomFillSync(Buffer.alloc(1 << 20));

let state = 0x2545f491;
/**
 * A pseudo-random whole number below `limit` (xorshift). It is the same in each run; only `noise` differs.
 */
function below(limit: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % limit;
}

/** Copies noise to `bytes` and returns the offset behind it. */
function fill(bytes: Buffer, at: number, length: number): number {
  const from = below(noise.length - length);
  return at + noise.copy(bytes, at, from, from + length);
}

/** The double SHA-256 in wire order. */
export function hash256(bytes: Buffer): Buffer {
  const hash = Buffer.allocUnsafe(HASH_BYTES);
  writeHash256(bytes, hash, 0);
  return hash;
}

/** A transaction that the peers relay. */
export interface RelayedTransaction {
  readonly raw: Buffer;
  readonly txid: Buffer;
  readonly wtxid: Buffer;
  readonly weight: number;
}

/** An output that an input spends. Its value in satoshi is undefined if no peer relayed its transaction. */
interface Coin {
  readonly hash: Buffer;
  readonly index: number;
  readonly value: number | undefined;
}

/**
 * Makes transactions of the same sizes as on mainnet. Later ones spend the outputs of those that a block will
 * contain.
 */
export class Transactions {
  private readonly coins: Coin[] = [];
  private spent: Coin | null = null;

  /** @param mined whether a block will contain it, so that its outputs may be spent */
  next(mined: boolean): RelayedTransaction {
    const inputs = below(2) + 1;
    const data = below(DATA_ONE_IN) === 0;
    const spends = Array.from({ length: inputs }, (_, i) => this.spend(i === 0));
    const base = Buffer.allocUnsafe(4 + 1 + inputs * 41 + 1 + 2 * 31 + 4);
    let at = base.writeInt32LE(2, 0);
    at = base.writeUInt8(inputs, at);
    for (const { hash, index } of spends) {
      at += hash.copy(base, at);
      at = base.writeUInt32LE(index, at);
      at = base.writeUInt8(0, at);
      at = base.writeUInt32LE(0xfffffffd, at);
    }
    const known = spends.flatMap(({ value }) => value ?? []);
    const isKnown = known.length === spends.length;
    const sum = isKnown ? known.reduce((total, value) => total + value, 0) : 1e6 + below(1e9);
    const left = Math.max(2_000, sum - 200 - below(20_000));
    const values = [Math.floor(left / 3), left - Math.floor(left / 3)];
    at = base.writeUInt8(2, at);
    for (const value of values) {
      at = base.writeBigUInt64LE(BigInt(value), at);
      at = base.writeUInt8(22, at);
      at = base.writeUInt16BE(0x0014, at);
      at = fill(base, at, 20);
    }
    base.writeUInt32LE(0, at);

    const witness = Buffer.concat(
      spends.map((_, i) => (data && i === 0 ? dataWitness() : signatureWitness())),
    );
    const raw = Buffer.concat([
      base.subarray(0, 4),
      Buffer.of(0, 1),
      base.subarray(4, base.length - 4),
      witness,
      base.subarray(base.length - 4),
    ]);
    const txid = hash256(base);
    const wtxid = hash256(raw);
    if (mined) for (const [index, value] of values.entries()) this.coins.push({ hash: txid, index, value });
    if (this.coins.length > COINS) this.coins.splice(0, this.coins.length - COINS);
    return { raw, txid, wtxid, weight: base.length * 3 + raw.length };
  }

  private spend(mayConflict: boolean): Coin {
    if (mayConflict && this.spent !== null && below(CONFLICT_ONE_IN) === 0) return this.spent;
    if (this.coins.length < 100 || below(5) < 2) return strangeCoin();
    const at = below(this.coins.length);
    const last = this.coins.pop();
    const coin = this.coins[at] ?? last;
    if (coin === undefined || last === undefined) return strangeCoin();
    if (at < this.coins.length) this.coins[at] = last;
    this.spent = coin;
    return coin;
  }
}

/** An output of a transaction that no peer relayed. */
function strangeCoin(): Coin {
  const hash = Buffer.allocUnsafe(HASH_BYTES);
  fill(hash, 0, HASH_BYTES);
  return { hash, index: below(4), value: undefined };
}

function signatureWitness(): Buffer {
  const bytes = Buffer.allocUnsafe(1 + 1 + 72 + 1 + 33);
  bytes[0] = 2;
  bytes[1] = 72;
  bytes[fill(bytes, 2, 72)] = 33;
  fill(bytes, 75, 33);
  return bytes;
}

function dataWitness(): Buffer {
  const bytes = Buffer.allocUnsafe(1 + 3 + DATA_BYTES);
  bytes[0] = 1;
  bytes[1] = 0xfd;
  bytes.writeUInt16LE(DATA_BYTES, 2);
  fill(bytes, 4, DATA_BYTES);
  return bytes;
}
