// What the peers of scripts/soak.mjs relay: transactions that nobody could tell from mainnet's by their
// sizes, and blocks that confirm most of them and pass the listener's checks.
import { randomFillSync } from 'node:crypto';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { writeHash256 } = require('../dist/wire/hash.js');
const { merkleRoot } = require('../dist/chain/merkle.js');
const { CHAIN_PARAMS } = require('../dist/chain/params.js');

const HASH_BYTES = 32;
const MAX_BLOCK_WEIGHT = 4_000_000;
const COINBASE_WEIGHT = 1_000;

/** Outputs that may be spent; an older one is as good as confirmed long ago. */
const COINS = 20_000;

/** One transaction in so many carries data in its witness: that is how blocks of today come to 2.5 MB. */
const DATA_ONE_IN = 23;
const DATA_BYTES = 7_300;

/** One in so many spends what another has spent. */
const CONFLICT_ONE_IN = 300;

/** Bytes that no compression shortens, as signatures and hashes are. */
const noise = randomFillSync(Buffer.alloc(1 << 20));

let state = 0x2545f491;
/** A whole number below `limit` (xorshift): the same traffic in every run, but for the noise. */
function below(limit) {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % limit;
}

/** Copies noise to `bytes` and returns the offset behind it. */
function fill(bytes, at, length) {
  const from = below(noise.length - length);
  return at + noise.copy(bytes, at, from, from + length);
}

/** The double SHA-256, as it is on the wire. */
function hash256(bytes) {
  const hash = Buffer.allocUnsafe(HASH_BYTES);
  writeHash256(bytes, hash, 0);
  return hash;
}

/** A count in front of a list. */
export function compactSize(count) {
  return count < 0xfd ? Buffer.of(count) : Buffer.of(0xfd, count & 0xff, count >> 8);
}

/** Makes the transactions; outputs of those that a block will hold are spent by later ones. */
export class Transactions {
  coins = [];
  spent = null;

  /** The next; `mined` tells whether its outputs may be spent. */
  next(mined) {
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
    const known = spends.every(({ value }) => value !== undefined);
    const sum = known ? spends.reduce((total, { value }) => total + value, 0) : 1e6 + below(1e9);
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
    if (mined) values.forEach((value, index) => this.coins.push({ hash: txid, index, value }));
    if (this.coins.length > COINS) this.coins.splice(0, this.coins.length - COINS);
    return { raw, txid, wtxid, weight: base.length * 3 + raw.length };
  }

  spend(mayConflict) {
    if (mayConflict && this.spent !== null && below(CONFLICT_ONE_IN) === 0) return this.spent;
    if (this.coins.length < 100 || below(5) < 2) {
      const hash = Buffer.allocUnsafe(HASH_BYTES);
      fill(hash, 0, HASH_BYTES);
      return { hash, index: below(4), value: undefined };
    }
    const at = below(this.coins.length);
    const coin = this.coins[at];
    this.coins[at] = this.coins[this.coins.length - 1];
    this.coins.pop();
    this.spent = coin;
    return coin;
  }
}

function signatureWitness() {
  const bytes = Buffer.allocUnsafe(1 + 1 + 72 + 1 + 33);
  bytes[0] = 2;
  bytes[1] = 72;
  bytes[fill(bytes, 2, 72)] = 33;
  fill(bytes, 75, 33);
  return bytes;
}

function dataWitness() {
  const bytes = Buffer.allocUnsafe(1 + 3 + DATA_BYTES);
  bytes[0] = 1;
  bytes[1] = 0xfd;
  bytes.writeUInt16LE(DATA_BYTES, 2);
  fill(bytes, 4, DATA_BYTES);
  return bytes;
}

/** A chain of blocks with proof of work, which takes two tries on regtest. */
export class Chain {
  headers = [];
  tip = CHAIN_PARAMS.regtest.genesis;

  /** Takes transactions off the front of `waiting` as long as they fit, and returns the block. */
  next(waiting) {
    const chosen = [];
    let weight = COINBASE_WEIGHT;
    while (waiting.length > chosen.length && weight + waiting[chosen.length].weight < MAX_BLOCK_WEIGHT) {
      weight += waiting[chosen.length].weight;
      chosen.push(waiting[chosen.length]);
    }
    waiting.splice(0, chosen.length);

    const coinbase = this.coinbase(chosen);
    const header = Buffer.alloc(80);
    header.writeInt32LE(0x20000000, 0);
    hash256(this.tip).copy(header, 4);
    merkleRoot(Buffer.concat([coinbase.txid, ...chosen.map(({ txid }) => txid)])).root.copy(header, 36);
    header.writeUInt32LE(this.tip.readUInt32LE(68) + 600, 68);
    header.writeUInt32LE(0x207fffff, 72);
    let hash = hash256(header);
    for (let nonce = 1; hash[31] >= 0x80; nonce++) {
      header.writeUInt32LE(nonce, 76);
      hash = hash256(header);
    }
    this.headers.push(header);
    this.tip = header;
    const count = compactSize(chosen.length + 1);
    return { hash, raw: Buffer.concat([header, count, coinbase.raw, ...chosen.map(({ raw }) => raw)]) };
  }

  coinbase(chosen) {
    const nonce = Buffer.alloc(HASH_BYTES);
    const wtxids = Buffer.concat([Buffer.alloc(HASH_BYTES), ...chosen.map(({ wtxid }) => wtxid)]);
    const commitment = hash256(Buffer.concat([merkleRoot(wtxids).root, nonce]));
    const height = this.headers.length + 1;
    const number =
      height <= 16
        ? Buffer.of(0x50 + height, 0)
        : Buffer.of(height < 128 ? 1 : 2, height & 0xff, height >> 8);
    const script = Buffer.concat([number, Buffer.from('/soak/')]);
    const input = Buffer.concat([
      Buffer.alloc(HASH_BYTES),
      Buffer.alloc(4, 0xff),
      Buffer.of(script.length),
      script,
      Buffer.alloc(4, 0xff),
    ]);
    const reward = Buffer.alloc(9);
    reward.writeBigUInt64LE(50n * 100_000_000n);
    reward[8] = 1;
    const outputs = Buffer.concat([
      Buffer.of(2),
      reward,
      Buffer.of(0x51),
      Buffer.alloc(8),
      Buffer.of(38),
      Buffer.from('6a24aa21a9ed', 'hex'),
      commitment,
    ]);
    const version = Buffer.of(1, 0, 0, 0);
    const lockTime = Buffer.alloc(4);
    const base = Buffer.concat([version, Buffer.of(1), input, outputs, lockTime]);
    const witness = Buffer.concat([Buffer.of(1, HASH_BYTES), nonce]);
    const raw = Buffer.concat([version, Buffer.of(0, 1, 1), input, outputs, witness, lockTime]);
    return { raw, txid: hash256(base) };
  }
}
