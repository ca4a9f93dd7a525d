import type { Behaviour } from '../behaviour';
import { frame } from '../cage';

export const pingFloods: Behaviour = {
  name: 'ping-floods',
  does: 'Eight peers send pings as fast as they can; four of them never read the pongs.',
  ends: ['flood', 'not-reading'],
  run: async (cage) => {
    const batch = Buffer.concat(Array.from({ length: 2_000 }, () => frame('ping', Buffer.alloc(8, 1))));
    await Promise.all(
      Array.from({ length: 8 }, async (_, n) => {
        const { socket } = await cage.join();
        if (n % 2 === 0) socket.pause();
        await cage.flood(socket, () => batch);
      }),
    );
  },
};
