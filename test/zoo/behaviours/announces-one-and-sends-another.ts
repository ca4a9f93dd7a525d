import type { Behaviour } from '../behaviour';
import { randomOutpoint, inventory, transaction } from '../bytes';
import { HONEST_PEERS, honestBlock, honestTransaction } from '../honest-data';

export const announcesOneAndSendsAnother: Behaviour = {
  name: 'announces-one-and-sends-another',
  does: 'Announces honest transactions and a block, and sends others when they are requested.',
  ends: 'stays',
  run: async (cage) => {
    const peer = await cage.join();
    let answered = 0;
    for (let n = 0; !cage.isOver && !peer.socket.destroyed; n += 50) {
      const hashes = Array.from({ length: 50 }, (_, i) => honestTransaction(n % HONEST_PEERS, n + i).hash);
      peer.send('inv', inventory(1, hashes));
      peer.send('inv', inventory(2, [honestBlock(1 + n / 50).hash]));
      await cage.pause(1_500);
      for (const { command } of peer.got.slice(answered))
        if (command === 'getdata') peer.send('tx', transaction({ spends: [randomOutpoint()], outputs: 1 }));
      answered = peer.got.length;
    }
  },
};
