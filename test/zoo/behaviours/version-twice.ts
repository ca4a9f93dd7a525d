import { versionPayload } from '../../support/fake-peer';
import type { Behaviour } from '../behaviour';

export const versionTwice: Behaviour = {
  name: 'version-twice',
  does: 'Sends version again after the handshake.',
  ends: ['duplicate-version'],
  run: async (cage) => {
    const peer = await cage.join();
    peer.send('version', versionPayload());
    await cage.untilEnd(peer.socket);
  },
};
