import type { Behaviour } from '../behaviour';
import { coin, size, transaction, unknown } from '../bytes';
import { frame } from '../cage';

export const blocktxnUnasked: Behaviour = {
  name: 'blocktxn-unasked',
  does: 'Sends blocktxn that nobody asked for.',
  ends: ['unrequested-blocktxn'],
  run: async (cage) => {
    const { socket } = await cage.join();
    const [hash = Buffer.alloc(32)] = unknown(1);
    const payload = Buffer.concat([hash, size(1), transaction({ spends: [coin()], outputs: 2 })]);
    await cage.flood(socket, () => frame('blocktxn', payload), 100);
    await cage.pause(1_000);
  },
};
