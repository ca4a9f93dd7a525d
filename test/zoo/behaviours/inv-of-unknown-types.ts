import type { Behaviour } from '../behaviour';
import { inventory, randomHashes } from '../bytes';
import { frame } from '../cage';

export const invOfUnknownTypes: Behaviour = {
  name: 'inv-of-unknown-types',
  does: 'Announces inventory of types that do not exist.',
  ends: ['over-budget', 'flood'],
  run: async (cage) => {
    const { socket } = await cage.join();
    await cage.flood(socket, (n) => frame('inv', inventory(0x7fff_0000 + n, randomHashes(50_000))), 50);
  },
};
