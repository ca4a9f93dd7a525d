import { isIP } from 'node:net';
import { bcoinNetwork, NetAddress, type Network } from '../bcoin/bcoin';
import { SessionTerms } from '../bcoin/session-terms';
import type { NetworkName } from '../wire/networks';
import { NODE_P2P_V2 } from '../wire/services';
import type { TransportMode } from './transport/choice';

/** Our protocol version: the one that BIP155 and BIP339 ask for. */
export const PROTOCOL_VERSION = 70_016;

export interface TermsOptions {
  readonly network: NetworkName;
  /** The transports that we speak. */
  readonly mode: TransportMode;
  readonly userAgent: string;
  /** Whether peers shall announce transactions; default: yes. */
  readonly relay?: boolean;
  /** Whether to announce `wtxidrelay` (BIP339). */
  readonly wtxidRelay: boolean;
}

/** What all connections have in common: the network, the transports, and what our `version` claims. */
export interface ConnectionTerms {
  readonly network: Network;
  readonly mode: TransportMode;
  readonly session: SessionTerms;
}

/** Makes the terms of all connections of a program. */
export function connectionTerms(options: TermsOptions): ConnectionTerms {
  const { mode, relay = true, userAgent, wtxidRelay } = options;
  const network = bcoinNetwork(options.network);
  const session = new SessionTerms({
    network,
    protocolVersion: PROTOCOL_VERSION,
    userAgent,
    // We serve nothing, so we claim no other service.
    services: mode === 'v1' ? 0 : Number(NODE_P2P_V2),
    noRelay: !relay,
    features: wtxidRelay ? ['wtxidrelay', 'sendaddrv2'] : ['sendaddrv2'],
  });
  return { network, mode, session };
}

/**
 * A host in the form of bcoin, and the address of the peer in our `version`. bcoin knows IP addresses without
 * zones: a link-local one (`fe80::1%eth0`) gets its zone back. `version` has no address for a peer with a
 * name, as in Core (`src/net_processing.cpp` PushNodeVersion).
 */
export function addressOf(
  { host, port }: { readonly host: string; readonly port: number },
  network: Network,
): {
  readonly host: string;
  readonly address: NetAddress;
} {
  const [bare = '', zone] = host.split('%');
  if (isIP(bare) === 0) return { host, address: NetAddress.fromHost('0.0.0.0', 0, network) };
  const address = NetAddress.fromHost(bare, port, network);
  return { host: zone === undefined ? address.host : `${address.host}%${zone}`, address };
}
