import type { Behaviour } from '../behaviour';

/** Contents of the longest packet that is accepted. */
const MOST_BYTES = 4_000_013;

export const encryptedEndlessPackets: Behaviour = {
  name: 'encrypted-endless-packets',
  does: 'Sixty peers each send an encrypted packet of 4 MB without its last byte (BIP324).',
  ends: ['incomplete-message'],
  run: async (cage) => {
    const contents = Buffer.alloc(MOST_BYTES);
    await Promise.all(
      Array.from({ length: 60 }, async () => {
        const peer = await cage.joinEncrypted();
        if (peer.isOpen) peer.raw(peer.seal(contents).subarray(0, -1));
        await cage.untilEnd(peer.socket);
      }),
    );
  },
};
