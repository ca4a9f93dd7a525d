import type { Behaviour } from '../behaviour';
import { randomOutpoint, compactSize, transaction, randomHashes } from '../bytes';
import { frame } from '../cage';

export const blocktxnUnasked: Behaviour = {
  name: 'blocktxn-unasked',
  does: 'Sends unrequested blocktxn.',
  ends: ['unrequested-blocktxn'],
  run: async (cage) => {
    const { socket } = await cage.join();
    const [hash = Buffer.alloc(32)] = randomHashes(1);
    const payload = Buffer.concat([
      hash,
      compactSize(1),
      transaction({ spends: [randomOutpoint()], outputs: 2 }),
    ]);
    await cage.flood(socket, () => frame('blocktxn', payload), 100);
    await cage.pause(1_000);
  },
};
