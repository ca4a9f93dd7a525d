import { parseHost } from '../../p2p/join/host';
import type { AddressLabels } from '../../p2p/join/address-labels';
import { netgroupText } from '../../p2p/join/netgroup-text';
import { hostIn, type PeerNetwork, peerNetworkOf } from '../../p2p/peer-network';

/** What follows from the address of a peer. */
export interface Origin {
  readonly network: PeerNetwork | undefined;
  /** The netgroup as people write it; undefined for a name. */
  readonly netgroup: string | undefined;
  /** The number of its autonomous system, where a map tells it. */
  readonly asn: number | undefined;
  /** The names of the user's lists that have the address. */
  readonly labels: readonly string[];
}

/** What is known of addresses. */
export interface OriginSources {
  readonly asnOf?: ((ip: string) => number | undefined) | undefined;
  readonly labels?: Pick<AddressLabels, 'of'> | undefined;
}

const NO_LABELS: readonly string[] = [];

/** The origin of a peer with the address `host:port`. */
export function originOf(address: string, { asnOf, labels }: OriginSources): Origin {
  const host = hostIn(address);
  const raw = parseHost(host);
  return {
    network: peerNetworkOf(address),
    netgroup: raw === null ? undefined : netgroupText(raw),
    asn: asnOf?.(host),
    labels: raw === null ? NO_LABELS : (labels?.of(raw) ?? NO_LABELS),
  };
}

/** Whether a peer has an address of the internet, so that the operator of its network is known. */
export function isPublic({ network }: Origin): boolean {
  return network === 'ipv4' || network === 'ipv6';
}
