import type { Behaviour } from '../behaviour';
import { inventory, randomHashes } from '../bytes';
import { frame } from '../cage';

export const notfoundOf50000: Behaviour = {
  name: 'notfound-of-50000',
  does: 'Sends notfound with 50,000 unknown items, repeatedly.',
  ends: ['over-budget', 'flood'],
  run: async (cage) => {
    const { socket } = await cage.join();
    await cage.flood(socket, () => frame('notfound', inventory(1, randomHashes(50_000))));
  },
};
