import type { Behaviour } from '../behaviour';
import { frame } from '../cage';

export const halfAHeader: Behaviour = {
  name: 'half-a-header',
  does: 'Sends twelve bytes of a message header, and nothing more.',
  ends: ['handshake-timeout'],
  run: async (cage) => {
    const socket = await cage.connect();
    socket.write(frame('version').subarray(0, 12));
    await cage.untilEnd(socket);
  },
};
