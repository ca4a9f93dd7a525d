import type { EventBus } from '../../lib/event-bus';
import type { Connection } from '../connection';
import type { P2PEvents } from '../p2p-events';
import { encodeAddr } from '../../wire/messages/addr';
import { encodeAddrV2 } from '../../wire/messages/addrv2';
import type { NetworkAddress } from '../../wire/messages/network-address';
import { AddrAllowance } from './addr-allowance';
import type { AddressManager } from './address-manager';
import { AddrResponseCache } from './addr-response-cache';
import { parseHost, sourceGroupOfHost } from './host';
import { isLoopback } from './reachability';
import { shuffled } from './shuffled';

const NO_PAYLOAD = Buffer.alloc(0);

export interface GossipModules {
  readonly bus: EventBus<P2PEvents>;
  readonly addrman: AddressManager;
  readonly monotonicMs: () => number;
  readonly unixTime: () => number;
  /** Called when addresses may have changed. */
  readonly changed: () => void;
}

/**
 * Asks peers for addresses, accepts theirs at Core's rate, and answers `getaddr`. Addresses are not relayed.
 */
export class Gossip {
  /**
   * The answers to peers from this machine are others: these may come by our onion service, whose address
   * nobody should find to be of the same node as the IP address.
   */
  private readonly responses: { readonly local: AddrResponseCache; readonly other: AddrResponseCache };
  private readonly allowances = new WeakMap<Connection, AddrAllowance>();
  private readonly answered = new WeakSet<Connection>();

  constructor(private readonly modules: GossipModules) {
    const { addrman, monotonicMs, unixTime } = modules;
    const create = (): AddrResponseCache => new AddrResponseCache(addrman, monotonicMs, unixTime);
    this.responses = { local: create(), other: create() };
  }

  /** Asks an outbound peer for addresses; to be called once, after the handshake. */
  ask(connection: Connection): void {
    this.allowanceOf(connection).asked();
    connection.send('getaddr', NO_PAYLOAD);
  }

  /** Answers `getaddr`: to inbound peers, once for each connection, as Core and btcd do. */
  answer(connection: Connection): void {
    if (connection.outbound || !connection.established || this.answered.has(connection)) return;
    this.answered.add(connection);
    const from = parseHost(connection.host);
    const { local, other } = this.responses;
    const addresses = (from !== null && isLoopback(from) ? local : other).addresses();
    if (addresses.length === 0) return;
    if (connection.addrV2) connection.send('addrv2', encodeAddrV2(addresses));
    else connection.send('addr', encodeAddr(addresses));
  }

  /** Accepts addresses from a peer; above the limit a random subset is kept. */
  learn(connection: Connection, addresses: readonly NetworkAddress[]): void {
    const { addrman, bus, changed, monotonicMs } = this.modules;
    if (!connection.established) return;
    const taken = this.allowanceOf(connection).take(addresses.length, monotonicMs());
    const count = addresses.length - taken;
    if (count > 0) bus.emit('addressesLimited', { peer: connection, count });
    if (taken === 0) return;
    const sourceGroup = sourceGroupOfHost(addrman.network, connection.host);
    for (const address of shuffled(addresses, taken)) addrman.add(address, sourceGroup);
    changed();
  }

  private allowanceOf(connection: Connection): AddrAllowance {
    const allowance = this.allowances.get(connection) ?? new AddrAllowance(this.modules.monotonicMs());
    this.allowances.set(connection, allowance);
    return allowance;
  }
}
