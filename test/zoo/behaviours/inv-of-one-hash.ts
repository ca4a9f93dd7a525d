import type { Behaviour } from '../behaviour';
import { inventory, randomHashes } from '../bytes';
import { frame } from '../cage';

export const invOfOneHash: Behaviour = {
  name: 'inv-of-one-hash',
  does: 'Announces one hash 100,000 times.',
  ends: ['over-budget', 'flood'],
  run: async (cage) => {
    const { socket } = await cage.join();
    const [hash = Buffer.alloc(32)] = randomHashes(1);
    const payload = inventory(
      1,
      Array.from({ length: 50_000 }, () => hash),
    );
    await cage.flood(socket, () => frame('inv', payload), 2);
    await cage.pause(2_000);
  },
};
