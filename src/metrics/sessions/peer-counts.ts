import { CountsByName } from '../../lib/counts-by-name';
import type { PeerInfo } from '../../p2p/p2p-events';
import { GroupCounts } from './diversity';
import { isPublic, type Origin } from './origin';

/** What is counted of a connected peer. */
export interface Traits {
  readonly origin: Origin;
  readonly isOutbound: boolean;
  readonly isEncrypted: boolean;
  readonly servesBlocks: boolean;
}

/** Counts the connected peers as they come and go, so that no interval visits all of them. */
export class PeerCounts {
  readonly netgroups = new GroupCounts<string>();
  readonly systems = new GroupCounts<number>();
  readonly labels = new CountsByName();
  readonly networks = { ipv4: 0, ipv6: 0, onion: 0, i2p: 0, cjdns: 0, not_publicly_routable: 0 };
  outbound = 0;
  encrypted = 0;
  fullnode = 0;
  private readonly traits = new Map<PeerInfo, Traits>();

  get total(): number {
    return this.traits.size;
  }

  add(peer: PeerInfo, traits: Traits): void {
    this.remove(peer);
    this.traits.set(peer, traits);
    this.count(traits, 1);
  }

  remove(peer: PeerInfo): void {
    const traits = this.traits.get(peer);
    if (traits === undefined) return;
    this.traits.delete(peer);
    this.count(traits, -1);
  }

  private count({ origin, isOutbound, isEncrypted, servesBlocks }: Traits, change: 1 | -1): void {
    if (isOutbound) this.outbound += change;
    if (isEncrypted) this.encrypted += change;
    if (servesBlocks) this.fullnode += change;
    if (origin.network !== undefined) this.networks[origin.network] += change;
    for (const label of origin.labels) this.labels.add(label, change);
    if (!isPublic(origin)) return;
    this.netgroups.add(origin.netgroup, change);
    this.systems.add(origin.asn, change);
  }
}
