import { encodeFrame } from '../../../src/wire/framing';
import { NETWORKS } from '../../../src/wire/networks';
import type { Behaviour } from '../behaviour';

export const wrongMagic: Behaviour = {
  name: 'wrong-magic',
  does: 'Completes the handshake, then sends a message with the magic of another network.',
  ends: ['wrong-magic'],
  run: async (cage) => {
    const { socket } = await cage.join();
    socket.write(encodeFrame(NETWORKS.mainnet.magic, 'ping', Buffer.alloc(8)));
    await cage.untilEnd(socket);
  },
};
