import type { Behaviour } from '../behaviour';

/** Contents of a decoy. */
const DECOY_BYTES = 1_000;

export const encryptedDecoys: Behaviour = {
  name: 'encrypted-decoys',
  does: 'Sends packets that the receiver ignores, for ever (BIP324).',
  ends: ['decoy-flood'],
  run: async (cage) => {
    const peer = await cage.joinEncrypted();
    const contents = Buffer.alloc(DECOY_BYTES);
    await cage.flood(peer.socket, () => peer.seal(contents, { ignore: true }));
    await cage.untilEnd(peer.socket);
  },
};
