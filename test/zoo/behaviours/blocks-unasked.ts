import type { Behaviour } from '../behaviour';
import { GENESIS, block, randomOutpoint, transaction } from '../bytes';
import { frame } from '../cage';

export const blocksUnasked: Behaviour = {
  name: 'blocks-unasked',
  does: 'Sends unrequested valid blocks of its own branch, as fast as it can.',
  ends: ['flood'],
  run: async (cage) => {
    const { socket } = await cage.join();
    const filler = transaction({ spends: [randomOutpoint()], outputs: 30_000 });
    await cage.flood(socket, (tag) =>
      frame('block', block(GENESIS, 1, { transactions: [filler], tag }).bytes),
    );
  },
};
