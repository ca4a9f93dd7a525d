import type { Behaviour } from '../behaviour';
import { randomOutpoint, transaction } from '../bytes';
import { frame } from '../cage';

export const stormsOfReplacement: Behaviour = {
  name: 'storms-of-replacement',
  does: 'Sends thousands of transactions that all spend the same ten outputs.',
  ends: ['over-budget', 'flood'],
  run: async (cage) => {
    const { socket } = await cage.join();
    const spends = Array.from({ length: 10 }, randomOutpoint);
    await cage.flood(socket, (value) => frame('tx', transaction({ spends, outputs: 1, value })));
  },
};
