import type { Behaviour } from '../behaviour';
import { block, randomOutpoint, header, transaction, randomHashes } from '../bytes';
import { frame } from '../cage';

export const orphanBlocks: Behaviour = {
  name: 'orphan-blocks',
  does: 'Sends blocks with unknown parents, as fast as it can.',
  ends: ['flood'],
  run: async (cage) => {
    const { socket } = await cage.join();
    const filler = transaction({ spends: [randomOutpoint()], outputs: 10_000 });
    await cage.flood(socket, (tag) => {
      const [nowhere = Buffer.alloc(32)] = randomHashes(1);
      const parent = header(nowhere, nowhere, 1_700_000_000);
      return frame('block', block(parent, 500, { transactions: [filler], tag }).bytes);
    });
  },
};
