import type { Behaviour } from '../behaviour';

export const thousandConnections: Behaviour = {
  name: 'thousand-connections',
  does: 'Opens 1,000 connections from one address.',
  ends: ['inbound-full', 'handshake-timeout'],
  run: async (cage) => {
    const from = cage.address();
    const sockets = await Promise.all(Array.from({ length: 1_000 }, () => cage.connect(from)));
    await Promise.all(sockets.map((socket) => cage.untilEnd(socket)));
  },
};
