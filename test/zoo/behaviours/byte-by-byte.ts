import { versionPayload } from '../../support/fake-peer';
import type { Behaviour } from '../behaviour';
import { frame } from '../cage';

export const byteByByte: Behaviour = {
  name: 'byte-by-byte',
  does: 'Sends version with one byte every 100 ms.',
  ends: ['handshake-timeout'],
  run: async (cage) => {
    const socket = await cage.connect();
    const bytes = Buffer.concat([frame('version', versionPayload()), frame('verack')]);
    for (let at = 0; at < bytes.length && !cage.isOver && !socket.destroyed; at++) {
      socket.write(bytes.subarray(at, at + 1));
      await cage.pause(100);
    }
    await cage.untilEnd(socket);
  },
};
