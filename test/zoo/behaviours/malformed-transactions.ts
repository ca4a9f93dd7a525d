import type { Behaviour } from '../behaviour';
import { randomOutpoint, transaction } from '../bytes';

export const malformedTransactions: Behaviour = {
  name: 'malformed-transactions',
  does: 'Sends truncated transactions, and ones with impossible counts.',
  ends: ['malformed-tx'],
  run: async (cage) => {
    const peer = await cage.join();
    const whole = transaction({ spends: [randomOutpoint()], outputs: 2 });
    for (let end = 0; end < whole.length; end++) peer.send('tx', whole.subarray(0, end));
    peer.send('tx', Buffer.concat([whole.subarray(0, 4), Buffer.alloc(9, 0xff)]));
    await cage.pause(2_000);
  },
};
