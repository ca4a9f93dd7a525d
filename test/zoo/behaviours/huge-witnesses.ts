import type { Behaviour } from '../behaviour';
import { randomOutpoint, transaction } from '../bytes';
import { frame } from '../cage';

export const hugeWitnesses: Behaviour = {
  name: 'huge-witnesses',
  does: 'Sends transactions with a witness of 3.9 MB each.',
  ends: ['over-budget', 'flood'],
  run: async (cage) => {
    const { socket } = await cage.join();
    const witness = Buffer.alloc(3_900_000);
    await cage.flood(socket, () =>
      frame('tx', transaction({ spends: [randomOutpoint()], outputs: 1, witness })),
    );
  },
};
