import type { Behaviour } from '../behaviour';

export const encryptedLongestLength: Behaviour = {
  name: 'encrypted-longest-length',
  does: 'Announces an encrypted packet of 2^24 - 1 bytes (BIP324).',
  ends: ['oversized-message'],
  run: async (cage) => {
    const peer = await cage.joinEncrypted();
    if (peer.isOpen) peer.raw(peer.seal(Buffer.alloc(100_000), { length: 2 ** 24 - 1 }));
    await cage.untilEnd(peer.socket);
  },
};
