import type { Behaviour } from '../behaviour';
import { frame } from '../cage';

export const sixtyTimes4Mb: Behaviour = {
  name: 'sixty-times-4-mb',
  does: 'Sixty peers each send a message of 4 MB without its last byte.',
  ends: ['incomplete-message', 'flood'],
  run: async (cage) => {
    const bytes = frame('block', Buffer.alloc(4_000_000)).subarray(0, -1);
    await Promise.all(
      Array.from({ length: 60 }, async () => {
        const { socket } = await cage.join();
        socket.write(bytes);
        await cage.untilEnd(socket);
      }),
    );
  },
};
