import { display, hashOf, type BlockSpec } from '../../chain/mine';
import { blockBytes, forge } from './forge';
import type { Judged } from './record';
import { SCRIPTED, type Stage } from './stage';

const shaOf = (bytes: Buffer): string => display(hashOf(bytes));

/**
 * Sends blocks of the scripted peer: orphans, invalid blocks, unrequested blocks, and one that is known
 * already.
 */
export async function sendBlocks(stage: Stage): Promise<void> {
  const { line, scripted, record } = stage;
  const height = await line.first.rpc<number>('getblockcount');
  const bytesAt = async (at: number): Promise<Buffer> =>
    blockBytes(line.first, await line.first.rpc('getblockhash', at));
  const tip = await bytesAt(height);

  const offer = async (bytes: Buffer): Promise<void> => {
    const item = stage.blockItem(shaOf(bytes));
    scripted.has(item.hash, { command: 'block', payload: bytes });
    scripted.announce([item]);
    await Promise.resolve();
  };
  const judged = (bytes: Buffer, status: string, facts: Partial<Judged['forged']> = {}): Promise<void> =>
    stage.judged({
      sha: shaOf(bytes),
      status,
      from: [SCRIPTED],
      unseen: 0,
      forged: { bytes, height: null, ...facts },
    });

  // A branch that never wins, its second block first.
  const lower = forge(await bytesAt(height - 3), height - 2);
  const upper = forge(lower, height - 1);
  await offer(upper);
  await judged(upper, 'orphan');
  await offer(lower);
  await judged(lower, 'side_chain', { height: height - 2 });
  await judged(upper, 'side_chain', { height: height - 1 });

  const faults: readonly (readonly [reason: string, Partial<BlockSpec>])[] = [
    ['high-hash', { miss: true }],
    ['bad-diffbits', { bits: 0x207ffffe }],
    ['time-too-old', { time: 1_300_000_000 }],
    ['time-too-new', { time: Math.floor(Date.now() / 1_000) + 3 * 3_600 }],
    ['bad-version', { version: 3 }],
    ['bad-txnmrklroot', { merkleRoot: Buffer.alloc(32, 1) }],
    ['bad-cb-height', { height: height + 2 }],
    ['bad-cb-amount', { outputs: [{ value: 50e8 }, { value: 1 }] }],
    ['bad-witness-merkle-match', { commitment: () => Buffer.alloc(32) }],
  ];
  for (const [reason, changes] of faults) {
    const bytes = forge(tip, height + 1, [], changes);
    await offer(bytes);
    await judged(bytes, 'rejected', {
      height: height + 1,
      reason,
      code: reason === 'bad-version' ? 0x11 : 0x10,
    });
    // The cause of a block from the future may be our own clock.
    record.violation(reason === 'time-too-new' ? reason : 'invalid-block');
  }

  const unrequested = forge(tip, height + 1, [], { salt: 5 });
  scripted.say('block', unrequested);
  await judged(unrequested, 'unrequested', { height: height + 1 });
  scripted.say('block', tip);
  await judged(tip, 'duplicate', { height });
}
