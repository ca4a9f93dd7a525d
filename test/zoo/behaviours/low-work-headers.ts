import { randomBytes } from 'node:crypto';
import type { Behaviour } from '../behaviour';
import { GENESIS, hash256, header, headers } from '../bytes';
import { frame } from '../cage';

export const lowWorkHeaders: Behaviour = {
  name: 'low-work-headers',
  does: 'Sends valid headers beside the best chain without end, each of which would be stored for good.',
  ends: ['low-work-headers'],
  run: async (cage) => {
    const { socket } = await cage.join();
    const time = GENESIS.readUInt32LE(68) + 60;
    const siblings = (): Buffer[] =>
      Array.from({ length: 2_000 }, () => header(hash256(GENESIS), randomBytes(32), time));
    await cage.flood(socket, () => frame('headers', headers(siblings())), 100);
    await cage.untilEnd(socket);
  },
};
