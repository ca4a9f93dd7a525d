import type { PeerInfo } from '../../p2p/p2p-events';
import { SERVES_BLOCKS } from '../../wire/services';
import { BoundedLabels } from '../bounded-labels';
import type { CollectorFactory } from '../collector';
import { diversityOf } from '../sessions/diversity';
import { isPublic, type Origin, originOf } from '../sessions/origin';

/**
 * `peers`: gauges of the pool, and each peer's claims at its handshake. `peer_labels`: how many peers have a
 * label.
 */
export const peers: CollectorFactory = (context) => {
  const { emit, maxUserAgents, addresses, asnOf, labels, isWatched = false } = context;
  const connected = new Map<PeerInfo, Origin>();
  const userAgents = new BoundedLabels(maxUserAgents);
  return {
    name: 'peers',
    on: {
      handshake: ({ peer, claims }) => {
        const origin = originOf(peer.address, context);
        connected.set(peer, origin);
        emit(
          'peers',
          {
            version: claims.version,
            services: claims.services.toString(16).padStart(16, '0'),
            start_height: claims.startHeight,
            relay: claims.relay,
            transport: peer.transport,
            asn: origin.asn,
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
      const byLabel = new Map<string, number>(labels?.all.map((label) => [label, 0]));
      for (const [peer, { network, labels: names }] of connected) {
        if (peer.outbound) outbound += 1;
        if (peer.transport === 'v2') encrypted += 1;
        if (((peer.claims?.services ?? 0n) & SERVES_BLOCKS) !== 0n) fullnode += 1;
        if (network !== undefined) networks[network] += 1;
        for (const label of names) byLabel.set(label, (byLabel.get(label) ?? 0) + 1);
      }
      const total = connected.size;
      const publicly = [...connected.values()].filter(isPublic);
      const netgroups = diversityOf(publicly.map(({ netgroup }) => netgroup));
      const systems = diversityOf(publicly.map(({ asn }) => asn));
      const { known, banned } = addresses();
      emit('peers', {
        total_connected: total,
        outbound,
        inbound: total - outbound,
        fullnode,
        spv: total - fullnode,
        ...networks,
        netgroups: netgroups.groups,
        largest_netgroup: netgroups.largest,
        netgroup_entropy: netgroups.entropy,
        ...(asnOf === undefined
          ? {}
          : {
              autonomous_systems: systems.groups,
              largest_as: systems.largest,
              as_entropy: systems.entropy,
            }),
        // A tap reads plain connections alone.
        ...(isWatched ? {} : { encrypted }),
        ...(known === undefined ? {} : { num_addrs: known }),
        num_banned: banned,
      });
      for (const [label, connectedPeers] of byLabel)
        emit('peer_labels', { connected: connectedPeers }, { label });
    },
  };
};
