import type { Behaviour } from '../behaviour';
import { inventory, randomHashes } from '../bytes';
import { frame } from '../cage';

export const notfoundOf50000: Behaviour = {
  name: 'notfound-of-50000',
  does: 'Says of 50,000 things that it does not have them, again and again.',
  ends: ['over-budget', 'flood'],
  run: async (cage) => {
    const { socket } = await cage.join();
    await cage.flood(socket, () => frame('notfound', inventory(1, randomHashes(50_000))));
  },
};
