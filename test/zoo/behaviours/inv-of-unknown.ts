import type { Behaviour } from '../behaviour';
import { inventory, randomHashes } from '../bytes';
import { frame } from '../cage';

export const invOfUnknown: Behaviour = {
  name: 'inv-of-unknown',
  does: 'Announces 50,000 unknown transactions in each message.',
  ends: ['over-budget', 'flood'],
  run: async (cage) => {
    const { socket } = await cage.join();
    await cage.flood(socket, () => frame('inv', inventory(1, randomHashes(50_000))));
  },
};
