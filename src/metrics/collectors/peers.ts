import type { PeerInfo } from '../../p2p/p2p-events';
import { SERVES_BLOCKS } from '../../wire/services';
import { BoundedLabels } from '../bounded-labels';
import type { CollectorFactory } from '../collector';

/** `peers`: gauges of the pool, and each peer's claims at its handshake. */
export const peers: CollectorFactory = ({ emit, maxUserAgents, addresses, isWatched = false }) => {
  const connected = new Set<PeerInfo>();
  const userAgents = new BoundedLabels(maxUserAgents);
  return {
    name: 'peers',
    on: {
      handshake: ({ peer, claims }) => {
        connected.add(peer);
        emit(
          'peers',
          {
            version: claims.version,
            services: claims.services.toString(16).padStart(16, '0'),
            start_height: claims.startHeight,
            relay: claims.relay,
            transport: peer.transport,
          },
          { user_agent: userAgents.label(claims.userAgent) },
        );
      },
      disconnected: ({ peer }) => connected.delete(peer),
    },
    interval: () => {
      let outbound = 0;
      let fullnode = 0;
      let encrypted = 0;
      for (const peer of connected) {
        if (peer.outbound) outbound += 1;
        if (peer.transport === 'v2') encrypted += 1;
        if (((peer.claims?.services ?? 0n) & SERVES_BLOCKS) !== 0n) fullnode += 1;
      }
      const total = connected.size;
      const { known, banned } = addresses();
      emit('peers', {
        total_connected: total,
        outbound,
        inbound: total - outbound,
        fullnode,
        spv: total - fullnode,
        // A tap reads plain connections alone.
        ...(isWatched ? {} : { encrypted }),
        ...(known === undefined ? {} : { num_addrs: known }),
        num_banned: banned,
      });
    },
  };
};
