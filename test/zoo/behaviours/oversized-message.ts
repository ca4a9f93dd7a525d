import type { Behaviour } from '../behaviour';
import { frame } from '../cage';

export const oversizedMessage: Behaviour = {
  name: 'oversized-message',
  does: 'Announces a message of more than 4,000,000 bytes.',
  ends: ['oversized-message'],
  run: async (cage) => {
    const { socket } = await cage.join();
    const head = frame('tx').subarray(0, 24);
    head.writeUInt32LE(4_000_001, 16);
    socket.write(head);
    await cage.untilEnd(socket);
  },
};
