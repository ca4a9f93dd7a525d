import type { Behaviour } from '../behaviour';
import { inventory } from '../bytes';
import { HONEST_PEERS, honestBlock, honestTransaction } from '../honest-data';

export const announcesAndNeverDelivers: Behaviour = {
  name: 'announces-and-never-delivers',
  does: 'Nine peers announce each honest transaction and block before the honest peers, and deliver none.',
  ends: 'stays',
  run: async (cage) => {
    const peers = await Promise.all(Array.from({ length: 9 }, () => cage.join()));
    for (let n = 0; !cage.isOver; n += 50) {
      for (let peer = 0; peer < HONEST_PEERS; peer++) {
        const hashes = Array.from({ length: 50 }, (_, i) => honestTransaction(peer, n + i).hash);
        for (const each of peers) each.send('inv', inventory(1, hashes));
      }
      for (const each of peers) each.send('inv', inventory(2, [honestBlock(1 + n / 50).hash]));
      await cage.pause(1_500);
    }
  },
};
