import { readFileSync } from 'node:fs';
import path from 'node:path';
import Address from 'bcoin/lib/primitives/address';
import { minerOf, POOL_NAMES } from '../../src/chain/miner';
import { type Block, parseBlock } from '../../src/wire/block';
import { parseTransaction } from '../../src/wire/transaction';
import { blockOf } from '../mempool/build';
import { sharedBlocks, sharedPools } from '../support/data';
import { buildTransaction } from '../wire/build';

/** A block whose coinbase has this signature script and pays to this output script. */
function minedBy(sigScript: Buffer, script = Buffer.of(0x51)): Block {
  const bytes = buildTransaction({
    inputs: [{ prevHash: Buffer.alloc(32), prevIndex: 0xffff_ffff, sigScript }],
    outputs: [
      { value: 1, script: Buffer.from('6a24aa21a9ed', 'hex') },
      { value: 5, script },
    ],
  });
  return blockOf([], parseTransaction(bytes));
}

const around = (tag: string): Buffer =>
  Buffer.concat([Buffer.of(3, 1, 2, 3), Buffer.from(tag), Buffer.of(7)]);

describe('minerOf', () => {
  it('knows no pool of a coinbase without a tag', () => {
    expect(minerOf(minedBy(Buffer.of(3, 1, 2, 3)))).toBeUndefined();
  });

  it('takes an address before a tag, and the longer of two tags', () => {
    expect(minerOf(minedBy(around('/solo.ckpool.org/')))).toBe('Solo CK');
    expect(minerOf(minedBy(around('ckpool')))).toBe('CKPool');
    const script = Buffer.from('76a914c825a1ecf2a6830c4401620c3a16f1995057c2ab88ac', 'hex');
    expect(minerOf(minedBy(around('/LUXOR/'), script))).toBe('F2Pool');
  });

  it('has names that are bounded, and that every exporter can write as a tag', () => {
    expect(POOL_NAMES).toHaveLength(new Set(POOL_NAMES).size);
    for (const name of POOL_NAMES) expect(name).toMatch(/^[\x20-\x7e]{1,40}$/);
  });
});

sharedPools.describe('the list of pools', (folder) => {
  it('has every tag and address of the public list, by the scripts that bcoin makes of them', () => {
    const pools = JSON.parse(readFileSync(path.join(folder, 'pools.json'), 'utf8')) as {
      readonly name: string;
      readonly addresses: readonly string[];
      readonly tags: readonly string[];
    }[];
    expect(POOL_NAMES).toEqual(pools.map(({ name }) => name));
    for (const { name, addresses, tags } of pools) {
      for (const tag of tags) expect([tag, minerOf(minedBy(around(tag)))]).toEqual([tag, name]);
      for (const text of addresses) {
        const address = Address.fromString(text, 'main');
        const { hash } = address;
        const scripts: Record<string, Buffer[]> = {
          pubkeyhash: [Buffer.of(0x76, 0xa9, 20), hash, Buffer.of(0x88, 0xac)],
          scripthash: [Buffer.of(0xa9, 20), hash, Buffer.of(0x87)],
          witness: [Buffer.of(0, hash.length), hash],
        };
        const script = Buffer.concat(scripts[address.getType()] ?? []);
        expect([text, minerOf(minedBy(Buffer.of(1, 2), script))]).toEqual([text, name]);
      }
    }
  });
});

sharedBlocks.describe('the miners of real blocks', (folder) => {
  // F2Pool wrote "Mined by" and a name in its first years; the tags of the others say HaoBTC and BTC.COM.
  it.each([
    ['mainnet-300025', 'F2Pool'],
    ['mainnet-426884', 'Bixin'],
    ['mainnet-540107', 'BTC.com'],
    ['testnet3-928849', undefined],
  ])('%s is from %s', (name, pool) => {
    expect(minerOf(parseBlock(readFileSync(path.join(folder, `${name}.raw`))))).toBe(pool);
  });
});
