import { SERVES_BLOCKS } from '../../wire/services';
import { BoundedLabels } from '../bounded-labels';
import type { CollectorFactory } from '../collector';
import { originOf } from '../sessions/origin';
import { PeerCounts } from '../sessions/peer-counts';
import { spreadFields } from '../sessions/peer-spread';

/**
 * `peers`: gauges of the pool, and each peer's claims at its handshake. `peer_labels`: how many peers have a
 * label.
 */
export const peers: CollectorFactory = (context) => {
  const { emit, maxUserAgents, addresses, asnOf, labels, accounts, isWatched = false } = context;
  const counts = new PeerCounts();
  const userAgents = new BoundedLabels(maxUserAgents);
  return {
    name: 'peers',
    on: {
      handshake: ({ peer, claims }) => {
        const origin = originOf(peer.address, context);
        counts.add(peer, {
          origin,
          isOutbound: peer.outbound,
          isEncrypted: peer.transport === 'v2',
          servesBlocks: (claims.services & SERVES_BLOCKS) !== 0n,
        });
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
      disconnected: ({ peer }) => counts.remove(peer),
    },
    interval: () => {
      const { encrypted, fullnode, networks, outbound, total } = counts;
      const netgroups = counts.netgroups.diversity;
      const systems = counts.systems.diversity;
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
        ...(accounts === undefined ? {} : spreadFields(accounts.tellings)),
        ...(known === undefined ? {} : { num_addrs: known }),
        num_banned: banned,
      });
      for (const label of labels?.all ?? [])
        emit('peer_labels', { connected: counts.labels.of(label) }, { label });
    },
  };
};
