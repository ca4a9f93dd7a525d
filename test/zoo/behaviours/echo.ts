import { versionPayload } from '../../support/fake-peer';
import type { Behaviour } from '../behaviour';
import { frame } from '../cage';

export const echo: Behaviour = {
  name: 'echo',
  does: 'Sends version, then echoes every byte: our own version is its second.',
  ends: ['duplicate-version', 'self-connection'],
  run: async (cage) => {
    const socket = await cage.connect();
    socket.on('data', (chunk: Buffer) => socket.write(chunk));
    socket.write(frame('version', versionPayload()));
    await cage.untilEnd(socket);
  },
};
