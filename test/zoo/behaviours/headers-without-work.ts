import type { Behaviour } from '../behaviour';
import { GENESIS, hash256, header, headers } from '../bytes';
import { frame } from '../cage';

export const headersWithoutWork: Behaviour = {
  name: 'headers-without-work',
  does: 'Sends a connected chain of headers without proof of work.',
  ends: ['invalid-header'],
  run: async (cage) => {
    const { socket } = await cage.join();
    const chain: Buffer[] = [];
    for (let height = 1; height <= 2_000; height++) {
      const time = GENESIS.readUInt32LE(68) + height * 60;
      chain.push(header(hash256(chain.at(-1) ?? GENESIS), Buffer.alloc(32), time, { worthless: true }));
    }
    socket.write(frame('headers', headers(chain)));
    await cage.untilEnd(socket);
  },
};
