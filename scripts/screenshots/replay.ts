import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CHAIN_PARAMS } from '../../src/chain/params';
import { coinbaseValue, subsidy } from '../../src/chain/subsidy';
import { parseBlock } from '../../src/wire/block';
import { isFinal } from '../../src/wire/lock-time';
import type { Transaction } from '../../src/wire/transaction';
import { mineBlock, rightCommitment } from '../../test/chain/mine';
import { ChainPeer } from '../../test/support/chain-peer';
import type { Cleanup } from '../../test/support/cleanup';
import { freePort } from '../../test/support/free-port';
import { until } from '../../test/support/until';
import { type Scene, startProgram } from './scene';

/** The blocks that are replayed, in this order. */
const FILES = ['mainnet-300025.raw', 'mainnet-426884.raw', 'mainnet-540107.raw'];

/** Each of them becomes as many blocks, so that there are enough to look at. */
const PARTS = 4;

/** Empty blocks before, ten minutes apart. */
const OLD_BLOCKS = 100;

/** The peers that announce everything, the first mostly before the others. */
const USER_AGENTS = ['/replay:1/', '/replay:2/', '/replay:3/', '/replay:4/'];
const MOST_DELAY_MS = 2_500;

/** The part of a block's time in which its transactions come. */
const RELAYED = 0.9;

/** The transactions of a block that is made, and the fees that it takes. */
interface Part {
  readonly transactions: readonly Transaction[];
  readonly fees: number;
}

/**
 * Starts a network of regtest in which peers announce the transactions of real blocks of mainnet, and then
 * blocks that contain them, and the program beside it. The transactions are as they were. The blocks are not:
 * their headers have the proof of work of regtest, and each has a part of the transactions of a real one, and
 * takes the same part of its fees. A transaction that is locked until a height that regtest does not reach is
 * left out. The fees of most transactions are not known, since the blocks don't tell what their inputs are
 * worth.
 */
export async function startReplay(folderOfBlocks: string, cleanup: Cleanup): Promise<Scene> {
  const parts = FILES.flatMap((name) => partsOf(readFileSync(path.join(folderOfBlocks, name))));
  const peers: ChainPeer[] = [];
  for (const userAgent of USER_AGENTS)
    peers.push(cleanup.add(await ChainPeer.start(userAgent, now), (it) => it.stop()));
  let best: Buffer = CHAIN_PARAMS.regtest.genesis;
  let height = 0;
  const mine = ({ transactions, fees }: Part, time: number): Buffer => {
    height += 1;
    best = mineBlock({
      ...{ on: best, height, time, commitment: rightCommitment },
      raw: transactions.map(({ bytes, start, end }) => bytes.subarray(start, end)),
      outputs: [{ value: subsidy(height, CHAIN_PARAMS.regtest) + fees }],
    });
    for (const peer of peers) peer.add(best);
    return best;
  };
  for (let left = OLD_BLOCKS; left > 0; left--) mine({ transactions: [], fees: 0 }, now() - left * 600);
  const folder = cleanup.add(mkdtempSync(path.join(os.tmpdir(), 'btcdmon-screenshots-')), (it) =>
    rmSync(it, { recursive: true, force: true }),
  );
  const page = await freePort();
  const connect = peers.flatMap(({ port }) => ['--connect', `127.0.0.1:${port}`]);
  const args = ['--node', 'replay', '--data-dir', folder, '--http', `127.0.0.1:${page}`, ...connect];
  startProgram(args, {}, cleanup);
  const isReady = ({ peer }: ChainPeer): boolean =>
    peer.connections.some((connection) => connection.commands().includes('verack'));
  await until('the handshakes', () => peers.every(isReady));
  return {
    url: `http://127.0.0.1:${page}`,
    folder,
    run: async (ms) => {
      // The transactions of the last part wait for a block in the end.
      const partMs = ms / (parts.length - 1 + RELAYED);
      for (const [index, part] of parts.entries()) {
        const gapMs = (partMs * RELAYED) / part.transactions.length;
        const endMs = performance.now() + partMs * RELAYED;
        for (const transaction of part.transactions) {
          announce(peers, (peer) => peer.announceTransaction(transaction));
          // Arrivals that do not depend on each other are exponentially far apart.
          await sleep(-Math.log(1 - Math.random()) * gapMs);
        }
        await sleep(Math.max(0, endMs - performance.now()));
        if (index === parts.length - 1) return;
        await sleep(partMs * (1 - RELAYED));
        const block = mine(part, now());
        announce(peers, (peer) => peer.announce(block));
      }
    },
  };
}

/** The parts of a real block, without what is locked. */
function partsOf(bytes: Buffer): readonly Part[] {
  const block = parseBlock(bytes);
  const real = block.transactions.filter(({ isCoinbase }) => !isCoinbase);
  const final = real.filter((transaction) => isFinal(transaction, OLD_BLOCKS, now()));
  const fees = coinbaseValue(block) - subsidy(block.coinbaseHeight ?? 0, CHAIN_PARAMS.mainnet);
  const vsizeOf = (some: readonly Transaction[]): number => some.reduce((sum, { vsize }) => sum + vsize, 0);
  const vsize = vsizeOf(real);
  console.log(
    `block ${block.coinbaseHeight ?? '?'} of mainnet: ${real.length} transactions, ` +
      `${real.length - final.length} of them locked and left out`,
  );
  const length = Math.ceil(final.length / PARTS);
  return Array.from({ length: PARTS }, (_, part) => {
    const transactions = final.slice(part * length, (part + 1) * length);
    return { transactions, fees: Math.floor((fees * vsizeOf(transactions)) / vsize) };
  });
}

/** Has the first peer announce something now, and the others a little later. */
function announce(peers: readonly ChainPeer[], tell: (peer: ChainPeer) => void): void {
  for (const [index, peer] of peers.entries())
    if (index === 0) tell(peer);
    else setTimeout(() => tell(peer), Math.random() * MOST_DELAY_MS).unref();
}

function now(): number {
  return Math.floor(Date.now() / 1_000);
}
