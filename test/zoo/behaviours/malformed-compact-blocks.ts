import type { Behaviour } from '../behaviour';
import { GENESIS, block, coinbase, compactSize } from '../bytes';

export const malformedCompactBlocks: Behaviour = {
  name: 'malformed-compact-blocks',
  does: 'Sends truncated compact blocks, and ones with indexes beyond their end.',
  ends: ['malformed-message'],
  run: async (cage) => {
    const peer = await cage.join();
    const { header: head } = block(GENESIS, 1, { tag: 20_000 });
    const places = Buffer.concat([compactSize(1), compactSize(60_000), coinbase(1, 20_000)]);
    peer.send('cmpctblock', Buffer.concat([head, Buffer.alloc(8), compactSize(10), Buffer.alloc(59)]));
    peer.send('cmpctblock', Buffer.concat([head, Buffer.alloc(8), compactSize(0), places]));
    await cage.pause(1_000);
  },
};
