import { versionPayload } from '../../support/fake-peer';
import type { Behaviour } from '../behaviour';
import { frame } from '../cage';

export const stormsOfResets: Behaviour = {
  name: 'storms-of-resets',
  does: 'Connects, sends version, and resets the connection, as often as it can.',
  ends: 'stays',
  run: async (cage) => {
    await cage.again(2_000, async () => {
      const socket = await cage.connect();
      socket.write(frame('version', versionPayload()));
      await cage.pause(5);
      socket.resetAndDestroy();
    });
  },
};
