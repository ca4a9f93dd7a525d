import { OUTPUT_TYPES, SPENDABLE_TYPES } from '../wallet';
import type { Coins } from './coins';
import { makeForms } from './forms';
import type { Stage } from './stage';

/**
 * Creates and spends each type of output at all three btcds, and then sends transactions of every form that a
 * policy refuses.
 */
export async function relayEveryForm(stage: Stage, coins: Coins): Promise<void> {
  const { line, wallet } = stage;
  const makeable = OUTPUT_TYPES.filter((type) => type !== 'witness_unknown');
  for (const [i, node] of line.nodes.entries()) {
    const transactions = SPENDABLE_TYPES.map((from, j) => {
      const type = makeable[(i + j) % makeable.length] ?? 'pubkeyhash';
      const [first, second] = [coins.one(from), coins.one('pubkeyhash')];
      const inputs = j % 2 === 0 ? [first] : [first, second];
      const value = type === 'nulldata' ? 0 : 4_000;
      return wallet.sign(inputs, [
        { type, value },
        { type: 'pubkeyhash', value: 5_000 - i * 100 - j },
      ]);
    });
    await stage.send(node, transactions);
  }
  await stage.checkpoint('every type of output');
  await stage.mine(line.last);
  await stage.checkpoint('a block that holds all of them');

  const forms = makeForms(wallet, coins.forForms, coins.prepared, coins.one('anchor'));
  for (const { transaction, verdicts, relayed } of forms)
    if (relayed) await stage.send(line.middle, [transaction], { verdicts });
    else await stage.offer(transaction, { verdicts });
  await stage.checkpoint('every reason for non-standardness');
  await stage.mine(line.first);
  await stage.checkpoint('what no miner takes');
}
