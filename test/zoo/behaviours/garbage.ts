import { randomBytes } from 'node:crypto';
import type { Behaviour } from '../behaviour';

export const garbage: Behaviour = {
  name: 'garbage',
  does: 'Sends random bytes, which look like the encrypted transport until no terminator comes (BIP324).',
  ends: ['no-garbage-terminator'],
  run: async (cage) => {
    await cage.again(20, async () => {
      const socket = await cage.connect();
      socket.write(randomBytes(100_000));
      await cage.untilEnd(socket);
    });
  },
};
