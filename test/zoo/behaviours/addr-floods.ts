import { randomBytes } from 'node:crypto';
import type { Behaviour } from '../behaviour';
import { compactSize, uint32 } from '../bytes';
import { frame } from '../cage';

/** What stands in front of an IPv4 address in 16 bytes. */
const MAPPED = Buffer.from('00000000000000000000ffff', 'hex');
const PORT = Buffer.of(0x20, 0x8d);

export const addrFloods: Behaviour = {
  name: 'addr-floods',
  does: 'Sends 1,000 addresses in each message, in addr and in addrv2, as fast as it can.',
  ends: ['flood'],
  run: async (cage) => {
    const entry = (): Buffer => {
      const bytes = Buffer.concat([
        uint32(Date.now() / 1_000),
        Buffer.alloc(8),
        MAPPED,
        randomBytes(4),
        PORT,
      ]);
      bytes[4] = 9;
      return bytes;
    };
    const entry2 = (): Buffer =>
      Buffer.concat([uint32(Date.now() / 1_000), Buffer.of(9, 1, 4), randomBytes(4), PORT]);
    const many = (make: () => Buffer): Buffer =>
      Buffer.concat([compactSize(1_000), ...Array.from({ length: 1_000 }, make)]);
    const [old, current] = await Promise.all([cage.join(), cage.join()]);
    // Made once, so that the culprit is as fast as its socket.
    const bytes = frame('addr', many(entry));
    const bytes2 = frame('addrv2', many(entry2));
    await Promise.all([cage.flood(old.socket, () => bytes), cage.flood(current.socket, () => bytes2)]);
  },
};
