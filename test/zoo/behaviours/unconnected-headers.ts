import type { Behaviour } from '../behaviour';
import { header, headers, randomHashes } from '../bytes';
import { frame } from '../cage';

export const unconnectedHeaders: Behaviour = {
  name: 'unconnected-headers',
  does: 'Sends headers after an unknown block.',
  ends: ['unconnected-headers'],
  run: async (cage) => {
    const { socket } = await cage.join();
    const [nowhere = Buffer.alloc(32)] = randomHashes(1);
    const head = header(nowhere, nowhere, 1_700_000_000);
    await cage.flood(socket, () => frame('headers', headers([head])), 200);
    await cage.pause(1_000);
  },
};
