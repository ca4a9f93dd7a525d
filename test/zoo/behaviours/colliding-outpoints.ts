import { collidingKeys } from '../../support/colliding-keys';
import type { Behaviour } from '../behaviour';
import { transaction } from '../bytes';
import { frame } from '../cage';

export const collidingOutpoints: Behaviour = {
  name: 'colliding-outpoints',
  does: 'Sends transactions whose outpoints collide in a hash table without a secret key.',
  ends: ['over-budget', 'flood'],
  run: async (cage) => {
    const { socket } = await cage.join();
    const keys = collidingKeys(60_000, 32);
    await cage.flood(socket, (n) => {
      const some = keys.slice((n * 500) % keys.length, ((n * 500) % keys.length) + 500);
      const spends = some.map((txid) => ({ txid, index: 0 }));
      return frame('tx', transaction({ spends, outputs: 1, value: n, scriptSig: Buffer.alloc(0) }));
    });
  },
};
