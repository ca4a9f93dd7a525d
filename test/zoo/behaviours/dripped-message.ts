import type { Behaviour } from '../behaviour';
import { frame } from '../cage';

export const drippedMessage: Behaviour = {
  name: 'dripped-message',
  does: 'Announces a message of 4 MB and sends 100 bytes at a time: a slow line is tolerated for minutes.',
  ends: 'stays',
  run: async (cage) => {
    const { socket } = await cage.join();
    const bytes = frame('block', Buffer.alloc(4_000_000));
    for (let at = 0; !cage.isOver && !socket.destroyed; at += 100) {
      socket.write(bytes.subarray(at, at + 100));
      await cage.pause(100);
    }
  },
};
