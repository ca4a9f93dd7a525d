import type { Behaviour } from '../behaviour';
import { GENESIS, block, randomOutpoint, hash256, inventory, transaction } from '../bytes';

export const mutatedBlocks: Behaviour = {
  name: 'mutated-blocks',
  does: 'Announces a block, and sends one whose transactions do not match its Merkle root.',
  ends: ['invalid-block', 'malformed-block'],
  run: async (cage) => {
    const peer = await cage.join();
    const { header, bytes } = block(GENESIS, 1, {
      transactions: [transaction({ spends: [randomOutpoint()], outputs: 2 })],
      tag: 77,
    });
    const mutated = Buffer.from(bytes);
    mutated[mutated.length - 20] = (mutated[mutated.length - 20] ?? 0) ^ 1;
    peer.send('inv', inventory(2, [hash256(header)]));
    // An unrequested block would not be examined.
    while (!peer.commands().includes('getdata') && !peer.socket.destroyed && !cage.isOver)
      await cage.pause(50);
    peer.send('block', mutated);
    await cage.pause(1_000);
  },
};
