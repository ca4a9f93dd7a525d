import { Cleanup } from '../../support/cleanup';
import { startHttpServer } from '../../support/http-server';
import { until } from '../../support/until';
import { REGTEST, display, hashOf, mineBlock } from '../../chain/mine';
import { monitored } from '../monitored';
import { placeAt } from '../place-at';
import { callIn, coreReply } from '../recorded-core';

interface Mined {
  readonly bytes: Buffer;
  readonly height: number;
  readonly hash: string;
}

const genesis: Mined = { bytes: REGTEST.genesis, height: 0, hash: display(hashOf(REGTEST.genesis)) };

/** `count` blocks on another one, each on the one before. */
function grow(on: Mined, count: number, salt = 0): Mined[] {
  const grown: Mined[] = [];
  for (let last = on; grown.length < count; grown.push(last)) {
    const height = last.height + 1;
    const bytes = mineBlock({ on: last.bytes, height, salt });
    last = { bytes, height, hash: display(hashOf(bytes)) };
  }
  return grown;
}

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** A node that serves mined blocks in the way of Core, watched from its best block on. */
async function serve(first: readonly Mined[]) {
  const blocks = new Map<unknown, Mined>([[genesis.hash, genesis]]);
  let best = genesis;
  /** Blocks whose next question fails, and blocks in place of which another one is given. */
  const failing = new Set<unknown>();
  const replaced = new Map<unknown, Mined>();
  const extend = (chain: readonly Mined[]): void => {
    for (const block of chain) blocks.set(block.hash, block);
    best = chain.at(-1) ?? best;
  };
  extend(first);
  const server = await startHttpServer(({ body }) => {
    const { method, params } = callIn(body);
    const block = blocks.get(params[0]);
    switch (method) {
      case 'getblockchaininfo':
        return coreReply(JSON.stringify({ chain: 'regtest', blocks: best.height }));
      case 'getbestblockhash':
        return coreReply(JSON.stringify(best.hash));
      case 'getblockheader':
        if (block === undefined) break;
        return coreReply(
          JSON.stringify(
            params[1] === true
              ? { hash: block.hash, height: block.height }
              : block.bytes.toString('hex', 0, 80),
          ),
        );
      case 'getblock':
        if (block === undefined) break;
        if (failing.delete(block.hash)) {
          const error = { code: -1, message: 'Block not available (not fully downloaded)' };
          return { status: 500, text: JSON.stringify({ result: null, error, id: 1 }) };
        }
        return coreReply(JSON.stringify((replaced.get(block.hash) ?? block).bytes.toString('hex')));
      default:
        return coreReply(undefined);
    }
    const error = { code: -5, message: 'Block not found' };
    return { status: 500, text: JSON.stringify({ result: null, error, id: 1 }) };
  });
  cleanup.add(server, (it) => it.stop());
  const watched = monitored(placeAt({ name: 'core', port: server.port }));
  cleanup.add(watched.monitor, (it) => it.stop());
  await watched.monitor.start();
  const heightIs = (height: number): Promise<boolean> =>
    until(`height ${height}`, () => {
      watched.interval();
      return watched.of('node_status').length > 0 && watched.monitor.height === height;
    });
  await heightIs(best.height);
  const told = () => watched.fieldsOf('blocks').map(({ sha }) => sha);
  const missed = () =>
    watched.of('node_status').reduce((sum, { fields }) => sum + Number(fields['missed_blocks']), 0);
  return { ...watched, extend, failing, replaced, heightIs, told, missed };
}

const hashes = (chain: readonly Mined[]): string[] => chain.map(({ hash }) => hash);

describe('the blocks of a node that is asked for its best', () => {
  it('are told in order, through a reorganisation as well', async () => {
    const chain = grow(genesis, 20);
    const { extend, heightIs, told, fieldsOf, missed } = await serve(chain);
    const fork = chain[16] ?? genesis;
    const branch = grow(fork, 5, 1);
    extend(branch);
    await heightIs(22);
    expect(told()).toEqual(hashes(branch));
    expect(fieldsOf('blocks').map(({ best_height }) => best_height)).toEqual([18, 19, 20, 21, 22]);
    expect(fieldsOf('reorgs')).toEqual([
      { depth: 3, old_tip: chain[19]?.hash, new_tip: branch[4]?.hash, fork_height: 17 },
    ]);
    expect(missed()).toBe(0);
  });

  it('are each told once, where a question fails on the way', async () => {
    const chain = grow(genesis, 12);
    const { extend, failing, heightIs, told, lines, missed } = await serve(chain);
    const more = grow(chain[11] ?? genesis, 6);
    failing.add(more[3]?.hash).add(more[5]?.hash);
    extend(more);
    await heightIs(18);
    expect(told()).toEqual(hashes(more));
    expect(missed()).toBe(0);
    expect(lines.filter((line) => line.includes('Block not available')).length).toBeGreaterThan(0);
  });

  it('are left out and counted, where they are too many at once', async () => {
    const chain = grow(genesis, 3);
    const { extend, heightIs, told, lines, missed, interval } = await serve(chain);
    const far = grow(chain[2] ?? genesis, 1_010);
    extend(far);
    await heightIs(1_013);
    expect(told()).toEqual([]);
    const next = grow(far.at(-1) ?? genesis, 2);
    extend(next);
    await heightIs(1_015);
    expect(told()).toEqual(hashes(next));
    interval();
    expect(missed()).toBe(1_010);
    expect(lines.filter((line) => line.includes('1010 blocks before it get no points'))).toHaveLength(1);
  });

  it('begin anew where the chain has nothing in common with the one before', async () => {
    const chain = grow(genesis, 3);
    const { extend, heightIs, told, of } = await serve(chain);
    const other = { ...genesis, bytes: Buffer.from(genesis.bytes) };
    other.bytes.writeUInt32LE(7, 76);
    const foreign = grow({ ...other, hash: display(hashOf(other.bytes)) }, 2);
    extend([...foreign]);
    await heightIs(2);
    const next = grow(foreign[1] ?? genesis, 1);
    extend(next);
    await heightIs(3);
    expect(told()).toEqual(hashes(next));
    expect(of('reorgs')).toEqual([]);
  });

  it('are not told where the node gives other bytes, which is counted', async () => {
    const chain = grow(genesis, 3);
    const { extend, replaced, heightIs, told, lines, missed, interval } = await serve(chain);
    const more = grow(chain[2] ?? genesis, 3);
    replaced.set(more[1]?.hash, chain[0] ?? genesis);
    extend(more);
    await heightIs(6);
    expect(told()).toEqual([more[0]?.hash]);
    interval();
    expect(missed()).toBeGreaterThanOrEqual(2);
    expect(lines.filter((line) => line.includes('cannot be read'))).toHaveLength(1);
    const next = grow(more[2] ?? genesis, 1);
    extend(next);
    await heightIs(7);
    expect(told().slice(1)).toEqual(hashes(next));
  });
});
