import { versionPayload } from '../../support/fake-peer';
import type { Behaviour } from '../behaviour';
import { frame } from '../cage';

export const echo: Behaviour = {
  name: 'echo',
  does: 'Sends back every byte that it gets, the version with its nonce too.',
  ends: ['duplicate-version'],
  run: async (cage) => {
    const socket = await cage.connect();
    socket.on('data', (chunk: Buffer) => socket.write(chunk));
    socket.write(frame('version', versionPayload()));
    await cage.untilEnd(socket);
  },
};
