import type { PeerInfo } from '../p2p/p2p-events';
import { policyDifference } from '../policy/difference';
import type { Measures } from '../policy/measures';
import type { Hash } from '../wire/hash';
import type { VersionMessage } from '../wire/messages/version';
import { ConnectedFamilies, type ClientFamily, familyOf, noFamilies } from './client-families';
import type { Emit } from './emitter';
import { PolicyTallies } from './policy-tallies';
import type { Spread } from './spread';

/**
 * How far transactions spread on which policies differ: who would relay them, which peers announced them, and
 * whether they were confirmed. Peers are known by their numbers (`PeerNumbers`).
 */
export class PolicySpread {
  private readonly tallies: PolicyTallies;
  private readonly connected = new ConnectedFamilies();
  /** User agents and families of the peers that announce, by number. */
  private readonly userAgents: (string | undefined)[] = [];
  private readonly families: (ClientFamily | undefined)[] = [];

  constructor(emit: Emit) {
    this.tallies = new PolicyTallies(emit);
  }

  greeted({ id }: PeerInfo, { userAgent }: VersionMessage): void {
    this.connected.greeted(id, userAgent);
  }

  left({ id }: PeerInfo): void {
    this.connected.left(id);
  }

  /** Notes who has a number now. */
  announcing(number: number, claims: VersionMessage | null): void {
    const userAgent = claims?.userAgent;
    // This is asked for each `inv`.
    if (this.families[number] !== undefined && this.userAgents[number] === userAgent) return;
    this.userAgents[number] = userAgent;
    this.families[number] = familyOf(userAgent ?? '');
  }

  /** What policies that differ on a transaction do with it; undefined where they agree. */
  judged(txid: Hash, measures: Measures, fee: number | null): Spread['difference'] {
    const difference = policyDifference(measures, fee);
    if (difference === null) return undefined;
    this.tallies.judged(txid, difference);
    return difference;
  }

  confirmed(txid: Hash): void {
    this.tallies.confirmed(txid);
  }

  /** Takes a spread of which no further announcements are gathered. */
  ended(spread: Spread): void {
    if (spread.difference === undefined) return;
    const announced = noFamilies();
    spread.eachPeer((number) => (announced[this.families[number] ?? 'other'] += 1));
    this.tallies.spread(spread.difference, announced, this.connected.counts);
  }

  interval(): void {
    this.tallies.interval();
  }
}
