import { type PeerNetwork, peerNetworkOf } from '../../p2p/peer-network';
import type { NodePeer } from '../answers';

/** As Core names them. */
const NAMES: Readonly<Record<PeerNetwork, true>> = {
  ipv4: true,
  ipv6: true,
  onion: true,
  i2p: true,
  cjdns: true,
  not_publicly_routable: true,
};

/**
 * The network of a peer of a watched node. Core names it; for a peer of btcd it follows from the address.
 * Undefined if neither is known.
 */
export function watchedNetworkOf({ network, address }: NodePeer): PeerNetwork | undefined {
  if (network !== undefined) return Object.hasOwn(NAMES, network) ? (network as PeerNetwork) : undefined;
  return address === undefined ? undefined : peerNetworkOf(address);
}
