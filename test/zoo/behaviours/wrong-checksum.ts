import type { Behaviour } from '../behaviour';
import { inventory, randomHashes } from '../bytes';
import { frame } from '../cage';

export const wrongChecksum: Behaviour = {
  name: 'wrong-checksum',
  does: 'Sends a message with a wrong checksum.',
  ends: ['wrong-checksum'],
  run: async (cage) => {
    const { socket } = await cage.join();
    const bytes = frame('inv', inventory(1, randomHashes(100)));
    bytes.writeUInt32LE((bytes.readUInt32LE(20) ^ 1) >>> 0, 20);
    socket.write(bytes);
    await cage.untilEnd(socket);
  },
};
