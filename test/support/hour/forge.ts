import { subsidy } from '../../../src/chain/subsidy';
import { type BlockSpec, mineBlock, REGTEST, rightCommitment } from '../../chain/mine';
import type { Btcd } from '../btcd';
import type { Signed } from '../wallet';
import { feeOf } from './record';

/** A script that anybody may spend. */
const OPEN_SCRIPT = Buffer.from('51', 'hex');

/** The bytes of a block that a btcd has. */
export async function blockBytes(node: Btcd, sha: string): Promise<Buffer> {
  return Buffer.from(await node.rpc<string>('getblock', sha, 0), 'hex');
}

/**
 * Makes a block of the script's own. It is valid unless `changes` make it invalid.
 * @param on the block below it, at `height` - 1
 */
export function forge(
  on: Buffer,
  height: number,
  transactions: readonly Signed[] = [],
  changes: Partial<BlockSpec> = {},
): Buffer {
  const fees = transactions.reduce((sum, transaction) => sum + feeOf(transaction), 0);
  return mineBlock({
    on,
    height,
    // Later than the median of the blocks before it, and hardly ahead of the clock.
    time: on.readUInt32LE(68) + 1,
    raw: transactions.map(({ hex }) => Buffer.from(hex, 'hex')),
    outputs: [{ value: subsidy(height, REGTEST) + fees, script: OPEN_SCRIPT }],
    commitment: rightCommitment,
    ...changes,
  });
}
