import type { Btcd } from '../btcd';
import { until } from '../until';
import type { Coins } from './coins';
import type { Stage } from './stage';

/** A tip as `getchaintips` reports it. */
interface Tip {
  readonly height: number;
  readonly hash: string;
  readonly branchlen: number;
  readonly status: string;
}

/** The course of a reorganisation. */
export interface ReorgPlan {
  readonly depth: number;
  /** The fee of the second of two transactions that spend one output; the first pays 1,000. */
  readonly rivalFee: number;
}

/**
 * Cuts the line and mines at both ends, each with one side of a double spend. Then the line is joined, and
 * the first btcd must give up its blocks for a longer chain.
 */
export async function reorganise(stage: Stage, coins: Coins, { depth, rivalFee }: ReorgPlan): Promise<void> {
  const { line, record } = stage;
  const { first, last } = line;
  const [here, there] = [line.sideOf(first), line.sideOf(last)];
  const fork = await first.rpc<number>('getblockcount');
  await line.cut();

  const onlyFirst = [stage.pay(coins.one(), 900), stage.pay(coins.one('witness_v0_keyhash'), 700)];
  await stage.send(first, onlyFirst, { reach: here });
  const shared = coins.one();
  const [mine, rival] = [stage.pay(shared, 1_000), stage.pay(shared, rivalFee)];
  await stage.send(first, [mine], { reach: here });
  await stage.send(last, [rival], { reach: there });
  record.conflict(rival, mine);

  for (let i = 0; i < depth; i++) await stage.mine(first, { reach: here });
  const oldTip = await first.rpc<string>('getbestblockhash');
  // Transactions in blocks that came as a side chain must be gone as well.
  for (let i = 0; i < depth; i++) {
    await stage.send(last, [stage.pay(coins.one(), 600 + i)], { reach: there });
    await stage.mine(last, { reach: there, becomesBest: false });
  }
  await stage.send(last, [stage.pay(coins.one('pubkey'), 800)], { reach: there });
  const newTip = await stage.mine(last, { reach: there });
  record.lost.add(mine.txid);
  record.reorgs.push({ depth, old_tip: oldTip, new_tip: newTip, fork_height: fork });

  await line.join();
  await until('the first btcd to reorganise', async () => (await first.rpc('getbestblockhash')) === newTip);
  await holdTips(first, { height: fork + depth, hash: oldTip, branchlen: depth });
  await stage.checkpoint(`a reorganisation of ${depth}`);
  await stage.mine(first);
  await stage.checkpoint(`the block after it`);
}

/** Checks that btcd reports the same reorganisation. */
async function holdTips(node: Btcd, expected: Omit<Tip, 'status'>): Promise<void> {
  const tips = await node.rpc<Tip[]>('getchaintips');
  const found = tips.some(
    (tip) =>
      tip.hash === expected.hash &&
      tip.height === expected.height &&
      tip.branchlen === expected.branchlen &&
      tip.status === 'valid-fork',
  );
  if (!found) throw new Error(`btcd tells of other tips: ${JSON.stringify(tips)}`);
}
