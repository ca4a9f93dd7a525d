import { randomBytes } from 'node:crypto';
import type { Behaviour } from '../behaviour';
import { GENESIS, block, coinbase, compactSize } from '../bytes';

export const compactBlocksThatNeverResolve: Behaviour = {
  name: 'compact-blocks-that-never-resolve',
  does: 'Sends compact blocks of unknown transactions, and never delivers these.',
  ends: 'stays',
  run: async (cage) => {
    const peer = await cage.join();
    for (let tag = 0; tag < 100 && !cage.isOver; tag++) {
      const { header: head } = block(GENESIS, 1, { tag: 10_000 + tag });
      const ids = randomBytes(6 * 100);
      const whole = Buffer.concat([compactSize(1), compactSize(0), coinbase(1, 10_000 + tag)]);
      peer.send('cmpctblock', Buffer.concat([head, randomBytes(8), compactSize(100), ids, whole]));
      await cage.pause(100);
    }
  },
};
