import type { Behaviour } from '../behaviour';
import { randomOutpoint, transaction } from '../bytes';
import { frame } from '../cage';

export const transactionsOf111000Outputs: Behaviour = {
  name: 'transactions-of-111000-outputs',
  does: 'Sends transactions of 111,000 empty outputs, the most that fit, which make as many points.',
  ends: ['over-budget', 'flood'],
  run: async (cage) => {
    const { socket } = await cage.join();
    await cage.flood(socket, () =>
      frame('tx', transaction({ spends: [randomOutpoint()], outputs: 111_000, script: Buffer.alloc(0) })),
    );
  },
};
