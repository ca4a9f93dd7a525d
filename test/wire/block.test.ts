import { parseBlock } from '../../src/wire/block';
import { parseHeader } from '../../src/wire/header';
import { buildHeader, buildTransaction, compactSize, hex } from './build';

// Header of mainnet's first block.
const GENESIS = hex(
  `01000000 ${'00'.repeat(32)} 3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a 29ab5f49 ffff001d 1dac2b7c`,
);

function coinbaseBlock(sigScript: Buffer, version = 4): Buffer {
  const coinbase = buildTransaction({
    inputs: [{ prevHash: Buffer.alloc(32), prevIndex: 0xffff_ffff, sigScript }],
  });
  return Buffer.concat([buildHeader(version), hex('01'), coinbase]);
}

describe('parseHeader', () => {
  it('reads the facts of a header, wherever it lies', () => {
    expect(parseHeader(Buffer.concat([hex('ff'), GENESIS, hex('00')]), 1)).toMatchObject({
      hash: '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f',
      version: 1,
      prevHash: '0'.repeat(64),
      merkleRoot: '4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b',
      time: 1231006505,
      bits: 0x1d00ffff,
      nonce: 2083236893,
    });
  });

  it('reads the version as a signed number', () => {
    expect(parseHeader(buildHeader(0xffff_ffff)).version).toBe(-1);
  });
});

describe('parseBlock', () => {
  it('adds up the sizes', () => {
    const plain = buildTransaction();
    const segwit = buildTransaction({ inputs: [{ witness: [hex('abcd')] }] });
    const transactions = [plain, ...Array<Buffer>(252).fill(segwit)];
    const bytes = Buffer.concat([buildHeader(), compactSize(transactions.length), ...transactions]);
    const block = parseBlock(bytes);
    const strippedSize = 80 + 3 + plain.length * 253;
    expect(block.transactions).toHaveLength(253);
    expect(block).toMatchObject({
      size: bytes.length,
      strippedSize,
      weight: strippedSize * 3 + bytes.length,
    });
  });

  it('reads a block without transactions', () => {
    const block = parseBlock(Buffer.concat([GENESIS, hex('00')]));
    expect(block).toMatchObject({ transactions: [], size: 81, strippedSize: 81, weight: 324 });
    expect(block.coinbaseHeight).toBeUndefined();
  });
});

describe('coinbaseHeight', () => {
  it.each([
    ['51', 1],
    ['60', 16],
    ['0111', 17],
    ['017f', 127],
    ['028000', 128],
    ['02ff7f', 32_767],
    ['03008000', 32_768],
    ['0400008000', 8_388_608],
    ['04ffffff7f', 2_147_483_647],
    ['03f49304 2cfabe6d6d', 300_020],
  ])('reads %s as %i', (script, height) => {
    expect(parseBlock(coinbaseBlock(hex(script))).coinbaseHeight).toBe(height);
  });

  it.each([
    ['an empty script', ''],
    ['0', '00'],
    ['a negative number', '0181'],
    ['-1', '4f'],
    ['16 as a push of a byte', '0110'],
    ['a byte of 0 too many', '03ff7f00'],
    ['a push that is cut off', '03f493'],
    ['five bytes', '050000000001'],
    ['another push', '4c03f49304'],
    ['an operation', 'ac'],
  ])('is undefined for %s', (_, script) => {
    expect(parseBlock(coinbaseBlock(hex(script))).coinbaseHeight).toBeUndefined();
  });

  it('is undefined in a block of version 1', () => {
    expect(parseBlock(coinbaseBlock(hex('03f49304'), 1)).coinbaseHeight).toBeUndefined();
    expect(parseBlock(coinbaseBlock(hex('03f49304'), 2)).coinbaseHeight).toBe(300_020);
  });
});
