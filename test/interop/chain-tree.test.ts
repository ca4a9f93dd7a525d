import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { LiveChain, LiveTreeBlock } from '../../src/live/live';
import { display, hashOf, mineBlock } from '../chain/mine';
import { Btcd, btcd } from '../support/btcd';
import { ChainPeer } from '../support/chain-peer';
import { Cleanup } from '../support/cleanup';
import { freePort } from '../support/free-port';
import { type Program, runProgram } from '../support/program';
import { until } from '../support/until';
import { Wallet } from '../support/wallet';

/** A coinbase that says it is of a pool, in the list of mempool.space. */
const TAG = Buffer.from('/ViaBTC/');

interface Tip {
  readonly height: number;
  readonly hash: string;
  readonly branchlen: number;
  readonly status: string;
}

btcd.describe('the tree of the chain, beside a btcd that has the same blocks', (btcdProgram) => {
  const cleanup = new Cleanup();
  let node: Btcd;
  let rival: ChainPeer;
  let program: Program;
  let url: string;

  beforeAll(async () => {
    const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-tree-')), (name) =>
      rm(name, { recursive: true, force: true }),
    );
    const miningAddress = new Wallet().address('regtest');
    node = cleanup.add(await Btcd.start(btcdProgram, { miningAddress }), (it) => it.stop());
    rival = cleanup.add(await ChainPeer.start(), (it) => it.stop());
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    program = cleanup.add(
      runProgram(
        [
          ...['--network', 'regtest', '--interval', '500ms', '--http', `127.0.0.1:${port}`],
          ...['--data-dir', folder, '--export', `duckdb:${path.join(folder, 'tree.duckdb')}`],
          ...['--connect', addressOf(node.p2pPort), '--connect', addressOf(rival.port)],
        ],
        folder,
      ),
      (it) => it.stop(),
    );
    // The listener asks for headers after the handshake.
    const isGreeted = (): boolean =>
      rival.peer.connections.some((connection) => connection.commands().includes('getheaders'));
    await until('both handshakes', async () => (await node.peers()).length === 1 && isGreeted(), {
      giveUp: program.ended,
    });
    await node.rpc('generate', 8);
    await untilTip(await node.rpc('getbestblockhash'));
    // One after the other, so that btcd announces each.
    for (let height = 9; height <= 20; height++) {
      const [sha = ''] = await node.rpc<string[]>('generate', 1);
      await untilTip(sha);
    }
  });
  afterAll(() => cleanup.run());

  const addressOf = (port: number): string => `127.0.0.1:${port}`;
  const treeOf = async (): Promise<LiveChain> =>
    (await fetch(`${url}/api/chain`)).json() as Promise<LiveChain>;
  const find = async (sha: string): Promise<LiveTreeBlock | undefined> =>
    (await treeOf()).blocks.find((block) => block.sha === sha);
  const untilTip = (sha: string): Promise<unknown> =>
    until(`the tip ${sha}`, async () => (await find(sha))?.isTip === true, { giveUp: program.ended });
  const bytesAt = async (height: number): Promise<Buffer> =>
    Buffer.from(await node.rpc<string>('getblock', await node.rpc('getblockhash', height), 0), 'hex');

  /** Mines a block that the rival announces first; then btcd has it as well. */
  const mine = async (on: Buffer, height: number, tagged = false): Promise<Buffer> => {
    const time = on.readUInt32LE(68) + 1;
    // Begins with the height (BIP34).
    const tag = tagged ? [Buffer.of(TAG.length), TAG] : [Buffer.of(1, 7)];
    const coinbaseScript = Buffer.concat([Buffer.of(1, height), ...tag]);
    const block = mineBlock({ on, height, time, coinbaseScript });
    rival.announce(block);
    await untilTip(display(hashOf(block)));
    expect((await find(display(hashOf(block))))?.peers).toBe(1);
    const refused = await node.rpc<string | null>('submitblock', block.toString('hex'));
    if (refused !== null) throw new Error(`submitblock: ${refused}`);
    // btcd announces side blocks as well.
    await until('btcd to announce it', async () => (await find(display(hashOf(block))))?.peers === 2);
    return block;
  };

  /** Compares the whole tree with btcd's RPC. */
  const compare = async (): Promise<LiveChain> => {
    const tips = await node.rpc<readonly Tip[]>('getchaintips');
    const tree = await treeOf();
    const heights = new Map(tree.blocks.map(({ sha, height }) => [sha, height]));
    const lengthOf = (wanted: number): number =>
      tree.blocks
        .filter(({ branch }) => branch === wanted)
        .reduce((length, { notDrawn }) => length + 1 + notDrawn, 0);
    const found = tree.blocks
      .filter(({ isTip }) => isTip)
      .map(({ height, sha, status, branch }) => ({
        ...{ height, hash: sha, status, branchlen: branch === 0 ? 0 : lengthOf(branch) },
      }));
    const byHash = (a: { readonly hash: string }, b: { readonly hash: string }): number =>
      a.hash < b.hash ? -1 : 1;
    expect(found.toSorted(byHash)).toEqual(
      tips
        .map(({ height, hash, status, branchlen }) => ({ height, hash, status, branchlen }))
        .toSorted(byHash),
    );
    for (const { sha, height, timeMs, below, notDrawn, branch } of tree.blocks) {
      const header = Buffer.from(await node.rpc<string>('getblockheader', sha, false), 'hex');
      expect(timeMs).toBe(header.readUInt32LE(68) * 1_000);
      if (branch === 0) expect(await node.rpc('getblockhash', height)).toBe(sha);
      if (below !== null && notDrawn === 0) expect(below).toBe(display(header.subarray(4, 36)));
      if (below !== null) expect(notDrawn).toBe(height - (heights.get(below) ?? 0) - 1);
    }
    return tree;
  };

  it('has a chain without branches as btcd has it, with its miner and who announced it', async () => {
    const tree = await compare();
    expect(tree).toMatchObject({ branches: 0, moreBranches: 0, stale: 0, best: 20 });
    expect(tree.blocks).toHaveLength(12);
    for (const block of tree.blocks)
      expect(block).toMatchObject({
        ...{ pool: 'unknown', firstFrom: addressOf(node.p2pPort), peers: 1, connected: 2 },
      });
  });

  it('has a branch of a rival, its pool, who announced it first, and how far it spread', async () => {
    const fork = await bytesAt(18);
    const first = await mine(fork, 19, true);
    const tree = await compare();
    expect(tree).toMatchObject({ branches: 1, stale: 1, best: 20 });
    expect(tree.blocks.find(({ branch }) => branch === 1)).toMatchObject({
      ...{ sha: display(hashOf(first)), status: 'valid-fork', pool: 'ViaBTC' },
      ...{ firstFrom: addressOf(rival.port), peers: 2, connected: 2, reason: null },
    });
  });

  it('turns around with a reorganisation: what was the best chain is a branch', async () => {
    const before = await node.rpc<string[]>('generate', 1);
    await untilTip(before[0] ?? '');
    const [stale] = before;
    let on = await bytesAt(19);
    for (const height of [20, 21, 22]) on = await mine(on, height);
    await untilTip(await node.rpc('getbestblockhash'));
    const tree = await compare();
    expect(tree).toMatchObject({ branches: 2, stale: 3, best: 22 });
    const [best] = tree.blocks;
    expect(best).toMatchObject({ sha: display(hashOf(on)), height: 22, branch: 0, isTip: true });
    expect(best?.firstFrom).toBe(addressOf(rival.port));
    expect(tree.blocks.find(({ sha }) => sha === stale)).toMatchObject({
      ...{ status: 'valid-fork', isTip: true, firstFrom: addressOf(node.p2pPort) },
    });
  });

  it('says why a block is invalid', async () => {
    const on = await bytesAt(22);
    const time = on.readUInt32LE(68) + 1;
    const block = mineBlock({ on, height: 23, time, outputs: [{ value: 22e14 }] });
    rival.announce(block);
    const sha = display(hashOf(block));
    const found = await until('the invalid block', async () => {
      const it = await find(sha);
      return it?.status === 'invalid' ? it : undefined;
    });
    expect(found).toMatchObject({ height: 23, isTip: true, below: display(hashOf(on)) });
    expect(found.reason).toMatch(/^bad-/);
    expect((await treeOf()).blocks.find(({ branch, isTip }) => branch === 0 && isTip)?.height).toBe(22);
  });
});
