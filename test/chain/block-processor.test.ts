import { rejectCode } from '../../src/chain/reasons';
import { parseBlock } from '../../src/wire/block';
import { type BlockSpec, mineBlock, REGTEST, rightCommitment } from './mine';
import { at, branch, newProcessor } from './processor';

const GENESIS = REGTEST.genesis;

describe('a chain without forks', () => {
  const a = branch(GENESIS, 1, 3, 0);

  it('is accepted block by block, and its headers are stored', () => {
    const { process, call, stored, events } = newProcessor();
    call('a', a);
    expect(process(a)).toEqual([
      'a1 accepted 1',
      'best a1 1',
      'a2 accepted 2',
      'best a2 2',
      'a3 accepted 3',
      'best a3 3',
    ]);
    expect(stored).toEqual(a.map(({ hash }) => hash));
    expect(events[0]).toEqual({
      block: a[0],
      peerAddress: 'peer:1',
      status: 'accepted',
      height: 1,
      reason: undefined,
      processTimeMs: 1.5,
      totalTxFees: 0,
    });
  });

  it('is not stored twice when its headers came first', () => {
    const { process, chain, stored, call } = newProcessor();
    call('a', a);
    for (const block of a) chain.add(block.bytes);
    expect(process([at(a, 0)])).toEqual(['a1 accepted 1', 'best a1 1']);
    // A block in between that never arrives delays nothing.
    expect(process([at(a, 2)])).toEqual(['a3 accepted 3', 'best a3 3']);
    expect(process([at(a, 1)])).toEqual(['a2 accepted 2']);
    expect(stored).toEqual([]);
  });

  it('reports each block once, and none that nobody requested', () => {
    const { process, call, chain } = newProcessor();
    call('a', a);
    expect(process([at(a, 0)], false)).toEqual(['a1 unrequested 1']);
    expect(process([at(a, 1)], false)).toEqual(['a2 unrequested']);
    expect(chain.size).toBe(1);
    process([at(a, 0)]);
    expect(process([at(a, 0)])).toEqual(['a1 duplicate 1']);
    expect(process([at(a, 0)], false)).toEqual(['a1 duplicate 1']);
  });
});

describe('a reorganisation', () => {
  const base = branch(GENESIS, 1, 2, 0);
  const tip = at(base, 1).bytes;

  it.each([1, 2, 6])('of %i blocks: block by block', (depth) => {
    const { process, call } = newProcessor();
    const a = branch(tip, 3, depth, 1);
    const b = branch(tip, 3, depth + 1, 2);
    call('a', a);
    call('b', b);
    process([...base, ...a]);
    expect(process(b)).toEqual([
      ...b.slice(0, depth).map((_, i) => `b${i + 1} side_chain ${i + 3}`),
      `b${depth + 1} accepted ${depth + 3}`,
      `reorg ${depth} a${depth} -> b${depth + 1} at 2`,
      `best b${depth + 1} ${depth + 3}`,
    ]);
    const [more] = branch(at(b, depth).bytes, depth + 4, 1, 3);
    expect(process(more === undefined ? [] : [more])).toHaveLength(2);
  });

  it.each([1, 2, 6])('of %i blocks: headers first', (depth) => {
    const { process, call, chain } = newProcessor();
    const a = branch(tip, 3, depth, 1);
    const b = branch(tip, 3, depth + 1, 2);
    call('a', a);
    call('b', b);
    process([...base, ...a]);
    for (const block of b) chain.add(block.bytes);
    // They are part of the best header chain from the start, but none is the best block before it has more
    // work.
    expect(process(b)).toEqual([
      ...b.slice(0, depth).map((_, i) => `b${i + 1} accepted ${i + 3}`),
      `b${depth + 1} accepted ${depth + 3}`,
      `reorg ${depth} a${depth} -> b${depth + 1} at 2`,
      `best b${depth + 1} ${depth + 3}`,
    ]);
  });

  it('goes back again', () => {
    const { process, call } = newProcessor();
    const a = branch(tip, 3, 3, 1);
    const b = branch(tip, 3, 2, 2);
    call('a', a);
    call('b', b);
    process([...base, at(a, 0), ...b]);
    expect(process(a.slice(1))).toEqual([
      'a2 side_chain 4',
      'a3 accepted 5',
      'reorg 2 b2 -> a3 at 2',
      'best a3 5',
    ]);
  });

  it('does not happen when the two are equal', () => {
    const { process, call } = newProcessor();
    const a = branch(tip, 3, 2, 1);
    const b = branch(tip, 3, 2, 2);
    call('b', b);
    process([...base, ...a]);
    expect(process(b)).toEqual(['b1 side_chain 3', 'b2 side_chain 4']);
  });
});

describe('orphans', () => {
  const a = branch(GENESIS, 1, 5, 0);

  it('wait for their parent, and are then judged', () => {
    const { process, call, processor } = newProcessor();
    call('a', a);
    expect(process([at(a, 3), at(a, 2), at(a, 1)])).toEqual(['a4 orphan', 'a3 orphan', 'a2 orphan']);
    expect(process([at(a, 2)])).toEqual(['a3 duplicate']);
    expect(processor.orphanCount).toBe(3);
    expect(process([at(a, 0)])).toEqual([
      'a1 accepted 1',
      'best a1 1',
      'a2 accepted 2',
      'best a2 2',
      'a3 accepted 3',
      'best a3 3',
      'a4 accepted 4',
      'best a4 4',
    ]);
    expect(processor.orphanCount).toBe(0);
    expect(process([at(a, 3)])).toEqual(['a4 duplicate 4']);
  });

  it('are judged when headers fill the gap', () => {
    const { process, call, processor, chain, takeLines } = newProcessor();
    call('a', a);
    process([at(a, 4)]);
    for (const block of a.slice(0, 4)) chain.add(block.bytes);
    processor.headersAdded();
    expect(takeLines()).toEqual(['a5 accepted 5', 'best a5 5']);
  });

  it('are refused at once when they are no valid blocks', () => {
    const { process, call, processor } = newProcessor();
    const forged = parseBlock(mineBlock({ on: at(a, 0).bytes, height: 2, merkleRoot: Buffer.alloc(32) }));
    call('x', [forged]);
    expect(process([forged])).toEqual(['x1 rejected bad-txnmrklroot']);
    const weak = parseBlock(mineBlock({ on: at(a, 0).bytes, height: 2, miss: true }));
    call('y', [weak]);
    expect(process([weak])).toEqual(['y1 rejected high-hash']);
    expect(processor.orphanCount).toBe(0);
  });

  it('are limited in number, and the newest stay', () => {
    const { process, call, processor } = newProcessor({ blocks: 2, bytes: 1e6 });
    call('a', a);
    process(a.slice(1));
    expect(processor.orphanCount).toBe(2);
    expect(process([at(a, 0)])).toEqual(['a1 accepted 1', 'best a1 1']);
    expect(process([at(a, 1), at(a, 2)]).at(-1)).toBe('best a5 5');
  });

  it('are limited in bytes', () => {
    const { process, processor } = newProcessor({ blocks: 100, bytes: at(a, 1).size * 3 - 1 });
    process(a.slice(1));
    expect(processor.orphanCount).toBe(2);
    const tiny = newProcessor({ blocks: 100, bytes: 10 });
    tiny.process(a.slice(1));
    expect(tiny.processor.orphanCount).toBe(0);
  });
});

describe('an invalid block', () => {
  const [first] = branch(GENESIS, 1, 1, 0);
  const on = first?.bytes ?? GENESIS;

  it('invalidates all its descendants', () => {
    const { process, call, chain } = newProcessor();
    const bad = mineBlock({ on, height: 9 });
    const child = mineBlock({ on: bad, height: 3 });
    const good = branch(on, 2, 1, 7);
    const blocks = [bad, child].map((bytes) => parseBlock(bytes));
    call('bad', blocks);
    call('good', good);
    process(first === undefined ? [] : [first]);
    for (const bytes of [bad, child]) chain.add(bytes);
    expect(process([...blocks, at(blocks, 0), ...good])).toEqual([
      'bad1 rejected bad-cb-height 2',
      'bad2 rejected duplicate-invalid 3',
      'bad1 rejected duplicate-invalid 2',
      'good1 accepted 2',
      'best good1 2',
    ]);
    expect(chain.bestHeight).toBe(2);
  });

  it('is left when it turns out late that the best is built on it', () => {
    const { process, call, chain } = newProcessor();
    const bad = mineBlock({ on, height: 9 });
    const child = mineBlock({ on: bad, height: 3 });
    const good = branch(on, 2, 1, 7);
    call('bad', [parseBlock(bad), parseBlock(child)]);
    call('good', good);
    process(first === undefined ? [] : [first]);
    chain.add(bad);
    expect(process([parseBlock(child), parseBlock(bad), ...good])).toEqual([
      'bad2 accepted 3',
      'best bad2 3',
      'bad1 rejected bad-cb-height 2',
      'good1 accepted 2',
      'best good1 2',
    ]);
  });

  it('does not harm the valid block with the same header', () => {
    const spec: BlockSpec = {
      on,
      height: 2,
      commitment: rightCommitment,
      transactions: [{ inputs: [{ witness: [Buffer.alloc(3)] }] }],
    };
    const right = mineBlock(spec);
    const other = mineBlock({ ...spec, transactions: [{ inputs: [{ witness: [Buffer.alloc(2)] }] }] });
    const forged = parseBlock(Buffer.concat([right.subarray(0, 80), other.subarray(80)]));
    const copied = parseBlock(Buffer.concat([right.subarray(0, -5), Buffer.of(1), right.subarray(-4)]));
    const { process, call } = newProcessor();
    call('x', [parseBlock(right)]);
    process(first === undefined ? [] : [first]);
    expect(process([forged, copied, parseBlock(right)])).toEqual([
      'x1 rejected bad-txnmrklroot 2',
      'x1 rejected bad-witness-merkle-match 2',
      'x1 accepted 2',
      'best x1 2',
    ]);
  });

  it('has a BIP61 code', () => {
    expect(['bad-version', 'checkpoint-mismatch', 'bad-diffbits'].map(rejectCode)).toEqual([
      0x11, 0x43, 0x10,
    ]);
  });
});

describe('fees', () => {
  it.each([
    ['none', 50e8, 0],
    ['some', 50e8 + 1_234, 1_234],
    ['less than the subsidy', 50e8 - 1, undefined],
  ])('are what the coinbase takes beyond the subsidy: %s', (_, value, fees) => {
    const { process, events } = newProcessor();
    const bytes = mineBlock({ on: GENESIS, height: 1, outputs: [{ value }], transactions: [{}] });
    process([parseBlock(bytes)]);
    expect(events[0]).toMatchObject({ status: 'accepted', totalTxFees: fees });
  });
});
