import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { FullChain } from '../../../src/chain/full/full-chain';
import { genesisBlock } from '../../../src/chain/full/network';
import { checkBlock } from '../../../src/chain/validate-block';
import { CHAIN_PARAMS } from '../../../src/chain/params';
import { NETWORK_NAMES } from '../../../src/wire/networks';
import { parseBlock } from '../../../src/wire/block';
import { SPENDABLE_TYPES } from '../../support/wallet';
import { hash160, push } from '../../support/transaction';
import { type TransactionSpec, uint32 } from '../../wire/build';
import { type Hash, readHash } from '../../../src/wire/hash';
import { hashOf } from '../mine';
import { Miner, OP_TRUE, specOf, SUBSIDY } from './spend';

/** The next block may spend the coinbases of the first heights. */
const FIRST_BLOCKS = 103;

/** As a signature script it makes any output’s script fail. */
const OP_RETURN = Buffer.of(0x6a);

const idOf = (block: Buffer): Hash => readHash(hashOf(block), 0);

/** A chain on regtest and a miner at the same height. */
async function start(directory?: string): Promise<{ full: FullChain; miner: Miner }> {
  const full = await FullChain.open('regtest', directory);
  const miner = new Miner();
  while (miner.height < FIRST_BLOCKS) {
    const { status } = await full.add(miner.extend(miner.build()), true);
    if (status !== 'connected') throw new Error(`block ${miner.height} is ${status}`);
  }
  return { full, miner };
}

describe('the first block of each network', () => {
  it.each(NETWORK_NAMES)('of %s is complete, and its chain begins with it', async (name) => {
    const params = CHAIN_PARAMS[name];
    const block = genesisBlock(name, params);
    expect(checkBlock(parseBlock(block))).toBeUndefined();
    const full = await FullChain.open(name, undefined);
    expect([full.tip, full.height]).toEqual([idOf(block), 0]);
    await full.close();
  });
});

describe('a block whose inputs', () => {
  let full: FullChain;
  let miner: Miner;
  beforeAll(async () => {
    ({ full, miner } = await start());
  });
  afterAll(() => full.close());

  /** A good block follows each refused one, so the chain goes on. */
  async function refused(block: Buffer): Promise<string | undefined> {
    const verdict = await full.add(block, true);
    expect(verdict).toMatchObject({ status: 'rejected', invalid: [], tip: idOf(miner.tip) });
    expect(await full.add(miner.extend(miner.build()), true)).toMatchObject({ status: 'connected' });
    return verdict.reason;
  }

  it('are of every spendable type is connected, and inputs of later witness programs are counted', async () => {
    const payments = SPENDABLE_TYPES.map((type) => ({ type, value: SUBSIDY / 10 }));
    const fanOut = miner.spend(1, 0, payments);
    const fee = SUBSIDY - payments.length * (SUBSIDY / 10);
    const first = miner.build([specOf(fanOut.hex)], { outputs: [{ value: SUBSIDY + fee, script: OP_TRUE }] });
    expect(await full.add(miner.extend(first), true)).toMatchObject({
      status: 'connected',
      unverifiedInputs: 0,
    });
    const spends = fanOut.outputs.map((coin) =>
      miner.wallet.sign([coin], [{ type: 'pubkeyhash', value: 1_000 }]),
    );
    const second = miner.extend(miner.build(spends.map(({ hex }) => specOf(hex))));
    expect(await full.add(second, true)).toMatchObject({ status: 'connected', unverifiedInputs: 2 });
  });

  it('are not run because the block is known to be valid counts them all', async () => {
    const { inputs = [], ...rest } = specOf(miner.spend(2, 0).hex);
    const wrong = { ...rest, inputs: inputs.map((input) => ({ ...input, sigScript: OP_RETURN })) };
    const block = miner.extend(miner.build([wrong]));
    expect(await full.add(block, false)).toMatchObject({ status: 'connected', unverifiedInputs: 1 });
  });

  it('are signed wrongly is refused, whatever signs them', async () => {
    for (const type of ['pubkey', 'pubkeyhash', 'multisig', 'witness_v0_keyhash'] as const) {
      const funding = miner.spend(miner.height - 100, 0, [{ type, value: SUBSIDY }]);
      const funded = miner.extend(miner.build([specOf(funding.hex)]));
      expect(await full.add(funded, true)).toMatchObject({ status: 'connected' });
      const spend = specOf(miner.wallet.sign(funding.outputs, [{ type: 'pubkeyhash', value: 1_000 }]).hex);
      // Another amount than the signed one.
      const outputs = (spend.outputs ?? []).map((output) => ({ ...output, value: 999 }));
      expect(await refused(miner.build([{ ...spend, outputs }]))).toBe('block-script-verify-flag-failed');
      expect(await full.add(miner.extend(miner.build([spend])), true)).toMatchObject({ status: 'connected' });
    }
  });

  it('are worth less than its outputs is refused', async () => {
    expect(await refused(miner.build([specOf(miner.spend(3, -1).hex)]))).toBe('bad-txns-in-belowout');
  });

  it('do not exist is refused', async () => {
    const spend = { inputs: [{ prevHash: Buffer.alloc(32, 7) }] };
    expect(await refused(miner.build([spend]))).toBe('bad-txns-inputs-missingorspent');
  });

  it('are spent twice within it is refused', async () => {
    const spends = [0, 1].map((fee) => specOf(miner.spend(3, fee).hex));
    expect(await refused(miner.build(spends))).toBe('bad-txns-inputs-missingorspent');
  });

  it('were spent before is refused', async () => {
    expect(await refused(miner.build([specOf(miner.spend(1, 1).hex)]))).toBe(
      'bad-txns-inputs-missingorspent',
    );
  });

  it('spend a coinbase less than 100 deep is refused', async () => {
    const spend = (): TransactionSpec => specOf(miner.spend(miner.height - 98, 0).hex);
    expect(await refused(miner.build([spend()]))).toBe('bad-txns-premature-spend-of-coinbase');
  });

  it('are locked by their age is refused', async () => {
    const { inputs = [], ...rest } = specOf(miner.spend(miner.height - 99, 0).hex);
    const locked = { ...rest, version: 2, inputs: inputs.map((input) => ({ ...input, sequence: 200 })) };
    expect(await refused(miner.build([locked]))).toBe('bad-txns-nonfinal');
  });

  it('pay fees is refused if its coinbase takes a satoshi more, and not if it takes all', async () => {
    const spend = specOf(miner.spend(miner.height - 99, 1_234).hex);
    const take = (value: number): Buffer => miner.build([spend], { outputs: [{ value, script: OP_TRUE }] });
    const all = take(SUBSIDY + 1_234);
    expect((await full.add(take(SUBSIDY + 1_235), true)).reason).toBe('bad-cb-amount');
    expect(await full.add(miner.extend(all), true)).toMatchObject({ status: 'connected' });
  });

  it('have more signature operations than a block may is refused', async () => {
    // One branch is a bare OP_TRUE; the other is 190 times OP_CHECKMULTISIG, which counts 20 each, times a
    // witness scale of 4.
    const redeem = Buffer.concat([
      Buffer.of(0x51, 0x63, 0x51, 0x67),
      Buffer.alloc(190, 0xae),
      Buffer.of(0x68),
    ]);
    const script = Buffer.concat([Buffer.of(0xa9, 20), hash160(redeem), Buffer.of(0x87)]);
    const coinbase = miner.spend(miner.height - 99, 0);
    const funding = {
      ...specOf(coinbase.hex),
      outputs: Array.from({ length: 6 }, () => ({ value: 1_000, script })),
    };
    const funded = miner.extend(miner.build([funding]));
    expect(await full.add(funded, true)).toMatchObject({ status: 'connected' });
    const prevHash = txidBytes(funded, 1);
    const spend = (count: number): TransactionSpec => ({
      inputs: Array.from({ length: count }, (_, prevIndex) => ({
        prevHash,
        prevIndex,
        sigScript: push(redeem),
      })),
    });
    expect(await refused(miner.build([spend(6)]))).toBe('bad-blk-sigops');
    const block = miner.extend(miner.build([{ ...spend(5), outputs: [{ value: 1 }] }]));
    expect(await full.add(block, true)).toMatchObject({ status: 'connected' });
  });
});

describe('the values of outputs', () => {
  it('are those of the unspent ones', async () => {
    const { full, miner } = await start();
    const spend = miner.spend(1, 0, [
      { type: 'pubkeyhash', value: 5 },
      { type: 'pubkeyhash', value: 7 },
    ]);
    const block = miner.extend(miner.build([specOf(spend.hex)]));
    await full.add(block, true);
    const txid = txidBytes(block, 1);
    const coinbase = Buffer.from(spend.inputs[0]?.txid ?? '', 'hex').reverse();
    const points = [
      [txid, 0],
      [txid, 1],
      [txid, 2],
      [coinbase, 0],
      [Buffer.alloc(32, 1), 0],
    ] as const;
    const values = await full.values(Buffer.concat(points.flatMap(([hash, index]) => [hash, uint32(index)])));
    expect([...values]).toEqual([5, 7, NaN, NaN, NaN]);
    await full.close();
  });
});

describe('a branch with more work', () => {
  it('becomes the best', async () => {
    const { full, miner } = await start();
    const fork = { tip: miner.tip, height: miner.height };
    const spend = specOf(miner.spend(1, 0, [{ type: 'witness_v1_taproot', value: 9 }]).hex);
    const a = [1, 2].map(() => miner.extend(miner.build()));
    for (const block of a) await full.add(block, true);
    Object.assign(miner, fork);
    const b = [miner.extend(miner.build([spend], { salt: 1 })), miner.extend(miner.build([], { salt: 1 }))];
    for (const block of b)
      expect(await full.add(block, true)).toMatchObject({ status: 'stored', tip: idOf(a[1] ?? fork.tip) });
    const third = miner.extend(miner.build([], { salt: 1 }));
    expect(await full.add(third, true)).toMatchObject({ status: 'connected', tip: idOf(third), invalid: [] });
    expect(await full.add(third, true)).toMatchObject({ status: 'stored' });
    await full.close();
  });

  it('is given up when one of its blocks turns out to be invalid, and the previous best is best again', async () => {
    const { full, miner } = await start();
    const fork = { tip: miner.tip, height: miner.height };
    const a = [1, 2].map(() => miner.extend(miner.build()));
    for (const block of a) await full.add(block, true);
    const best = { tip: miner.tip, height: miner.height };
    Object.assign(miner, fork);
    const b1 = miner.extend(miner.build([], { salt: 1 }));
    const bad = miner.build([{ inputs: [{ prevHash: Buffer.alloc(32, 7) }] }], { salt: 1 });
    const onB1 = { tip: miner.tip, height: miner.height };
    miner.extend(bad);
    const onBad = miner.build([], { salt: 1 });
    for (const block of [b1, bad]) expect((await full.add(block, true)).status).toBe('stored');
    expect(await full.add(onBad, true)).toMatchObject({
      status: 'rejected',
      reason: 'bad-prevblk',
      invalid: [idOf(bad)],
      tip: idOf(best.tip),
    });

    // The valid part of the branch can still be built on.
    Object.assign(miner, onB1);
    const b2 = miner.extend(miner.build([], { salt: 2 }));
    const b3 = miner.extend(miner.build([], { salt: 2 }));
    expect((await full.add(b2, true)).status).toBe('stored');
    expect(await full.add(b3, true)).toMatchObject({ status: 'connected', tip: idOf(b3) });
    await full.close();
  });

  it('becomes the best at the next start if the process ended halfway', async () => {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-chain-'));
    const { full, miner } = await start(directory);
    for (let left = 3; left > 0; left--) await full.add(miner.extend(miner.build()), true);
    // As far as the change gets between two blocks: bcoin writes each block separately.
    const { chain } = full as unknown as { chain: { tip: object; disconnect(entry: object): Promise<void> } };
    await chain.disconnect(chain.tip);
    await chain.disconnect(chain.tip);
    await full.close();
    const again = await FullChain.open('regtest', directory);
    expect([again.tip, again.height]).toEqual([idOf(miner.tip), miner.height]);
    expect((await again.headers(1)).length).toBe(80 * miner.height);
    await again.close();
    await rm(directory, { recursive: true });
  });
});

describe('a database', () => {
  it('keeps the last 288 blocks for reorganisations, and none below them', async () => {
    const { full, miner } = await start();
    while (miner.height < 300) await full.add(miner.extend(miner.build()), true);
    const { chain } = full as unknown as { chain: { getBlock(height: number): Promise<object | null> } };
    const kept = await Promise.all([1, 11, 12, 13, 300].map((height) => chain.getBlock(height)));
    expect(kept.map((block) => block !== null)).toEqual([false, false, false, true, true]);
    await full.close();
  });

  it('that is in use, of another network, or not a database is refused in one line', async () => {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-chain-'));
    const full = await FullChain.open('regtest', directory);
    await expect(FullChain.open('regtest', directory)).rejects.toThrow('in use by another process');
    await full.close();
    await expect(FullChain.open('simnet', directory)).rejects.toThrow(
      `chain ${directory}: is not a chain of simnet; move it away`,
    );
    const file = path.join(directory, 'CURRENT');
    await expect(FullChain.open('regtest', file)).rejects.toThrow(/^chain .*CURRENT: [^\n]+$/);
    await writeFile(file, 'nonsense');
    await expect(FullChain.open('regtest', directory)).rejects.toThrow(/^chain .*: is damaged[^\n]+$/);
    await writeFile(file, 'MANIFEST-999999\n');
    await expect(FullChain.open('regtest', directory)).rejects.toThrow(
      /^chain .*: is damaged[^\n]+MANIFEST-999999[^\n]+; remove it, and it is built again$/,
    );
    await rm(directory, { recursive: true });
  });
});

/** txid of a transaction of a block, in wire order. */
function txidBytes(block: Buffer, index: number): Buffer {
  return Buffer.from(parseBlock(block).transactions[index]?.txid ?? '', 'hex').reverse();
}
