import type { Behaviour } from '../behaviour';
import { GENESIS, block, randomOutpoint, transaction } from '../bytes';
import { frame } from '../cage';

export const blockOf65000Transactions: Behaviour = {
  name: 'block-of-65000-transactions',
  does: 'Sends unrequested blocks of 65,000 minimal transactions.',
  ends: ['flood', 'invalid-block', 'malformed-block', 'oversized-message'],
  run: async (cage) => {
    const { socket } = await cage.join();
    const tiny = transaction({ spends: [randomOutpoint()], outputs: 0, scriptSig: Buffer.alloc(0) });
    const all = Array.from({ length: 65_000 }, () => tiny);
    const bytes = frame('block', block(GENESIS, 1, { transactions: all, tag: 65 }).bytes);
    await cage.flood(socket, () => bytes, 20);
    await cage.untilEnd(socket);
  },
};
