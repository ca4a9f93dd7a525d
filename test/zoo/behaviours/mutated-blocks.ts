import { GENESIS, block, coin, hash256, inventory, transaction } from '../bytes';
import type { Behaviour } from '../behaviour';

export const mutatedBlocks: Behaviour = {
  name: 'mutated-blocks',
  does: 'Announces blocks and gives them with other transactions than those of their Merkle root.',
  ends: ['invalid-block'],
  run: async (cage) => {
    const peer = await cage.join();
    const { header, bytes } = block(GENESIS, 1, {
      transactions: [transaction({ spends: [coin()], outputs: 2 })],
      tag: 77,
    });
    const forged = Buffer.from(bytes);
    forged.writeUInt8(forged.readUInt8(forged.length - 20) ^ 1, forged.length - 20);
    peer.send('inv', inventory(2, [hash256(header)]));
    while (!cage.isOver && !peer.socket.destroyed) {
      if (peer.commands().includes('getdata')) break;
      await cage.pause(50);
    }
    peer.send('block', forged);
    await cage.untilEnd(peer.socket);
  },
};
