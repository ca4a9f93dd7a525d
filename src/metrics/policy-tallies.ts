import { Generations } from '../lib/generations';
import { COMPARED_POLICIES } from '../policy/compared';
import { NO_RULE, type PolicyDifference } from '../policy/difference';
import type { Hash } from '../wire/hash';
import { CLIENT_FAMILIES, type FamilyCounts, noFamilies } from './client-families';
import type { Emit } from './emitter';

/**
 * Transactions that wait for their block, at least: hours of mainnet if a third of them are treated
 * differently, in at most 8 MB.
 */
const UNCONFIRMED = 16_384;

/** What became of the transactions that a policy treats in one way. */
interface Tally {
  readonly policy: string;
  readonly rule: string;
  numTx: number;
  confirmed: number;
  /** Announcements by peers of each family, and how many could have announced it. */
  readonly announced: FamilyCounts;
  readonly connected: FamilyCounts;
}

/** Sums up what became of transactions on which policies differ, by policy and rule. */
export class PolicyTallies {
  private tallies = new Map<string, Tally>();
  private readonly waiting = new Generations(
    () => new Map<Hash, PolicyDifference>(),
    ({ size }) => size >= UNCONFIRMED,
  );

  constructor(private readonly emit: Emit) {}

  /** Notes a transaction that may come in a block. */
  judged(txid: Hash, difference: PolicyDifference): void {
    const { young, old } = this.waiting;
    if (!young.has(txid) && !old.has(txid)) this.waiting.forNewEntry().set(txid, difference);
  }

  /** Takes how far a transaction spread: who announced it, of how many who were connected. */
  spread(difference: PolicyDifference, announced: FamilyCounts, connected: FamilyCounts): void {
    for (const tally of this.of(difference)) {
      tally.numTx += 1;
      for (const family of CLIENT_FAMILIES) {
        tally.announced[family] += announced[family];
        // Who announced it and left could have announced it too.
        tally.connected[family] += Math.max(connected[family], announced[family]);
      }
    }
  }

  /** Takes a transaction that a block of the best chain contains. */
  confirmed(txid: Hash): void {
    const { young, old } = this.waiting;
    const difference = young.get(txid) ?? old.get(txid);
    if (difference === undefined) return;
    young.delete(txid);
    old.delete(txid);
    for (const tally of this.of(difference)) tally.confirmed += 1;
  }

  /** Emits what was summed up in the interval. */
  interval(): void {
    for (const { policy, rule, numTx, confirmed, announced, connected } of this.tallies.values())
      this.emit(
        'policy_differential',
        {
          ...{ num_tx: numTx, confirmed },
          ...{ core: announced.core, core_peers: connected.core },
          ...{ btcd: announced.btcd, btcd_peers: connected.btcd },
          ...{ knots: announced.knots, knots_peers: connected.knots },
          ...{ other: announced.other, other_peers: connected.other },
        },
        { policy, rule },
      );
    if (this.tallies.size > 0) this.tallies = new Map();
  }

  private of(difference: PolicyDifference): Tally[] {
    return COMPARED_POLICIES.map(({ name: policy }, i) => {
      const rule = difference[i] ?? NO_RULE;
      const key = `${policy} ${rule}`;
      const known = this.tallies.get(key);
      if (known !== undefined) return known;
      const made: Tally = {
        ...{ policy, rule, numTx: 0, confirmed: 0 },
        ...{ announced: noFamilies(), connected: noFamilies() },
      };
      this.tallies.set(key, made);
      return made;
    });
  }
}
