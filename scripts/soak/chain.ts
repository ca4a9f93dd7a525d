import { merkleRoot } from '../../src/wire/merkle';
import { CHAIN_PARAMS } from '../../src/chain/params';
import { compactSize } from '../../test/support/transaction';
import { hash256, HASH_BYTES, type RelayedTransaction } from './traffic';

const MAX_BLOCK_WEIGHT = 4_000_000;
const COINBASE_WEIGHT = 1_000;

/** A block that was mined. */
export interface MinedBlock {
  readonly hash: Buffer;
  readonly raw: Buffer;
}

/**
 * A chain of blocks that pass the listener's checks. On regtest the proof of work takes two attempts on
 * average.
 */
export class Chain {
  readonly headers: Buffer[] = [];
  private tip = CHAIN_PARAMS.regtest.genesis;

  /** Mines a block of as many transactions as fit. Takes them from the front of `waiting`. */
  next(waiting: RelayedTransaction[]): MinedBlock {
    let weight = COINBASE_WEIGHT;
    const tooMany = waiting.findIndex((transaction) => (weight += transaction.weight) >= MAX_BLOCK_WEIGHT);
    const chosen = waiting.splice(0, tooMany < 0 ? waiting.length : tooMany);

    const coinbase = this.coinbase(chosen);
    const header = Buffer.alloc(80);
    header.writeInt32LE(0x20000000, 0);
    hash256(this.tip).copy(header, 4);
    merkleRoot(Buffer.concat([coinbase.txid, ...chosen.map(({ txid }) => txid)])).root.copy(header, 36);
    header.writeUInt32LE(this.tip.readUInt32LE(68) + 600, 68);
    header.writeUInt32LE(0x207fffff, 72);
    let hash = hash256(header);
    for (let nonce = 1; (hash[31] ?? 0) >= 0x80; nonce++) {
      header.writeUInt32LE(nonce, 76);
      hash = hash256(header);
    }
    this.headers.push(header);
    this.tip = header;
    const count = compactSize(chosen.length + 1);
    return { hash, raw: Buffer.concat([header, count, coinbase.raw, ...chosen.map(({ raw }) => raw)]) };
  }

  private coinbase(chosen: readonly RelayedTransaction[]): Pick<RelayedTransaction, 'raw' | 'txid'> {
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
