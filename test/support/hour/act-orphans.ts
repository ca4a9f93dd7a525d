import { INV_TX } from '../../../src/wire/messages/inventory';
import { wireHash } from '../../../src/wire/hash';
import type { Coins } from './coins';
import type { Stage } from './stage';

/** Sends a child before its parent. The parent was announced, and the scripted peer then does not have it. */
export async function orphan(stage: Stage, coins: Coins): Promise<void> {
  const { line, scripted, record } = stage;
  const parent = stage.pay(coins.one(), 1_100);
  const [output] = parent.outputs;
  if (output === undefined) throw new Error('the parent has no output');
  const child = stage.pay(output, 1_200);

  scripted.announce([{ type: INV_TX, hash: wireHash(parent.txid) }]);
  // Its fee is known only once the parent is.
  await stage.offer(child, { feeKnown: false });
  await stage.checkpoint('an orphan', 1);

  await stage.send(line.first, [parent]);
  stage.note(child);
  await stage.checkpoint('its parent');
  await line.last.rpc('sendrawtransaction', child.hex);
  record.unmined.delete(child.txid);
  await stage.checkpoint('both at all btcds');
  await stage.mine(line.last);
  await stage.checkpoint('both in a block');
}
