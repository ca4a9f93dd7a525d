import type { Behaviour } from '../behaviour';

export const encryptedWrongTag: Behaviour = {
  name: 'encrypted-wrong-tag',
  does: 'Completes the handshake, then sends an encrypted packet with a wrong tag (BIP324).',
  ends: ['wrong-tag'],
  run: async (cage) => {
    const peer = await cage.joinEncrypted();
    if (peer.isOpen) {
      const packet = peer.seal(Buffer.alloc(100_000, 21));
      packet[packet.length - 1] = (packet.at(-1) ?? 0) ^ 1;
      peer.raw(packet);
    }
    await cage.untilEnd(peer.socket);
  },
};
