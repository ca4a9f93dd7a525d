import type { Behaviour } from '../behaviour';
import { frame } from '../cage';

export const verackFirst: Behaviour = {
  name: 'verack-first',
  does: 'Starts with verack.',
  ends: ['no-version-first'],
  run: async (cage) => {
    const socket = await cage.connect();
    socket.write(frame('verack'));
    await cage.untilEnd(socket);
  },
};
