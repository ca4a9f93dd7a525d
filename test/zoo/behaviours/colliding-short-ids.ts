import type { Behaviour } from '../behaviour';
import { GENESIS, block, coinbase, compactSize } from '../bytes';

export const collidingShortIds: Behaviour = {
  name: 'colliding-short-ids',
  does: 'Sends compact blocks of 10,000 equal short ids.',
  ends: 'stays',
  run: async (cage) => {
    const peer = await cage.join();
    for (let tag = 0; tag < 20 && !cage.isOver; tag++) {
      const { header: head } = block(GENESIS, 1, { tag: 30_000 + tag });
      const whole = Buffer.concat([compactSize(1), compactSize(0), coinbase(1, 30_000 + tag)]);
      peer.send(
        'cmpctblock',
        Buffer.concat([head, Buffer.alloc(8), compactSize(10_000), Buffer.alloc(60_000, 7), whole]),
      );
      await cage.pause(100);
    }
  },
};
