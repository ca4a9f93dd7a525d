import { collidingKeys } from '../../support/colliding-keys';
import type { Behaviour } from '../behaviour';
import { inventory } from '../bytes';
import { frame } from '../cage';

export const invOfCollidingHashes: Behaviour = {
  name: 'inv-of-colliding-hashes',
  does: 'Announces hashes that collide in a hash table without a secret key.',
  ends: ['over-budget', 'flood'],
  run: async (cage) => {
    const { socket } = await cage.join();
    const payload = inventory(1, collidingKeys(50_000, 32));
    await cage.flood(socket, () => frame('inv', payload), 20);
  },
};
