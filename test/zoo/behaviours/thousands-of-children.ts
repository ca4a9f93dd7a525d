import type { Behaviour } from '../behaviour';
import { randomOutpoint, hash256, transaction } from '../bytes';
import { frame } from '../cage';

export const thousandsOfChildren: Behaviour = {
  name: 'thousands-of-children',
  does: 'Sends thousands of transactions that spend outputs of one parent, and the parent last.',
  ends: ['over-budget', 'flood'],
  run: async (cage) => {
    const { socket } = await cage.join();
    while (!cage.isOver && !socket.destroyed) {
      const parent = transaction({ spends: [randomOutpoint()], outputs: 3_000 });
      const txid = hash256(parent);
      const child = (index: number): Buffer => transaction({ spends: [{ txid, index }], outputs: 1 });
      await cage.flood(socket, (index) => frame('tx', child(index)), 3_000);
      socket.write(frame('tx', parent));
    }
  },
};
