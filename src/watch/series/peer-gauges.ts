import { quantile } from '../../lib/quantile';
import { RankedCounts } from '../../lib/ranked-counts';
import type { FieldsOf } from '../../metrics/schema';
import { spreadFields } from '../../metrics/sessions/peer-spread';
import { SERVES_BLOCKS } from '../../wire/services';
import type { NodePeer } from '../answers';
import { watchedNetworkOf } from './watched-network';

/** The gauges of `peers` for the peers of a watched node, all with a completed handshake. */
export function peerGauges(peers: readonly NodePeer[]): FieldsOf<'peers'> {
  const count = (is: (peer: NodePeer) => boolean): number => peers.filter(is).length;
  const networks = peers.map(watchedNetworkOf);
  const over = (name: string): number => networks.filter((network) => network === name).length;
  const inbound = count(({ isInbound }) => isInbound === true);
  const fullnode = count(({ services }) => ((services ?? 0n) & SERVES_BLOCKS) !== 0n);
  const known = (read: (peer: NodePeer) => number | undefined): readonly number[] =>
    peers
      .map(read)
      .filter((value) => value !== undefined)
      .sort((a, b) => a - b);
  const transports = peers.filter(({ transport }) => transport !== undefined);
  return {
    total_connected: peers.length,
    outbound: peers.length - inbound,
    inbound,
    fullnode,
    spv: peers.length - fullnode,
    ipv4: over('ipv4'),
    ipv6: over('ipv6'),
    onion: over('onion'),
    i2p: over('i2p'),
    cjdns: over('cjdns'),
    not_publicly_routable: over('not_publicly_routable'),
    // btcd before 0.25 does not tell it.
    encrypted:
      peers.length > 0 && transports.length === 0 ? undefined : count(({ transport }) => transport === 'v2'),
    ban_score_max: known(({ banScore }) => banScore).at(-1),
    ping_p50: quantile(
      known(({ pingMs }) => pingMs),
      0.5,
    ),
    ...spreadFields({
      feeFilters: RankedCounts.of(known(({ feeFilter }) => feeFilter)),
      timeOffsets: RankedCounts.of(known(({ timeOffset }) => timeOffset)),
    }),
  };
}
