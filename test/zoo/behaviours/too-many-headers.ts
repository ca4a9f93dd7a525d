import type { Behaviour } from '../behaviour';
import { header, headers } from '../bytes';
import { frame } from '../cage';

export const tooManyHeaders: Behaviour = {
  name: 'too-many-headers',
  does: 'Sends 2,001 headers in a message.',
  ends: ['malformed-message'],
  run: async (cage) => {
    const { socket } = await cage.join();
    const head = header(Buffer.alloc(32), Buffer.alloc(32), 1_700_000_000);
    socket.write(frame('headers', headers(Array.from({ length: 2_001 }, () => head))));
    await cage.pause(1_000);
  },
};
