import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as consensus from 'bcoin/lib/protocol/consensus';
import BcoinBlock from 'bcoin/lib/primitives/block';
import BcoinTX from 'bcoin/lib/primitives/tx';
import { CHAIN_PARAMS, type ChainParams } from '../../src/chain/params';
import { legacySigops } from '../../src/wire/sigops';
import { coinbaseValue, subsidy } from '../../src/chain/subsidy';
import { BLOCK_REASONS } from '../../src/chain/reasons';
import { checkBlock, checkBlockInContext, isMutation } from '../../src/chain/validate-block';
import { type Block, parseBlock } from '../../src/wire/block';
import { parseTransaction } from '../../src/wire/transaction';
import { sharedBlocks } from '../support/data';
import { buildTransaction, compactSize, hex, type TransactionSpec } from '../wire/build';
import { type BlockSpec, mineBlock, REGTEST, regtestWith, rightCommitment } from './mine';

/** bcoin's verdict on a block; its typings lack the checks. */
interface BcoinChecks {
  checkBody(): readonly [valid: boolean, reason: string, score: number];
  getCommitmentHash(): Buffer | null;
  createCommitmentHash(): Buffer | null;
}

function bcoinBlock(bytes: Buffer): BcoinChecks {
  return BcoinBlock.fromRaw(bytes) as unknown as BcoinChecks;
}

const HEIGHT = 100;
const MEDIAN_TIME = 1_600_000_000;
const NULL_OUTPOINT = { prevHash: Buffer.alloc(32), prevIndex: 0xffff_ffff };

function judge(block: Block, params = REGTEST, height = HEIGHT): string | undefined {
  return checkBlock(block) ?? checkBlockInContext(block, { params, height, medianTime: MEDIAN_TIME });
}

function built(spec: Partial<BlockSpec>): Buffer {
  const time = MEDIAN_TIME + 600;
  return mineBlock({ on: REGTEST.genesis, height: HEIGHT, outputs: [{ value: 25e8 }], time, ...spec });
}

const committed = { commitment: rightCommitment };
const witness = (bytes: number): TransactionSpec => ({ inputs: [{ witness: [Buffer.alloc(bytes)] }] });
const zeros = (count: number): TransactionSpec => ({ outputs: [{ script: Buffer.alloc(count) }] });
const script = (bytes: string, count: number): TransactionSpec => ({
  outputs: [{ script: hex(bytes.repeat(count)) }],
});
const locked = (lockTime: number, sequence = 0): TransactionSpec => ({ lockTime, inputs: [{ sequence }] });
const other = (n: number): TransactionSpec => ({ inputs: [{ prevIndex: n }] });

/**
 * Each reason: a block with exactly that fault, and a similar one without it. `params` is set if the rules
 * are not regtest's.
 */
const CASES: readonly (readonly [
  reason: string,
  what: string,
  fault: Partial<BlockSpec>,
  right: Partial<BlockSpec>,
  params?: ChainParams,
])[] = [
  ['bad-txnmrklroot', 'another root', { merkleRoot: Buffer.alloc(32, 1) }, {}],
  [
    'bad-txns-duplicate',
    'a last transaction that is there twice',
    { transactions: [other(1), other(2), other(2)] },
    { transactions: [other(1), other(2)] },
  ],
  [
    'bad-blk-length',
    'a million bytes without witnesses',
    { transactions: [zeros(500_000), zeros(499_800)] },
    { transactions: [zeros(500_000), zeros(499_600)] },
  ],
  ['bad-cb-missing', 'no coinbase', { coinbase: null, transactions: [{}] }, { transactions: [{}] }],
  [
    'bad-cb-multiple',
    'two coinbases',
    { transactions: [{ inputs: [{ ...NULL_OUTPOINT, sigScript: hex('5151') }] }] },
    { transactions: [{ inputs: [{ ...NULL_OUTPOINT, prevIndex: 0, sigScript: hex('5151') }] }] },
  ],
  [
    'bad-cb-length',
    'a coinbase script of 101 bytes',
    { coinbaseScript: Buffer.concat([hex('0164'), Buffer.alloc(99)]) },
    { coinbaseScript: Buffer.concat([hex('0164'), Buffer.alloc(98)]) },
  ],
  [
    'bad-txns-vout-empty',
    'a transaction without outputs',
    { transactions: [{ outputs: [] }] },
    { transactions: [{}] },
  ],
  [
    'bad-txns-inputs-duplicate',
    'an output spent twice by one transaction',
    { transactions: [{ inputs: [{}, {}] }] },
    { transactions: [{ inputs: [{}, { prevIndex: 1 }] }] },
  ],
  [
    'bad-txns-prevout-null',
    'a spend of nothing beside another',
    { transactions: [{ inputs: [{}, NULL_OUTPOINT] }] },
    { transactions: [{ inputs: [{}, { prevHash: Buffer.alloc(32), prevIndex: 0 }] }] },
  ],
  [
    'bad-blk-sigops',
    '20,001 OP_CHECKSIG',
    { transactions: [script('ac', 20_000)] },
    // The coinbase pays to a key hash, which has the last of 20,000.
    { transactions: [script('ac', 19_999)] },
  ],
  [
    'bad-blk-sigops',
    '1,000 OP_CHECKMULTISIG and one',
    { transactions: [script('ae', 1_000)] },
    { transactions: [script('af', 999)] },
  ],
  [
    'bad-txns-nonfinal',
    'a lock time of this height',
    { transactions: [locked(HEIGHT)] },
    { transactions: [locked(HEIGHT - 1)] },
  ],
  [
    'bad-txns-nonfinal',
    'a lock time of the median time',
    { transactions: [locked(MEDIAN_TIME)] },
    { transactions: [locked(MEDIAN_TIME - 1)] },
  ],
  [
    'bad-txns-nonfinal',
    'a lock time of its own time, before CSV',
    { transactions: [locked(MEDIAN_TIME + 600)] },
    { transactions: [locked(MEDIAN_TIME + 599)] },
    regtestWith({ csvHeight: HEIGHT + 1 }),
  ],
  [
    'bad-txns-nonfinal',
    'a lock time with a sequence that is not the last',
    { transactions: [locked(HEIGHT, 0xffff_fffe)] },
    { transactions: [locked(HEIGHT, 0xffff_ffff)] },
  ],
  ['bad-cb-height', 'another height', { coinbaseScript: hex('0163 51') }, { coinbaseScript: hex('0164 51') }],
  [
    'bad-cb-height',
    'a height that is longer than it need be',
    { coinbaseScript: hex('026400') },
    { coinbaseScript: hex('016400') },
  ],
  [
    'bad-witness-nonce-size',
    'a nonce of 31 bytes',
    { ...committed, nonceWitness: [Buffer.alloc(31)], transactions: [witness(1)] },
    { ...committed, transactions: [witness(1)] },
  ],
  ['bad-witness-nonce-size', 'no nonce', { ...committed, nonceWitness: null }, committed],
  [
    'bad-witness-nonce-size',
    'two items of as many bytes',
    { ...committed, nonceWitness: [Buffer.alloc(15), Buffer.alloc(16)] },
    committed,
  ],
  [
    'bad-witness-merkle-match',
    'a commitment to something else',
    { commitment: () => Buffer.alloc(32, 1), transactions: [witness(1)] },
    { ...committed, transactions: [witness(1)] },
  ],
  [
    'unexpected-witness',
    'a witness without a commitment',
    { transactions: [witness(1)] },
    { transactions: [{}] },
  ],
  [
    'unexpected-witness',
    'a witness before segwit, though committed to',
    { ...committed, transactions: [witness(1)] },
    { ...committed, nonceWitness: null },
    regtestWith({ segwitHeight: HEIGHT + 1 }),
  ],
  [
    'bad-blk-weight',
    '4,000,001 WU',
    { ...committed, transactions: [witness(3_999_000)] },
    { ...committed, transactions: [witness(3_998_000)] },
  ],
  [
    'bad-cb-amount',
    'a satoshi more than the subsidy, and no fees',
    { outputs: [{ value: 50e8 + 1 }] },
    { outputs: [{ value: 50e8 }] },
  ],
  [
    'bad-cb-amount',
    'the subsidy of before the halving',
    { height: 150, coinbaseScript: hex('029600'), outputs: [{ value: 50e8 }] },
    { height: 150, coinbaseScript: hex('029600'), outputs: [{ value: 25e8 }] },
  ],
];

const ALL = CASES.map(
  ([reason, what, fault, right, params]) => [reason, what, fault, right, params ?? REGTEST] as const,
);

describe('a block that breaks one rule', () => {
  it('has a case for each rule', () => {
    const covered = new Set(CASES.map(([reason]) => reason));
    expect(BLOCK_REASONS.filter((reason) => !covered.has(reason))).toEqual([]);
  });

  it.each(ALL)('%s: %s', (reason, _, fault, right, params) => {
    expect(judge(parseBlock(built(fault)), params, fault.height)).toBe(reason);
    expect(judge(parseBlock(built(right)), params, right.height)).toBeUndefined();
  });

  it.each(ALL)('%s: %s: as in bcoin, where bcoin checks it', (reason, _, fault, right) => {
    const [valid, bcoinReason] = bcoinBlock(built(fault)).checkBody();
    // bcoin's chain checks the rest.
    if (!valid) expect(bcoinReason).toBe(reason);
    else expect(checkBlock(parseBlock(built(fault)))).toBeUndefined();
    expect(bcoinBlock(built(right)).checkBody()[0]).toBe(true);
  });

  it('has no transactions: the root is zero', () => {
    const empty = Buffer.concat([built({ merkleRoot: Buffer.alloc(32) }).subarray(0, 80), hex('00')]);
    expect(judge(parseBlock(empty))).toBe('bad-blk-length');
    expect(judge(parseBlock(Buffer.concat([built({}).subarray(0, 80), hex('00')])))).toBe('bad-txnmrklroot');
  });
});

describe('commitments', () => {
  it('count by the last of them', () => {
    const mark = hex('6a24aa21a9ed');
    const wrong = { value: 0, script: Buffer.concat([mark, Buffer.alloc(32, 1)]) };
    expect(judge(parseBlock(built({ outputs: [wrong], ...committed })))).toBeUndefined();
  });

  it('may be longer, but not shorter', () => {
    const mark = hex('6a24aa21a9ed');
    const long = { value: 0, script: Buffer.concat([mark, Buffer.alloc(33, 1)]) };
    const short = { value: 0, script: Buffer.concat([mark, Buffer.alloc(31, 1)]) };
    expect(judge(parseBlock(built({ outputs: [long] })))).toBe('bad-witness-nonce-size');
    expect(judge(parseBlock(built({ outputs: [short] })))).toBeUndefined();
  });
});

describe('isMutation', () => {
  it('lists the faults that can be added without changing the header', () => {
    expect(BLOCK_REASONS.filter(isMutation)).toEqual([
      'bad-txnmrklroot',
      'bad-txns-duplicate',
      'bad-witness-nonce-size',
      'bad-witness-merkle-match',
      'unexpected-witness',
    ]);
  });
});

describe('subsidy', () => {
  it.each([0, 1, 209_999, 210_000, 419_999, 420_000, 840_000, 6_929_999, 6_930_000, 20_000_000])(
    'at %i is bcoin’s',
    (height) => {
      expect(subsidy(height, CHAIN_PARAMS.mainnet)).toBe(consensus.getReward(height, 210_000));
      expect(subsidy(height, REGTEST)).toBe(consensus.getReward(height, 150));
    },
  );
});

describe('legacySigops', () => {
  it.each([
    ['', 0],
    ['ac', 1],
    ['ad', 1],
    ['ae', 20],
    ['51ae', 20],
    ['01acac', 1],
    ['4c02acacac', 1],
    ['ac02ac', 1],
    ['ac4dffff', 1],
    ['acacadaeaf', 43],
  ])('of %s is %i', (bytes, count) => {
    const raw = buildTransaction({ inputs: [{ sigScript: hex(bytes) }], outputs: [{ script: hex(bytes) }] });
    expect(legacySigops(parseTransaction(raw))).toBe(count * 2);
    const bcoin = BcoinTX.fromRaw(raw) as unknown as { getLegacySigops(): number };
    expect(bcoin.getLegacySigops()).toBe(count * 2);
  });
});

sharedBlocks.describe('real blocks', (folder) => {
  const blocks = [
    ['mainnet-300025.raw', 'mainnet', 300_025, 25],
    ['mainnet-426884.raw', 'mainnet', 426_884, 12.5],
    ['mainnet-540107.raw', 'mainnet', 540_107, 12.5],
    ['testnet3-928849.raw', 'testnet3', 928_849, 3.125],
  ] as const;
  const read = (file: string): Buffer => readFileSync(path.join(folder, file));

  describe.each(blocks)('%s', (file, network, height, reward) => {
    const params = CHAIN_PARAMS[network];
    const bytes = read(file);
    const block = parseBlock(bytes);
    const inContext = (each: Block, at: number = height): string | undefined =>
      checkBlock(each) ?? checkBlockInContext(each, { params, height: at, medianTime: each.time - 1 });
    /** The block with one byte changed. */
    const changed = (at: number): Block => {
      const copy = Buffer.from(bytes);
      copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
      return parseBlock(copy);
    };

    it('is valid, and has fees', () => {
      expect(inContext(block)).toBeUndefined();
      expect(subsidy(height, params)).toBe(reward * 1e8);
      expect(coinbaseValue(block)).toBeGreaterThan(reward * 1e8);
    });

    it('has the number of signature operations that bcoin counts', () => {
      const bcoin = BcoinBlock.fromRaw(bytes).txs as unknown as readonly { getLegacySigops(): number }[];
      expect(block.transactions.map(legacySigops)).toEqual(bcoin.map((tx) => tx.getLegacySigops()));
    });

    it('is not valid with another root, transaction, order or height', () => {
      expect(checkBlock(changed(36))).toBe('bad-txnmrklroot');
      const last = block.transactions.at(-1);
      expect(checkBlock(changed((last?.end ?? 0) - 1))).toBe('bad-txnmrklroot');
      const [coinbase, first, second, ...rest] = block.transactions.map(({ start, end }) =>
        bytes.subarray(start, end),
      );
      const swapped = [coinbase, second, first, ...rest].filter((part) => part !== undefined);
      const head = bytes.subarray(0, block.transactions[0]?.start);
      expect(checkBlock(parseBlock(Buffer.concat([head, ...swapped])))).toBe('bad-txnmrklroot');
      expect(inContext(block, height + 1)).toBe('bad-cb-height');
    });

    it('has witnesses that match the commitment, if any', () => {
      const bcoin = bcoinBlock(bytes);
      const spend = block.transactions.find((transaction, i) => i > 0 && transaction.hasWitness);
      if (spend === undefined) return;
      expect(bcoin.createCommitmentHash()).toEqual(bcoin.getCommitmentHash());
      // The last byte of the last witness: the lock time follows it.
      expect(inContext(changed(spend.end - 5))).toBe('bad-witness-merkle-match');
      const nonce = (block.transactions[0]?.end ?? 0) - 5;
      expect(inContext(changed(nonce))).toBe('bad-witness-merkle-match');
      const before = { ...params, segwitHeight: height + 1 };
      const context = { params: before, height, medianTime: block.time - 1 };
      expect(checkBlockInContext(block, context)).toBe('unexpected-witness');
    });
  });

  it('is not valid with its last transaction twice, if the number is odd', () => {
    const odd = blocks
      .map(([file]) => parseBlock(read(file)))
      .find(({ transactions }) => transactions.length % 2 === 1);
    const last = odd?.transactions.at(-1);
    if (odd === undefined || last === undefined) throw new Error('none is odd');
    const from = odd.transactions[0]?.start ?? 0;
    const bytes = Buffer.concat([
      odd.bytes.subarray(0, 80),
      compactSize(odd.transactions.length + 1),
      odd.bytes.subarray(from),
      odd.bytes.subarray(last.start, last.end),
    ]);
    expect(checkBlock(parseBlock(bytes))).toBe('bad-txns-duplicate');
  });
});
