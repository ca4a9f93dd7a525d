import { randomBytes } from 'node:crypto';
import type { Behaviour } from '../behaviour';

const KEY_BYTES = 64;

export const encryptedEndlessGarbage: Behaviour = {
  name: 'encrypted-endless-garbage',
  does: 'Sends a key and 4,096 bytes of garbage without the terminator (BIP324), then more of it bit by bit.',
  ends: ['no-garbage-terminator'],
  run: async (cage) => {
    await cage.again(20, async () => {
      const socket = await cage.connect();
      socket.write(randomBytes(KEY_BYTES + 4_096));
      while (!socket.destroyed && !cage.isOver) {
        socket.write(randomBytes(1));
        await cage.pause(50);
      }
    });
  },
};
