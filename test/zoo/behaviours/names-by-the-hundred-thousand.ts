import { randomBytes } from 'node:crypto';
import type { Behaviour } from '../behaviour';
import { frame } from '../cage';

export const namesByTheHundredThousand: Behaviour = {
  name: 'names-by-the-hundred-thousand',
  does: 'Connects repeatedly with new user agents, and sends 100,000 unknown commands.',
  ends: ['flood'],
  run: async (cage) => {
    const { socket } = await cage.join();
    const named = (n: number): Buffer =>
      Buffer.concat(Array.from({ length: 100 }, (_, i) => frame(`x${n * 100 + i}`)));
    await Promise.all([
      cage.flood(socket, named, 1_000),
      cage.again(1_000, async () => {
        const peer = await cage.join({ claims: { userAgent: `/x:${randomBytes(6).toString('hex')}/` } });
        peer.socket.destroy();
      }),
    ]);
  },
};
