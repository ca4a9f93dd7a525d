import { versionPayload } from '../../support/fake-peer';
import type { Behaviour } from '../behaviour';
import { frame } from '../cage';

export const extremeTimes: Behaviour = {
  name: 'extreme-times',
  does: 'Sends version and addresses with times before 1970 and after 2262, and impossible heights.',
  ends: 'stays',
  run: async (cage) => {
    for (const [time, height] of [
      [-(2n ** 63n), -1],
      [2n ** 63n - 1n, 0x7fff_ffff],
    ] as const) {
      const payload = versionPayload({ height });
      payload.writeBigInt64LE(time, 12);
      const socket = await cage.connect();
      socket.write(Buffer.concat([frame('version', payload), frame('verack')]));
      const entry = Buffer.alloc(30, 0xff);
      socket.write(frame('addr', Buffer.concat([Buffer.of(1), entry])));
    }
    await cage.pause(2_000);
  },
};
