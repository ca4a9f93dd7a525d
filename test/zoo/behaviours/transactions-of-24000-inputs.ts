import type { Behaviour } from '../behaviour';
import { randomOutpoint, transaction } from '../bytes';
import { frame } from '../cage';

export const transactionsOf24000Inputs: Behaviour = {
  name: 'transactions-of-24000-inputs',
  does: 'Sends transactions of 24,000 inputs each.',
  ends: ['over-budget', 'flood'],
  run: async (cage) => {
    const { socket } = await cage.join();
    const tx = (): Buffer =>
      transaction({
        spends: Array.from({ length: 24_000 }, randomOutpoint),
        outputs: 1,
        scriptSig: Buffer.alloc(0),
      });
    await cage.flood(socket, () => frame('tx', tx()));
  },
};
