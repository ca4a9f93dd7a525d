import type { AddressNetwork } from '../../wire/messages/network-address';
import type { NetworkName } from '../../wire/networks';
import { CountsByName } from '../../lib/counts-by-name';
import { MOST_WITHOUT_CROWD } from './crowd';
import { parseHost } from './host';
import type { RawAddress } from './ip';
import { netgroupOf } from './netgroup';
import type { RawEndpoint } from './reachability';

/** With many peers, the part of them that one netgroup of IPv4 or IPv6 may have. */
const GROUP_SHARE = 1 / 256;

/**
 * The same of networks whose addresses are keys. They have 16 netgroups, and anybody can make a key in each.
 */
const KEY_GROUP_SHARE = 1 / 16;

/** The part that one autonomous system may have. */
const SYSTEM_SHARE = 1 / 20;

/** The networks that an address belongs to, as far as they are known. */
export interface Origin {
  /** See `netgroupOf`. */
  readonly group: string;
  readonly network: AddressNetwork;
  /** Number of the autonomous system; undefined where it is not known. */
  readonly system: number | undefined;
}

/** The autonomous system of an address; undefined where the map has none. */
export type AsnOf = (address: RawAddress) => number | undefined;

/** Counts the peers that we have dialled by netgroup, network and autonomous system. */
export class Diversity {
  private readonly groups = new CountsByName();
  private readonly networks = new CountsByName<AddressNetwork>();
  private readonly systems = new CountsByName<number>();

  constructor(
    private readonly network: NetworkName,
    private readonly asnOf: AsnOf = () => undefined,
  ) {}

  /** The origin of an address and port; null for a DNS name that a proxy resolves. */
  originOf(host: string, port: number): Origin | null {
    const raw = parseHost(host);
    return raw === null ? null : this.originOfRaw({ ...raw, port });
  }

  add(origin: Origin, change: 1 | -1): void {
    this.groups.add(origin.group, change);
    this.networks.add(origin.network, change);
    if (origin.system !== undefined) this.systems.add(origin.system, change);
  }

  /**
   * How much of what is allowed the origin of an address has already; null if it may have no further peer.
   * @param peers the number of peers that are wanted
   */
  usageOf(endpoint: RawEndpoint, peers: number): number | null {
    // The number of the autonomous system takes longest to find.
    const group = netgroupOf(this.network, endpoint);
    const ofGroup = this.groups.of(group) / groupLimit(endpoint.network, peers);
    if (ofGroup >= 1) return null;
    const system = this.asnOf(endpoint);
    const ofSystem = system === undefined ? 0 : this.systems.of(system) / share(peers, SYSTEM_SHARE);
    if (ofSystem >= 1) return null;
    return ofGroup + ofSystem + this.networks.of(endpoint.network) / peers;
  }

  private originOfRaw(endpoint: RawEndpoint): Origin {
    const { network } = endpoint;
    return { group: netgroupOf(this.network, endpoint), network, system: this.asnOf(endpoint) };
  }
}

function groupLimit(network: AddressNetwork, peers: number): number {
  if (peers <= MOST_WITHOUT_CROWD) return 1;
  return share(peers, network === 'ipv4' || network === 'ipv6' ? GROUP_SHARE : KEY_GROUP_SHARE);
}

function share(peers: number, part: number): number {
  return Math.max(1, Math.floor(peers * part));
}
