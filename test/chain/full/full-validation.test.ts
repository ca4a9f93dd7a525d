import { BlockProcessor } from '../../../src/chain/block-processor';
import type { ChainEvents } from '../../../src/chain/chain-events';
import { FullChain } from '../../../src/chain/full/full-chain';
import { FullValidation } from '../../../src/chain/full/full-validation';
import { loadHeaders } from '../../../src/chain/full/load-headers';
import { HeaderChain } from '../../../src/chain/header-chain';
import { EventBus } from '../../../src/lib/event-bus';
import { parseBlock } from '../../../src/wire/block';
import { until } from '../../support/until';
import { NOW, REGTEST } from '../mine';
import { Miner, specOf } from './spend';

const FIRST_BLOCKS = 40;

/** The listener's side of full validation, on a chain in this thread; it records the requests. */
async function newListener(miner: Miner) {
  const chain = new HeaderChain(REGTEST, { unixTime: () => NOW });
  const bus = new EventBus<ChainEvents>();
  const engine = await FullChain.open('regtest', undefined);
  let now = 0;
  const asked: string[] = [];
  const clock = { monotonicMs: () => now };
  const progress: [number, boolean][] = [];
  const full = new FullValidation({
    engine,
    chain,
    clock,
    fetch: (hashes) => void asked.push(...hashes),
    progress: (height, caughtUp) => void progress.push([height, caughtUp]),
  });
  const processor = new BlockProcessor({ chain, clock, bus, headerAdded: () => undefined, full });
  const lines: string[] = [];
  const nameOf = (hash: string): string => miner.names.get(hash) ?? hash;
  bus.on(
    'processedBlock',
    ({ block, status, reason, unverifiedInputs }) =>
      void lines.push(
        [nameOf(block.wireHash), status, reason, unverifiedInputs]
          .filter((word) => word !== undefined)
          .join(' '),
      ),
  );
  bus.on('newBest', ({ block }) => void lines.push(`best ${nameOf(block.wireHash)}`));
  bus.on('reorg', ({ depth }) => void lines.push(`reorg ${depth}`));
  const process = (bytes: Buffer, fetched: boolean): void =>
    processor.process({ block: parseBlock(bytes), peerAddress: 'peer:1', requested: true, fetched });
  return {
    chain,
    engine,
    full,
    progress,
    live: (block: Buffer) => process(block, false),
    fetched: (block: Buffer) => process(block, true),
    headers: (blocks: readonly Buffer[]) => {
      for (const block of blocks) chain.add(block);
      full.headersAdded(true);
    },
    /** The requests since the last call, as names of blocks. */
    asked: () => asked.splice(0).map(nameOf),
    lines: (count: number): Promise<string[]> =>
      until(`${count} lines`, () => (lines.length >= count ? lines.splice(0) : undefined), {
        giveUp: () => (lines.length > count ? lines.join() : undefined),
      }),
    /** Delivers the requested blocks until there are no more requests. */
    catchUp: () =>
      until('the end', () => {
        for (const hash of new Set(asked.splice(0))) process(miner.blocks.get(hash) ?? Buffer.alloc(0), true);
        return full.caughtUp;
      }),
    pass: (ms: number) => {
      now += ms;
      full.tick();
    },
  };
}

describe('full validation', () => {
  let miner: Miner;
  let blocks: Buffer[];
  beforeEach(() => {
    miner = new Miner();
    blocks = Array.from({ length: FIRST_BLOCKS }, (_, i) => miner.extend(miner.build(), `${i + 1}`));
  });

  const numbers = (from: number, to: number): string[] =>
    Array.from({ length: to - from + 1 }, (_, i) => String(from + i));

  it('fetches missing blocks in a window, in any order of arrival, and reports nothing', async () => {
    const { headers, asked, fetched, live, lines, progress, full, engine } = await newListener(miner);
    headers(blocks);
    expect(asked()).toEqual(numbers(1, 16));
    for (const block of blocks.slice(0, 16).reverse()) fetched(block);
    const caughtUpTo = (height: number) =>
      until(`height ${height}`, () => progress.at(-1)?.[0] === height, { giveUp: () => undefined });
    await caughtUpTo(16);
    expect(full.caughtUp).toBe(false);
    expect(new Set(asked())).toEqual(new Set(numbers(17, 32)));
    for (const block of blocks.slice(16)) fetched(block);
    await until('the end', () => full.caughtUp);
    expect(progress.at(-1)).toEqual([FIRST_BLOCKS, true]);
    live(miner.extend(miner.build(), 'next'));
    expect(await lines(2)).toEqual(['next accepted 0', 'best next']);
    await engine.close();
  });

  it('reports a live block without a verdict while it is far behind, and judges it later, silently', async () => {
    const { headers, catchUp, live, lines, engine } = await newListener(miner);
    headers(blocks);
    const next = miner.extend(miner.build(), 'next');
    live(next);
    expect(await lines(2)).toEqual(['next accepted', 'best next']);
    await catchUp();
    live(miner.extend(miner.build(), 'last'));
    expect(await lines(2)).toEqual(['last accepted 0', 'best last']);
    live(next);
    expect(await lines(1)).toEqual(['next duplicate']);
    await engine.close();
  });

  it('lets a block wait for a missing one, fetches that one, and reports both', async () => {
    const { headers, fetched, live, lines, asked, full, engine } = await newListener(miner);
    headers([]);
    expect(full.caughtUp).toBe(true);
    const [first, second, third] = blocks.slice(0, 3) as [Buffer, Buffer, Buffer];
    live(first);
    expect(await lines(2)).toEqual(['1 accepted 0', 'best 1']);
    headers([second]);
    expect(asked()).toEqual(['2']);
    live(third);
    live(third);
    expect(await lines(1)).toEqual(['3 duplicate']);
    fetched(second);
    expect(await lines(4)).toEqual(['2 accepted 0', 'best 2', '3 accepted 0', 'best 3']);
    await engine.close();
  });

  it('reports blocks without a verdict when too many wait, and judges them all later', async () => {
    const { headers, live, lines, progress, catchUp, engine } = await newListener(miner);
    headers([]);
    for (const block of blocks) live(block);
    // First the last 8 at once, each the best until the next; then the others, which are ancestors of the
    // best by then.
    expect(await lines(FIRST_BLOCKS + 8)).toEqual([
      ...numbers(33, FIRST_BLOCKS).flatMap((number) => [`${number} accepted`, `best ${number}`]),
      ...numbers(1, 32).map((number) => `${number} accepted 0`),
    ]);
    await catchUp();
    await until('the last block', () => progress.at(-1)?.[0] === FIRST_BLOCKS);
    live(miner.extend(miner.build(), 'next'));
    expect(await lines(2)).toEqual(['next accepted 0', 'best next']);
    await engine.close();
  });

  it('reports a block without a verdict when its parent does not arrive', async () => {
    const { headers, live, lines, pass, engine } = await newListener(miner);
    headers([]);
    headers(blocks.slice(0, 1));
    live(blocks[1] ?? Buffer.alloc(0));
    pass(61_000);
    expect(await lines(2)).toEqual(['2 accepted', 'best 2']);
    await engine.close();
  });

  it('follows the best chain past a block that is invalid, and its descendants', async () => {
    const { headers, live, lines, chain, asked, full, engine } = await newListener(miner);
    headers([]);
    const start = { tip: blocks[1] ?? Buffer.alloc(0), height: 2 };
    for (const block of blocks.slice(0, 2)) live(block);
    await lines(4);
    Object.assign(miner, start);
    const premature = specOf(miner.spend(1, 0).hex);
    const bad = miner.extend(miner.build([premature]), 'bad');
    const onBad = miner.extend(miner.build(), 'onBad');
    Object.assign(miner, start);
    const good = miner.extend(miner.build([], { salt: 9 }), 'good');
    headers([bad, onBad]);
    live(bad);
    live(onBad);
    live(good);
    expect(await lines(4)).toEqual([
      'bad rejected bad-txns-premature-spend-of-coinbase',
      'onBad rejected bad-prevblk',
      'good accepted 0',
      'best good',
    ]);
    expect(chain.hashOf(chain.best)).toBe(parseBlock(good).wireHash);
    live(bad);
    expect(await lines(1)).toEqual(['bad rejected duplicate-invalid']);
    asked();
    full.tick();
    expect(asked()).toEqual([]);
    await engine.close();
  });

  it('reorganises, and gives up a branch that turns out to be invalid', async () => {
    const { headers, live, lines, engine } = await newListener(miner);
    headers([]);
    const fork = { tip: blocks[1] ?? Buffer.alloc(0), height: 2 };
    for (const block of blocks.slice(0, 3)) live(block);
    await lines(6);
    Object.assign(miner, fork);
    const b1 = miner.extend(miner.build([], { salt: 1 }), 'b1');
    const b2 = miner.extend(miner.build([], { salt: 1 }), 'b2');
    live(b1);
    expect(await lines(1)).toEqual(['b1 side_chain']);
    live(b2);
    expect(await lines(3)).toEqual(['b2 accepted 0', 'reorg 1', 'best b2']);
    Object.assign(miner, fork);
    const c1 = miner.extend(miner.build([specOf(miner.spend(1, 0).hex)], { salt: 2 }), 'c1');
    const c2 = miner.extend(miner.build([], { salt: 2 }), 'c2');
    const c3 = miner.extend(miner.build([], { salt: 2 }), 'c3');
    const told: string[] = [];
    for (const block of [c1, c2, c3]) {
      live(block);
      told.push(...(await lines(1)));
    }
    expect(told).toEqual(['c1 side_chain', 'c2 side_chain', 'c3 rejected bad-prevblk']);
    Object.assign(miner, { tip: b2, height: 4 });
    live(miner.extend(miner.build([], { salt: 1 }), 'b3'));
    expect(await lines(2)).toEqual(['b3 accepted 0', 'best b3']);
    await engine.close();
  });

  it('goes on when the headers are behind the chain', async () => {
    const { headers, catchUp, engine } = await newListener(miner);
    headers(blocks.slice(0, 10));
    await catchUp();
    const tip = parseBlock(blocks[9] ?? Buffer.alloc(0)).wireHash;
    const reopened = { tip, headers: (from: number) => engine.headers(from) };
    const chain = new HeaderChain(REGTEST, { unixTime: () => NOW });
    chain.add(blocks[0] ?? Buffer.alloc(0));
    const added: Buffer[] = [];
    await loadHeaders(reopened, chain, (bytes) => void added.push(bytes));
    expect(added.map((bytes) => bytes.toString('hex'))).toEqual(
      blocks.slice(1, 10).map((block) => block.toString('hex', 0, 80)),
    );
    expect(chain.bestHeight).toBe(10);
    await engine.close();
  });
});
