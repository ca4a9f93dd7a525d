import type { Behaviour } from '../behaviour';
import { GENESIS, block, coin, transaction } from '../bytes';
import { frame } from '../cage';

export const mutatedBlocks: Behaviour = {
  name: 'mutated-blocks',
  does: 'Sends blocks whose transactions are not those of their Merkle root.',
  ends: ['invalid-block', 'malformed-block'],
  run: async (cage) => {
    const { socket } = await cage.join();
    const { bytes } = block(GENESIS, 1, {
      transactions: [transaction({ spends: [coin()], outputs: 2 })],
      tag: 77,
    });
    const twice = Buffer.from(bytes);
    twice[twice.length - 20] = (twice[twice.length - 20] ?? 0) ^ 1;
    socket.write(frame('block', twice));
    await cage.untilEnd(socket);
  },
};
