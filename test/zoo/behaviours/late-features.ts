import type { Behaviour } from '../behaviour';
import { uint32 } from '../bytes';

export const lateFeatures: Behaviour = {
  name: 'late-features',
  does: 'Sends wtxidrelay, sendaddrv2 and sendtxrcncl after the handshake, repeatedly.',
  ends: 'stays',
  run: async (cage) => {
    const peer = await cage.join();
    for (let n = 0; n < 100; n++) {
      peer.send('wtxidrelay');
      peer.send('sendaddrv2');
      peer.send('sendtxrcncl', Buffer.concat([uint32(1), Buffer.alloc(8)]));
    }
    await cage.pause(2_000);
  },
};
