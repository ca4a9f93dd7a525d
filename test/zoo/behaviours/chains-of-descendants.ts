import type { Behaviour } from '../behaviour';
import { randomOutpoint, hash256, transaction } from '../bytes';
import { frame } from '../cage';

export const chainsOfDescendants: Behaviour = {
  name: 'chains-of-descendants',
  does: 'Sends chains of thousands of transactions, each spending the previous one, in reverse order.',
  ends: ['over-budget', 'flood'],
  run: async (cage) => {
    const { socket } = await cage.join();
    while (!cage.isOver && !socket.destroyed) {
      const chain = [transaction({ spends: [randomOutpoint()], outputs: 1 })];
      for (let n = 1; n < 5_000; n++) {
        const txid = hash256(chain[n - 1] ?? Buffer.alloc(0));
        chain.push(transaction({ spends: [{ txid, index: 0 }], outputs: 1 }));
      }
      await cage.flood(socket, (n) => frame('tx', chain[chain.length - 1 - n]), chain.length);
    }
  },
};
