import { display, hashOf } from '../../chain/mine';
import type { Signed, Spendable } from '../wallet';
import type { Coins } from './coins';
import { blockBytes, forge } from './forge';
import type { Stage } from './stage';

/** Signals that a transaction may be replaced (BIP125). */
const REPLACEABLE = 0xffff_fffd;

/**
 * Sends replacements: one that every node accepts, one that none accepts, and one that only a block makes.
 */
export async function replace(stage: Stage, coins: Coins): Promise<void> {
  const { line, record } = stage;
  const coin = coins.one();
  const frame = { sequence: REPLACEABLE };
  const replaced = stage.pay(coin, 500, 'pubkeyhash', frame);
  await stage.send(line.first, [replaced]);
  await stage.send(line.first, [stage.pay(onlyOutput(replaced), 400)]);
  await stage.checkpoint('what is going to be replaced, and what is built on it');
  const replacement = stage.pay(coin, 3_000, 'pubkeyhash', frame);
  await stage.send(line.last, [replacement]);
  record.conflict(replacement, replaced);
  await stage.checkpoint('a replacement');

  // A btcd does not replace a transaction that pays more, and the view must not either.
  const cheaper = stage.pay(coin, 2_000, 'pubkeyhash', frame);
  await stage.offer(cheaper);
  record.unmined.delete(cheaper.txid);
  record.conflict(cheaper, replacement);
  await stage.checkpoint('a double spend that pays less');
  await stage.mine(line.middle);
}

/** Mines a block with a transaction that was never relayed and one that conflicts with a relayed one. */
export async function surprise(stage: Stage, coins: Coins): Promise<void> {
  const { line, record } = stage;
  const coin = coins.one();
  const relayed = stage.pay(coin, 700);
  await stage.send(line.first, [relayed]);
  const conflicting = stage.pay(coin, 1_700);
  const unseen = stage.pay(coins.one('witness_v0_keyhash'), 2_700);
  const tip = await blockBytes(line.first, await line.first.rpc('getbestblockhash'));
  const height = (await line.first.rpc<number>('getblockcount')) + 1;
  const block = forge(tip, height, [conflicting, unseen]);
  const answer = await line.first.rpc<string | null>('submitblock', block.toString('hex'));
  if (answer !== null) throw new Error(`submitblock: ${answer}`);
  await stage.spread(display(hashOf(block)), { reach: line.nodes, becomesBest: true, unseen: 2 });
  record.conflict(conflicting, relayed);
  await stage.checkpoint('a block with a double spend');
}

function onlyOutput({ outputs }: Signed): Spendable {
  const [output] = outputs;
  if (output === undefined) throw new Error('a transaction without outputs');
  return output;
}
