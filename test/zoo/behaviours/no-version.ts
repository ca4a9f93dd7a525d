import type { Behaviour } from '../behaviour';

export const noVersion: Behaviour = {
  name: 'no-version',
  does: 'Connects and sends nothing.',
  ends: ['handshake-timeout'],
  run: async (cage) => {
    const socket = await cage.connect();
    await cage.untilEnd(socket);
  },
};
