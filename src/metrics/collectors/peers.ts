import type { PeerInfo } from '../../p2p/p2p-events';
import { hostIn, type PeerNetwork, peerNetworkOf } from '../../p2p/peer-network';
import { SERVES_BLOCKS } from '../../wire/services';
import { BoundedLabels } from '../bounded-labels';
import type { CollectorFactory } from '../collector';

/** What follows from the address of a connected peer. */
interface Origin {
  readonly network: PeerNetwork | undefined;
  readonly asn: number | undefined;
}

/** `peers`: gauges of the pool, and each peer's claims at its handshake. */
export const peers: CollectorFactory = ({ emit, maxUserAgents, addresses, asnOf, isWatched = false }) => {
  const connected = new Map<PeerInfo, Origin>();
  const userAgents = new BoundedLabels(maxUserAgents);
  return {
    name: 'peers',
    on: {
      handshake: ({ peer, claims }) => {
        const asn = asnOf?.(hostIn(peer.address));
        connected.set(peer, { network: peerNetworkOf(peer.address), asn });
        emit(
          'peers',
          {
            version: claims.version,
            services: claims.services.toString(16).padStart(16, '0'),
            start_height: claims.startHeight,
            relay: claims.relay,
            transport: peer.transport,
            asn,
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
      const networks = { ipv4: 0, ipv6: 0, onion: 0, i2p: 0, cjdns: 0, not_publicly_routable: 0 };
      const systems = new Map<number, number>();
      for (const [peer, { network, asn }] of connected) {
        if (peer.outbound) outbound += 1;
        if (peer.transport === 'v2') encrypted += 1;
        if (((peer.claims?.services ?? 0n) & SERVES_BLOCKS) !== 0n) fullnode += 1;
        if (network !== undefined) networks[network] += 1;
        if (asn !== undefined) systems.set(asn, (systems.get(asn) ?? 0) + 1);
      }
      const total = connected.size;
      const { known, banned } = addresses();
      emit('peers', {
        total_connected: total,
        outbound,
        inbound: total - outbound,
        fullnode,
        spv: total - fullnode,
        ...networks,
        ...(asnOf === undefined ? {} : { autonomous_systems: systems.size, largest_as: mostOf(systems) }),
        // A tap reads plain connections alone.
        ...(isWatched ? {} : { encrypted }),
        ...(known === undefined ? {} : { num_addrs: known }),
        num_banned: banned,
      });
    },
  };
};

/** The largest count; 0 without any. */
function mostOf(counts: ReadonlyMap<number, number>): number {
  let most = 0;
  for (const count of counts.values()) most = Math.max(most, count);
  return most;
}
